"""One venue at work: its gateway, its instruments, its connections, and what is watched there."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

import trio

from actors.books.keeper import Commands
from actors.books.order_book import OrderBook
from actors.edges.log import Log
from actors.venue.auditor import AuditCount, Auditor
from actors.venue.context import VenueContext
from actors.venue.instruments import run_instruments
from exchanges.errors import InvalidSymbol
from exchanges.market.events import Fault, InstrumentChange
from exchanges.market.instrument import Instrument, Status
from exchanges.market.topics import Channel, Topic
from supervisor.settings.config import Wish
from supervisor.settings.reader import suggest
from supervisor.supervision.child import ChildSpec
from supervisor.supervision.policy import Parking, RestartLimit, Strategy
from supervisor.supervision.supervise import Supervisor
from supervisor.system.markets import Markets, WatchedMarket
from supervisor.system.placement import Placement, is_same_stream

# A branch that does not come up is parked and probed. A list that is never answered takes half a
# minute to fail, and the pause behind it another: a window of a minute would never see two.
BRANCH_LIMIT: Final = RestartLimit(restarts=5, window_s=600.0)
PARKING: Final = Parking(probe_after_s=60.0)

log = Log(__name__)


class VenueBranch:
    """The branch of one venue, which knows what is watched there; others ask it.

    Attributes:
        context: what its connections share.
        placement: its connections.
        wished: symbols to be watched.
        markets: those whose books are, by symbol.
        unknown: what was wished for and the venue does not trade.
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
    ) -> None:
        """Without `refresh_s` nobody keeps its instruments, without `audit_s` nobody audits."""
        self.context = context
        self.placement = Placement(context)
        self.wished = list(symbols)
        self.is_closed = False
        self.markets: dict[str, WatchedMarket] = {}
        self.unknown: set[str] = set()
        self._keeper = markets
        self._turn = trio.Lock()  # to change what is watched
        self._wishes = tuple(wishes)
        self._refresh_s = refresh_s
        self._auditor = Auditor(context, self._audited, audit_s) if audit_s else None

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
            load = partial(run_instruments, self.context, self._on_change, refresh_s)
            yield ChildSpec(
                name="instruments",
                run=load,
                waits_for=lambda: self.context.listing,
                inspect=self.context.inspect_lists,
            )
        yield self.placement.crew.as_child(wait_ready=False)
        if auditor := self._auditor:
            yield ChildSpec(name="auditor", run=auditor.run, inspect=auditor.count.inspect)

    async def add(self, symbols: Iterable[str]) -> None:
        """Watch more symbols.

        Raises:
            InvalidSymbol: the venue does not trade one of them; none is added then.
        """
        async with self._turn:
            new = [symbol for symbol in dict.fromkeys(symbols) if symbol not in self.wished]
            if self.is_closed:
                raise InvalidSymbol("is watched no longer", venue=self.name)
            if len(self.context.instruments):
                for symbol in new:
                    self.instrument(symbol)
            self.wished += new
            await self._open_wished()

    async def remove(self, symbols: Iterable[str]) -> None:
        """Watch symbols no longer."""
        async with self._turn:
            for symbol in symbols:
                if symbol in self.wished:
                    self.wished.remove(symbol)
                await self._close(symbol)

    async def close(self) -> None:
        """Watch nothing any more, whoever wishes for it."""
        self.is_closed = True
        await self.remove(list(self.wished))

    def _audited(self) -> list[tuple[OrderBook, Commands]]:
        return [(market.book, market.commands) for market in self.markets.values()]

    # Instruments.

    async def _on_change(self, changes: list[InstrumentChange]) -> None:
        for change in changes:
            instrument = change.instrument
            if market := self.markets.get(instrument.symbol):
                log.info("instrument_changed", venue=self.name, symbol=instrument.symbol)
                if instrument.status is Status.DELISTED:
                    market.book.lose(Fault.DELISTED, "the venue trades it no longer")
                    await self._give_up(market)
                elif not is_same_stream(market.instrument, instrument):
                    await self._give_up(market)  # to be opened anew below
            self.refresh(instrument)
            self.context.events.publish(change)
        async with self._turn:
            await self._open_wished()

    async def _give_up(self, market: WatchedMarket) -> None:
        symbol = market.instrument.symbol
        async with self._turn:
            if self.markets.get(symbol) is market:
                await self._close(symbol)

    def refresh(self, instrument: Instrument) -> None:
        """Use new rules of an instrument; what is open of another market goes on as it is."""
        market = self.markets.get(instrument.symbol)
        if market and is_same_stream(market.instrument, instrument):
            self._keeper.change(market, instrument)
        self.placement.refresh(instrument)

    def instrument(self, symbol: str) -> Instrument:
        """What the venue lists under that symbol.

        Raises:
            InvalidSymbol: nothing.
        """
        instrument = self.context.instruments.get(symbol)
        if instrument is None:
            raise InvalidSymbol(self.not_traded(symbol), venue=self.name, asked=symbol)
        return instrument

    async def _open_wished(self) -> None:
        for symbol in self.wished:
            if symbol in self.markets or not len(self.context.instruments):
                continue
            instrument = self.context.instruments.get(symbol)
            if instrument is None or instrument.status is Status.DELISTED:
                if symbol not in self.unknown:
                    reason = self.not_traded(symbol)
                    log.warning("not_traded", venue=self.name, symbol=symbol, reason=reason)
                self.unknown.add(symbol)
            else:
                self.unknown.discard(symbol)
                await self._open(instrument)

    def not_traded(self, symbol: str) -> str:
        """What to say of a symbol that the venue does not trade, with what may be meant."""
        instruments = self.context.instruments
        if unlisted := self.context.unlisted:
            return f"does not list {symbol} now; not answered: {', '.join(unlisted)}"
        if plain := instruments.traded_as(symbol):
            return (
                f"trades {symbol} as {plain.multiplier} {plain.base} in one; its market is told "
                f"per {plain.base} here: write {plain.symbol}"
            )
        hint = suggest(symbol, [one.symbol for one in instruments])
        return f"does not trade {symbol}; {hint}"

    # Markets and their topics.

    async def watch(self, topic: Topic, instrument: Instrument) -> None:
        """Open a topic of a market that is not open; that of a book has it kept in `markets`.

        Raises:
            CodecUsageError: the venue streams no such thing of markets of that kind.
        """
        if topic.channel is Channel.BOOK:
            self.markets[topic.symbol] = await self._keeper.open(self.placement, instrument)
        else:
            await self.placement.place(topic, instrument)

    async def leave(self, topic: Topic) -> None:
        """End an open topic."""
        if topic.channel is Channel.BOOK:
            await self._keeper.close(self.markets.pop(topic.symbol))
        else:
            await self.placement.take_away([topic])

    async def _open(self, instrument: Instrument) -> None:
        symbol, venue = instrument.symbol, self.context.venue
        topics = [Topic(Channel.BOOK, symbol)]
        for channel, interval in self._wishes:
            if venue.stream_for(instrument.kind, channel, interval):
                topics.append(Topic(channel, symbol, interval))
        # A branch that is restarted meanwhile must not leave half a market behind.
        with trio.CancelScope(shield=True):
            for topic in dict.fromkeys(topics):
                await self.watch(topic, instrument)

    async def _close(self, symbol: str) -> None:
        with trio.CancelScope(shield=True):
            for topic in self.placement.topics_of(symbol):
                await self.leave(topic)
