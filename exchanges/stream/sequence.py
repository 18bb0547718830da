"""How a stream keeps a book: the families of sequencing, and checksums.

Every venue's update is brought to one form: it turns the book of id `previous` into the book of
id `last`. Then one rule serves all families:

1. A live book of id N takes the update whose `previous` is N.
2. An update whose `last` is not above N has been taken already and is ignored. When only such
   come for a while (`STUCK_S`), or some and then one that seems to follow, they are none of the
   past: the venue counts anew, or one frame carried an id that was none, and the next rule holds.
3. Anything else is a gap: the book is lost until it starts anew.

They differ in how a book starts (`Recovery`). With `SNAPSHOT_IN_STREAM` the venue sends a whole
book after each subscription, and updates before it mean nothing. With the others updates are
buffered while a snapshot of id S is fetched; then

4. buffered updates whose `last` is not above S are dropped;
5. the first one kept must reach back to S (`previous` <= S; sizes are absolute, so that one
   which straddles S is as good as one that starts there);
6. if even the oldest one starts after S, the snapshot is too old and is fetched again;
7. the others must follow each other by rule 1;
8. the start waits until the stream has got to S: one that has been acknowledged and says nothing,
   or counts elsewhere than the snapshot, must not pass for a book. When it has not got there after
   `STUCK_S` of updates another snapshot is fetched.

A live book may be given another start by request: it goes on by rules 1 to 3, its updates are
buffered from then on, and the snapshot replaces it by rules 4 to 8.
"""

from collections import deque
from enum import Enum
from itertools import chain
from typing import Final

import msgspec
from msgspec.structs import force_setattr, replace

from exchanges.market.events import UNTOLD, BookDelta, BookLost, BookSnapshot, Event, Fault
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_S

# A stream of twenty updates a second fills this in a minute and a half; the snapshot that ends
# the wait takes seconds. What is older than the buffer only makes it be fetched again.
MAX_BUFFERED: Final = 2_000

STUCK_S: Final = 5.0
"""A book that gets nothing but updates of its past for so long has lost its place. The snapshot
that a book starts from is ahead of its stream by less."""
_STUCK_UPDATES: Final = 3


class Recovery(Enum):
    """Where a book's starting point comes from."""

    SNAPSHOT_IN_STREAM = "in stream"  # after each subscription
    SNAPSHOT_BY_REQUEST = "by request"
    SNAPSHOT_ON_SOCKET = "on the socket"  # also by request, which the socket carries


class BookRule(msgspec.Struct, frozen=True):
    """What a venue promises about one kind of book stream.

    Where `resets` is true the venue's ids may fall: an update that follows ours but ends lower
    restarts the count. A low id then proves nothing, so that of rule 2 only this is left: a
    repetition of the update before is ignored. Where `whole` is true every frame is a whole book,
    and one that is not newer says nothing. Where `overlaps` is true an update may begin before the
    book's id, if it ends beyond it.
    """

    recovery: Recovery
    resets: bool = False
    whole: bool = False
    overlaps: bool = False


class _Past(msgspec.Struct):
    """Updates that were ignored since the book got to an id."""

    at: int = -1
    since_ns: int = 0
    updates: int = 0

    def is_stuck(self, at: int, received_ns: int) -> bool:
        """One more was ignored by a book of id `at`."""
        if at != self.at:
            self.at, self.since_ns, self.updates = at, received_ns, 0
        self.updates += 1
        waited_ns = received_ns - self.since_ns
        return self.updates >= _STUCK_UPDATES and waited_ns >= STUCK_S * NS_PER_S


class BookFeed:
    """Decides which updates of one market's stream may reach its book.

    Feed it with `delta` and `snapshot`; what they return is what the book may apply, or the
    news that it is lost.

    Attributes:
        is_live: whether what it passes on is a book.
        is_refreshing: whether a live book is to be given another start.
        last: the id of what was passed on last.
        losses: how often it was lost.
    """

    __slots__ = (
        "_buffer",
        "_is_doubtful",
        "_joining",
        "_past",
        "_previous",
        "_start",
        "is_live",
        "is_refreshing",
        "last",
        "losses",
        "rule",
    )

    def __init__(self, rule: BookRule) -> None:
        self.rule = rule
        self.is_live = False
        self.is_refreshing = False
        self.last = 0
        self.losses = 0
        self._previous = -1  # what the update that led to `last` came from
        self._joining = False  # live, but no update has confirmed that it follows the snapshot
        self._past = _Past()
        self._is_doubtful = False  # so many were of the past that what follows may not
        self._start: BookSnapshot | None = None  # waits for the first update
        self._buffer: deque[BookDelta] = deque(maxlen=MAX_BUFFERED)

    def delta(self, update: BookDelta) -> tuple[Event, ...]:
        """Judge one update."""
        if not self.is_live:
            return self._wait(update)
        if update.previous == UNTOLD:
            self._number(update)
        if update.previous == self.last <= update.sequence and not self._is_doubtful:
            self._previous, self.last = self.last, update.sequence
            self._joining = False
            return self._refreshed(update) if self.is_refreshing else (update,)
        return self._judge(update)

    def snapshot(self, snapshot: BookSnapshot, *, in_stream: bool = False) -> tuple[Event, ...]:
        """Start from `snapshot`, followed by the buffered updates that belong after it.

        Nothing comes of one that is too old: another is needed; nor, for now, of one that the
        stream has not got to, unless it came in the stream itself.
        """
        if self.rule.whole and self.is_live and snapshot.sequence <= self.last:
            return self._ignore(snapshot)
        backlog = [update for update in self._buffer if update.sequence > snapshot.sequence]
        oldest = backlog[0].previous if backlog else self.last if self.is_refreshing else 0
        if oldest > snapshot.sequence:
            return ()  # rule 6
        is_told = in_stream or self._starts_in_stream
        if not (is_told or backlog or self._has_reached(snapshot)):
            self._start = snapshot if self.needs_start else None  # rule 8
            return ()
        return self._begin(snapshot, backlog)

    def refresh(self) -> None:
        """Want another start while the book goes on; updates are kept to follow it."""
        if not self.is_refreshing:
            self.is_refreshing = True
            self._buffer.clear()

    @property
    def needs_start(self) -> bool:
        """Somebody must get it a snapshot, or one is under way."""
        return not self.is_live or self.is_refreshing

    @property
    def has_start(self) -> bool:
        """Only an update to join it to is missing."""
        return self._start is not None

    @property
    def has_updates(self) -> bool:
        """Updates wait for a snapshot to be joined to."""
        return bool(self._buffer)

    def lose(
        self, instrument: Instrument, fault: Fault, detail: str, received_ns: int
    ) -> tuple[Event, ...]:
        """Stop trusting the book until the next start; says so once."""
        self._buffer.clear()
        self._start = None
        self.is_refreshing = False
        if not self.is_live:
            return ()
        self.is_live = False
        self.losses += 1
        lost = BookLost(instrument=instrument, fault=fault, detail=detail, received_ns=received_ns)
        return (lost,)

    def _begin(self, snapshot: BookSnapshot, backlog: list[BookDelta]) -> tuple[Event, ...]:
        self._buffer.clear()
        self._start = None
        self._is_doubtful = False
        self.is_refreshing = False
        self.is_live = True
        self._previous, self.last = -1, snapshot.sequence
        self._joining = not self._starts_in_stream
        joined = (self.delta(update) for update in backlog)
        return (snapshot, *chain.from_iterable(joined))

    def _wait(self, update: BookDelta) -> tuple[Event, ...]:
        """An update of a book that is not live; it may be what a start waits for."""
        start = self._start
        if start and update.sequence < start.sequence:
            return self._outwait(start, update)
        if start and update.previous <= start.sequence:
            return self._begin(start, [update] if update.sequence > start.sequence else [])
        self._start = None
        self._keep(update)  # rule 6, where there was a start
        return ()

    def _has_reached(self, start: BookSnapshot) -> bool:
        """The stream, which is not beyond a start, has got to it."""
        newest = self._buffer[-1].sequence if self._buffer else self.last
        return (self.is_live or bool(self._buffer)) and newest == start.sequence

    def _refreshed(self, update: BookDelta) -> tuple[Event, ...]:
        """An update of a live book that is to be given another start."""
        self._buffer.append(update)
        start = self._start
        if start and update.sequence < start.sequence:
            self._outwait(start, update)
        elif start:
            backlog = [one for one in self._buffer if one.sequence > start.sequence]
            return (update, *self._begin(start, backlog))
        return (update,)

    def _outwait(self, start: BookSnapshot, update: BookDelta) -> tuple[Event, ...]:
        """An update that a start is ahead of; a start that stays ahead is given up."""
        if not self._past.is_stuck(start.sequence, update.received_ns):
            return ()
        self._start = None
        self._keep(update)
        return (_stuck(update, start.sequence),)

    def _number(self, update: BookDelta) -> None:
        """Give an update whose venue numbers nothing the ids that follow.

        It is nobody else's yet, so that it need not be copied.
        """
        last = self.last if update.sequence == UNTOLD else update.sequence
        force_setattr(update, "previous", min(self.last, last))
        force_setattr(update, "sequence", last)

    def _judge(self, update: BookDelta) -> tuple[Event, ...]:
        """One that does not plainly follow a live book."""
        previous, last = update.previous, update.sequence
        follows = previous == self.last and (last >= previous or self.rule.resets)
        may_straddle = self._joining or self.rule.overlaps
        straddles = may_straddle and previous < self.last < last
        if (follows or straddles) and not self._is_doubtful:
            return self._pass_on(update)
        is_repeated = (previous, last) == (self._previous, self.last)
        is_past = previous <= last <= self.last and not self.rule.resets
        if is_repeated or is_past:
            lost = self._ignore(update)
        else:
            detail = f"expected {self.last}, got {previous}..{last}"
            lost = self.lose(update.instrument, Fault.GAP, detail, update.received_ns)
        if lost:
            self._keep(update)
        return lost

    def _ignore(self, old: BookDelta | BookSnapshot) -> tuple[Event, ...]:
        """One of the past, unless nothing else has come for long."""
        if old.sequence == self.last:
            return ()
        is_stuck = self._past.is_stuck(self.last, old.received_ns)
        self._is_doubtful = self._past.updates >= _STUCK_UPDATES
        if not is_stuck:
            return ()
        lost = _stuck(old, self.last)
        return self.lose(lost.instrument, lost.fault, lost.detail, lost.received_ns)

    def _pass_on(self, update: BookDelta) -> tuple[Event, ...]:
        """The update follows; one that straddles is told as if it began where the book stands."""
        previous = update.previous
        if previous != self.last:
            update = replace(update, previous=self.last)
        self._previous, self.last = previous, update.sequence
        self._joining = False
        return self._refreshed(update) if self.is_refreshing else (update,)

    def _keep(self, update: BookDelta) -> None:
        if not self._starts_in_stream:
            self._buffer.append(update)

    @property
    def _starts_in_stream(self) -> bool:
        return self.rule.recovery is Recovery.SNAPSHOT_IN_STREAM


def _stuck(old: BookDelta | BookSnapshot, at: int) -> BookLost:
    """Nothing but the past has come since a book got to the id `at`."""
    detail = f"for {STUCK_S:g} s nothing above {at}, but {old.sequence}"
    return BookLost(
        instrument=old.instrument, fault=Fault.GAP, detail=detail, received_ns=old.received_ns
    )
