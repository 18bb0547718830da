"""One venue at work: its gateway, its instruments, its connections, and what is watched there."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

import trio

from actors.books.keeper import Commands
from actors.books.order_book import OrderBook
from actors.edges.log import Log
from actors.venue.auditor import AuditCount, Auditor
from actors.venue.context import VenueContext
from actors.venue.measuring import run_clock
from exchanges.errors import InvalidSymbol
from exchanges.market.events import Fault, InstrumentChange
from exchanges.market.instrument import Instrument, Kind, Status, kind_of
from exchanges.market.topics import Channel, Topic
from supervisor.settings.config import Wish
from supervisor.supervision.child import ChildSpec
from supervisor.supervision.policy import Parking, RestartLimit, Strategy
from supervisor.supervision.supervise import Supervisor
from supervisor.system.listings import Listings
from supervisor.system.markets import Markets, WatchedMarket
from supervisor.system.placement import Placement

# A branch that does not come up is parked and probed. A list that is never answered takes half a
# minute to fail, and the pause behind it another: a window of a minute would never see two.
BRANCH_LIMIT: Final = RestartLimit(restarts=5, window_s=600.0)
PARKING: Final = Parking(probe_after_s=60.0)

log = Log(__name__)


class VenueBranch:
    """The branch of one venue, which alone knows what is wanted there, and by how many.

    A topic is open while somebody wants it and the venue lists its market. Whoever wants several
    at once, as the configuration wants those of a symbol, counts as one.

    Attributes:
        context: what its connections share.
        listings: what it lists.
        placement: its connections.
        wished: symbols that the configuration, or who changed it since, wants to be watched.
        markets: those whose books are, by symbol.
    """

    def __init__(
        self,
        context: VenueContext,
        markets: Markets,
        *,
        symbols: Iterable[str] = (),
        wishes: Iterable[Wish] = (),
        refresh_s: float | None = None,
        audit_s: float = 0.0,
        on_news: Callable[[], None] = lambda: None,
    ) -> None:
        """Without `refresh_s` nobody keeps lists and clock, without `audit_s` nobody audits.

        `on_news` is called when what is wished for or listed has changed.
        """
        self.context = context
        self.listings = Listings(context)
        self.placement = Placement(context)
        self.wished: list[str] = []
        self.is_closed = False
        self.markets: dict[str, WatchedMarket] = {}
        self._books = markets
        self._turn = trio.Lock()  # to change what is wanted or open
        self._wishes = tuple(wishes)
        self._wanted: Counter[Topic] = Counter()  # by how many
        self._told_unknown: set[str] = set()
        self._refresh_s = refresh_s
        self._on_news = on_news
        self._auditor = Auditor(context, self._audited, audit_s) if audit_s else None
        self._wish(symbols)

    @property
    def name(self) -> str:
        return self.context.venue.name

    @property
    def frames(self) -> int:
        """Frames that all connections have received."""
        return self.placement.frames

    @property
    def audits(self) -> AuditCount | None:
        return self._auditor.count if self._auditor else None

    def as_child(self, *, wait_ready: bool) -> ChildSpec:
        """The branch: connections need instruments, and both need the gateway.

        One venue that is down must not keep others from starting: with others do not wait.
        """
        branch = Supervisor(
            self.name,
            list(self._children()),
            strategy=Strategy.REST_FOR_ONE,
            limit=BRANCH_LIMIT,
            jitter=self.context.chance.random,
        )
        limit = RestartLimit(1, 1200.0)
        return branch.as_child(wait_ready=wait_ready, parking=PARKING, limit=limit)

    def _children(self) -> Iterator[ChildSpec]:
        gateway = self.context.gateway
        yield ChildSpec(name="gateway", run=gateway.run, inspect=gateway.inspect)
        if refresh_s := self._refresh_s:
            clock = self.context.venue_clock
            yield ChildSpec(
                name="clock", run=partial(run_clock, self.context), inspect=clock.inspect
            )
            yield ChildSpec(
                name="instruments",
                run=partial(self.listings.loader.run, self.changed, refresh_s),
                waits_for=lambda: self.listings.loader.listing,
                inspect=self.listings.loader.inspect,
            )
        yield self.placement.crew.as_child(wait_ready=False)
        if auditor := self._auditor:
            yield ChildSpec(name="auditor", run=auditor.run, inspect=auditor.count.inspect)

    # What is wanted.

    async def want(self, topic: Topic) -> None:
        """Have a topic open until `unwant`; who wants it twice must leave it twice.

        Raises:
            InvalidSymbol: the venue lists no such market now.
            CodecUsageError: the venue streams no such thing of markets of that kind.
        """
        async with self._turn:
            instrument = self.listings.now(topic.symbol)
            if instrument is None or self.is_closed:
                raise self._refusal(topic.symbol)
            self.placement.stream_of(topic, instrument)
            self._wanted[topic] += 1
            await self._open_wanted([topic])

    async def unwant(self, topic: Topic) -> None:
        """Leave a topic, which ends if nobody else wants it."""
        with trio.CancelScope(shield=True):
            async with self._turn:
                await self._leave([topic])

    async def add(self, symbols: Iterable[str]) -> None:
        """Watch more symbols: want all topics that the configuration has of each.

        Raises:
            InvalidSymbol: the venue does not trade one of them; none is added then.
        """
        async with self._turn:
            new = [symbol for symbol in dict.fromkeys(symbols) if symbol not in self.wished]
            is_loaded = bool(len(self.context.instruments))
            for symbol in new:
                if self.is_closed or (is_loaded and self.context.instruments.get(symbol) is None):
                    raise self._refusal(symbol)
            self._wish(new)
            await self._open_wanted()
            self._tell_wished(new)

    async def remove(self, symbols: Iterable[str]) -> None:
        """Watch symbols no longer."""
        with trio.CancelScope(shield=True):
            async with self._turn:
                for symbol in symbols:
                    if symbol in self.wished:
                        self.wished.remove(symbol)
                        await self._leave(self._topics_wished(symbol))
                self._tell_wished(symbols)

    async def close(self) -> None:
        """Have nothing open any more, whoever wants it."""
        self.is_closed = True
        with trio.CancelScope(shield=True):
            async with self._turn:
                self.wished.clear()
                self._wanted.clear()
                await self._end(list(self.placement.topics))

    def _wish(self, symbols: Iterable[str]) -> None:
        for symbol in symbols:
            self._wanted.update(self._topics_wished(symbol))
            self.wished.append(symbol)

    def _tell_wished(self, symbols: Iterable[str]) -> None:
        """Others may keep the book of a market that is wished for, or is not any more."""
        for symbol in symbols:
            if market := self.markets.get(symbol):
                self._books.change(market, market.instrument)
        self._on_news()

    def _topics_wished(self, symbol: str) -> list[Topic]:
        """What the configuration has of a market of a kind that the venue has."""
        kind, venue = self._kind(symbol), self.context.venue
        return [
            Topic(channel, symbol, interval)
            for channel, interval in self._wishes
            if venue.stream_for(kind, channel, interval)
        ]

    def _kind(self, symbol: str) -> Kind:
        """The kind that a symbol names.

        Raises:
            InvalidSymbol: it is none.
        """
        try:
            return kind_of(symbol)
        except ValueError as error:
            raise InvalidSymbol(str(error), venue=self.name, asked=symbol) from error

    # What is listed.

    async def changed(self, changes: Iterable[InstrumentChange]) -> None:
        """Let everything that is open go by what is listed now.

        New rules are used in it. A market whose unit is another one starts anew, one that is
        listed no more ends, and what is wanted and is listed by now is opened. What the lists told
        is in `context.instruments` already, so that this is done to its end.
        """
        with trio.CancelScope(shield=True):
            async with self._turn:
                open_of = {topic.symbol for topic in self.placement.topics}
                for change in changes:
                    if change.instrument.symbol in open_of:
                        await self._change(change)
                    self.context.events.publish(change)
                await self._open_wanted()
        self._on_news()

    async def _change(self, change: InstrumentChange) -> None:
        instrument, previous = change.instrument, change.previous
        market = self.markets.get(instrument.symbol)
        log.info("instrument_changed", venue=self.name, symbol=instrument.symbol)
        if instrument.status is Status.DELISTED:
            await self._give_up(instrument, Fault.DELISTED, "the venue trades it no longer")
        elif previous is None or not instrument.goes_on_from(previous):
            await self._give_up(instrument, Fault.UNIT, "the venue has changed its unit")
        else:
            if market:
                self._books.change(market, instrument)
            self.placement.refresh(instrument)

    async def _give_up(self, instrument: Instrument, fault: Fault, detail: str) -> None:
        """End what is open of a market; if it is listed, what is wanted is opened anew."""
        if market := self.markets.get(instrument.symbol):
            self._books.lose(market, fault, detail)
        await self._end(self.placement.topics_of(instrument.symbol))

    @property
    def unknown(self) -> list[str]:
        """What is wished for and the venue does not trade, once its lists are there."""
        if not len(self.context.instruments):
            return []
        return [symbol for symbol in self.wished if self.listings.now(symbol) is None]

    def _refusal(self, symbol: str) -> InvalidSymbol:
        if self.is_closed:
            return InvalidSymbol("is watched no longer", venue=self.name, asked=symbol)
        return self.listings.refusal(symbol)

    # What is open.

    async def _open_wanted(self, topics: Iterable[Topic] | None = None) -> None:
        """Open those topics, or all that are wanted, which are listed and not open."""
        # A branch that is restarted meanwhile must not leave half a market behind.
        with trio.CancelScope(shield=True):
            for topic in list(self._wanted if topics is None else topics):
                instrument = self.listings.now(topic.symbol)
                if instrument is None or topic in self.placement.topics:
                    continue
                if topic.channel is Channel.BOOK:
                    market = await self._books.open(self.placement, instrument)
                    self.markets[topic.symbol] = market
                else:
                    await self.placement.place(topic, instrument)
        self._tell_unknown()

    async def _leave(self, topics: Iterable[Topic]) -> None:
        """One who wanted those topics wants them no longer."""
        self._wanted.subtract(topics)
        self._wanted = +self._wanted
        await self._end([topic for topic in topics if topic not in self._wanted])

    async def _end(self, topics: Iterable[Topic]) -> None:
        """End those of the topics that are open."""
        for topic in topics:
            if topic not in self.placement.topics:
                continue
            if topic.channel is Channel.BOOK:
                await self._books.close(self.markets.pop(topic.symbol))
            else:
                await self.placement.take_away([topic])

    def _tell_unknown(self) -> None:
        """Say of each symbol once that the venue does not trade it."""
        unknown = self.unknown
        for symbol in unknown:
            if symbol not in self._told_unknown and not self.listings.has_no_such(symbol):
                reason = self.listings.not_traded(symbol)
                log.warning("not_traded", venue=self.name, symbol=symbol, reason=reason)
        self._told_unknown = set(unknown)

    def _audited(self) -> list[tuple[OrderBook, Commands]]:
        return [(market.book, market.commands) for market in self.markets.values()]
