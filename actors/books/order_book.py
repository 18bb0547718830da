"""The order book of one market, which cannot be read while it may be wrong.

Events come from a codec that has judged their sequence; the book checks the link once more, and
the venue's checksum where there is one. Readers either get a book that is right or `BookNotLive`
with the reason.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Final

from actors.books.known_depth import WHOLE, KnownDepth
from actors.books.side import BookSide
from actors.books.witness import Witness
from exchanges.market.events import BookDelta, BookLost, BookSnapshot, Event, Fault, Level, Top
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_S

MarketKey = tuple[str, str]
"""Venue and symbol."""

Checksum = Callable[[Instrument, list[Level], list[Level]], int | None]
"""A venue's checksum over the best levels of both sides, best first; None if it cannot be told."""

AgeS = Callable[["OrderBook"], float]
"""How many seconds ago a book was last heard of, by our clock or the venue's."""

# A venue may cross its book for the time between two frames; one that stays crossed is wrong.
CROSSED_GRACE_NS: Final = 1 * NS_PER_S
_FOUND_BY_THE_BOOK: Final = frozenset({Fault.CHECKSUM, Fault.DEPTH, Fault.UNIT})
NO_BID: Final = (0.0, 0.0)
NO_ASK: Final = (float("inf"), 0.0)


class BookNotLive(Exception):
    """The book may be wrong and must not be acted on.

    Attributes:
        venue, symbol: which book.
        fault: why; `detail` says more, and `reason` both.
    """

    def __init__(self, venue: str, symbol: str, fault: Fault, detail: str) -> None:
        self.venue = venue
        self.symbol = symbol
        self.fault = fault
        self.detail = detail
        self.reason = f"{fault}{detail and f' ({detail})'}"
        super().__init__(f"{venue} {symbol} is not live: {self.reason}")


class SequenceError(Exception):
    """An update does not follow the book. The codec reports gaps first, so this is our bug."""


class OrderBook:
    """Bids and asks of one market.

    Attributes:
        instrument: the market by the rules that `change` has told last; events may come with older
            ones.
        fault: why the book may not be read, None while it is live.
        sequence: the venue's id of the last update applied.
        received_ns, venue_ns: stamps of the last event, by our clock and the venue's.
        updates, snapshots: how many were applied.
        losses: how often a live book was lost, by fault.
    """

    def __init__(
        self,
        instrument: Instrument,
        checksum: Checksum | None = None,
        start_limit: int = 0,
        age_s: AgeS | None = None,
    ) -> None:
        """Without `age_s` nobody can read it with a bound of its age."""
        self.instrument = instrument
        self.fault: Fault | None = Fault.STARTING
        self.detail = ""
        self.sequence = 0
        self.received_ns = 0
        self.venue_ns: int | None = None
        self.updates = 0
        self.losses: Counter[Fault] = Counter()
        self.snapshots = 0
        self._checksum = checksum
        self._age_s = age_s
        self._verified = 0
        self._start_limit = start_limit
        self._known = WHOLE
        self._crossed_since_ns: int | None = None
        self._witness: Witness | None = None
        self._bids = BookSide(is_bid=True)
        self._asks = BookSide(is_bid=False)

    # Writing: the book's actor only.

    def apply(self, event: Event) -> None:
        """Merge one event of this market's book stream; other kinds of event are ignored.

        Raises:
            SequenceError: a delta does not follow the book.
        """
        if type(event) is BookDelta:
            self._apply_delta(event)
        elif type(event) is BookSnapshot:
            self._apply_snapshot(event)
        elif type(event) is BookLost:
            self.lose(event.fault, event.detail)

    def change(self, instrument: Instrument) -> None:
        """Show new rules of the same market; its levels stay."""
        self.instrument = instrument

    def lose(self, fault: Fault, detail: str = "") -> None:
        """Let nobody read the book until the next snapshot."""
        if self.fault is None or self.fault is Fault.CROSSED:
            self.losses[fault] += 1
        self.fault = fault
        self.detail = detail
        self._crossed_since_ns = None

    @property
    def trouble(self) -> Fault | None:
        """Why the book needs a new start, if it found so itself; the codec does not know.

        With `Fault.DEPTH` it may still be live: what is known of it is running out.
        """
        if self.fault is None:
            known = self._known
            is_short = known is not WHOLE and known.is_running_out(*self._touch())
            return Fault.DEPTH if is_short else None
        if self.fault is Fault.CROSSED and self._crossed_since_ns is not None:
            crossed_ns = self.received_ns - self._crossed_since_ns
            return Fault.CROSSED if crossed_ns >= CROSSED_GRACE_NS else None
        return self.fault if self.fault in _FOUND_BY_THE_BOOK else None

    # Reading.

    @property
    def is_live(self) -> bool:
        return self.fault is None

    @property
    def age_s(self) -> float:
        """Seconds since it was last heard of, by our clock or the venue's, whichever says more."""
        if self._age_s is None:
            raise TypeError("this book was made without a clock")
        return self._age_s(self)

    def top(self, *, max_age_s: float = inf) -> Top:
        """Best bid and ask.

        Raises:
            BookNotLive: the book may be wrong, or is older than `max_age_s`. So do all other
                readers.
        """
        self.require_live(max_age_s=max_age_s)
        bid, bid_size = self._bids.best or NO_BID
        ask, ask_size = self._asks.best or NO_ASK
        return Top(
            instrument=self.instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            sequence=self.sequence,
            venue_ns=self.venue_ns,
            received_ns=self.received_ns,
        )

    def bids(self, limit: int = 10, *, max_age_s: float = inf) -> list[Level]:
        """The best `limit` bids, highest first; fewer where no more is known for sure."""
        self.require_live(max_age_s=max_age_s)
        return self._known.known_bids(self._bids.levels(self._readable(limit)))

    def asks(self, limit: int = 10, *, max_age_s: float = inf) -> list[Level]:
        """The best `limit` asks, lowest first."""
        self.require_live(max_age_s=max_age_s)
        return self._known.known_asks(self._asks.levels(self._readable(limit)))

    def require_live(self, *, max_age_s: float = inf) -> None:
        """Raise `BookNotLive` unless the book can be trusted.

        A book that is live may be old, as its market is quiet or its venue has stopped without a
        word; who cannot tell which, or does not care, gives a bound.
        """
        instrument = self.instrument
        if self.fault is not None:
            raise BookNotLive(instrument.venue, instrument.symbol, self.fault, self.detail)
        if max_age_s < inf and (age_s := self.age_s) > max_age_s:
            detail = f"{age_s:.1f} s old, and {max_age_s:g} s are allowed"
            raise BookNotLive(instrument.venue, instrument.symbol, Fault.STALE, detail)

    @contextmanager
    def witnessed(self) -> Iterator[Witness]:
        """Somebody remembers what the book goes through; one at a time."""
        self.require_live()
        witness = self._witness = Witness(
            self._bids.levels(len(self._bids)), self._asks.levels(len(self._asks))
        )
        witness.looked(self._bids.horizon, self._asks.horizon)
        try:
            yield witness
        finally:
            self._witness = None

    # How it is kept.

    def _apply_delta(self, delta: BookDelta) -> None:
        if self.fault is not None and self.fault is not Fault.CROSSED:
            return  # what follows a loss means nothing until the next snapshot
        if delta.previous != self.sequence:
            raise SequenceError(
                f"{self.instrument.venue} {self.instrument.symbol}: book is at {self.sequence}, "
                f"delta follows {delta.previous}"
            )
        self._bids.apply(delta.bids)
        self._asks.apply(delta.asks)
        if self._witness:
            self._witness.saw(delta)
            self._witness.looked(self._bids.horizon, self._asks.horizon)
        self.updates += 1
        self.sequence = delta.sequence
        self.received_ns = delta.received_ns
        self.venue_ns = delta.venue_ns
        if delta.checksum is not None:
            self._verify(delta.checksum)
        self._check_crossed()

    def _apply_snapshot(self, snapshot: BookSnapshot) -> None:
        if not snapshot.instrument.goes_on_from(self.instrument):
            # It was asked for before the unit changed; updates are told in that of the book.
            self.lose(Fault.UNIT, "a start was told in another unit")
            return
        window = snapshot.window
        self._bids = BookSide(is_bid=True, levels=snapshot.bids, window=window)
        self._asks = BookSide(is_bid=False, levels=snapshot.asks, window=window)
        if self._start_limit:
            self._known = KnownDepth(snapshot.bids, snapshot.asks, self._start_limit)
        self._verified = snapshot.verified
        self.fault = None
        self.detail = ""
        self.snapshots += 1
        self.sequence = snapshot.sequence
        self.received_ns = snapshot.received_ns
        self.venue_ns = snapshot.venue_ns
        self._crossed_since_ns = None
        if snapshot.checksum is not None:
            self._verify(snapshot.checksum)
        self._check_crossed()

    def _verify(self, expected: int) -> None:
        if self._checksum is None:
            return
        depth = self._verified or len(self._bids) + len(self._asks)
        bids, asks = self._bids.levels(depth), self._asks.levels(depth)
        actual = self._checksum(self.instrument, bids, asks)
        if actual is not None and actual != expected:
            self.lose(Fault.CHECKSUM, f"venue has {expected}, we have {actual}")

    def _check_crossed(self) -> None:
        bid, ask = self._bids.best, self._asks.best
        if bid is None or ask is None or bid[0] < ask[0]:
            if self.fault is Fault.CROSSED:
                self.fault, self.detail, self._crossed_since_ns = None, "", None
        elif self.fault is None:
            self.losses[Fault.CROSSED] += 1
            self.fault = Fault.CROSSED
            self.detail = f"bid {bid[0]:g} at or above ask {ask[0]:g}"
            self._crossed_since_ns = self.received_ns
        if self._known is not WHOLE and self._known.is_over(*self._touch()):
            self.lose(Fault.DEPTH, "the price has left the part that the snapshot told")

    def _touch(self) -> tuple[float, float]:
        return (self._bids.best or NO_BID)[0], (self._asks.best or NO_ASK)[0]

    def _readable(self, limit: int) -> int:
        return min(limit, self._verified) if self._verified else limit
