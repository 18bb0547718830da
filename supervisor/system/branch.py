"""One venue at work: its gateway, its instruments, its connections, and what is watched there."""

from collections.abc import Callable, Iterable
from typing import Final

import structlog
import trio

from actors.books.keeper import BookInbox
from actors.books.order_book import OrderBook
from actors.venue.auditor import AuditCount, Auditor
from actors.venue.clock import VenueClock
from actors.venue.connection import Connection, Refresh
from actors.venue.context import VenueContext
from actors.venue.instruments import run_instruments
from actors.venue.placement import Placement
from exchanges.errors import InvalidSymbol
from exchanges.market.events import Fault, InstrumentChange
from exchanges.market.instrument import Instrument, Status, kind_of
from exchanges.market.topics import Topic
from supervisor.settings.config import Wish
from supervisor.settings.reader import suggest
from supervisor.supervision.child import ChildSpec
from supervisor.supervision.policy import Parking, RestartLimit, Strategy
from supervisor.supervision.supervise import Supervisor
from supervisor.system.markets import Floor, MarketDesk

# A busy book gets some ten batches a second; this is several seconds of being late.
INBOX_BATCHES: Final = 64
# All connections of a venue may drop at once, and that more than once, before its branch is
# started as a whole; a branch that does not come up is parked and probed.
CONNECTION_LIMIT: Final = RestartLimit(restarts=40, window_s=120.0)
BRANCH_LIMIT: Final = RestartLimit(restarts=5, window_s=60.0)
PARKING: Final = Parking(probe_after_s=60.0)

log = structlog.get_logger()


class VenueDesk:
    """The branch of one venue.

    Attributes:
        context: what its connections share.
        wished: symbols to be watched.
        markets: those that are, by symbol.
        unknown: what was wished for and the venue does not trade.
    """

    def __init__(
        self,
        context: VenueContext,
        floor: Floor,
        *,
        symbols: Iterable[str],
        wishes: Iterable[Wish],
        refresh_s: float,
        audit_s: float,
    ) -> None:
        self.context = context
        self.markets: dict[str, MarketDesk] = {}
        self.unknown: set[str] = set()
        self._floor = floor
        self._clock = floor.clocks.setdefault(context.venue.name, VenueClock())
        self._turn = trio.Lock()  # to change what is watched
        self.wished = list(symbols)
        self._wishes = tuple(wishes)
        self._refresh_s = refresh_s
        self._auditor = Auditor(context, self._audited, audit_s) if audit_s else None
        self._crew = Supervisor(
            f"{context.venue.name} connections",
            limit=CONNECTION_LIMIT,
            jitter=context.chance.random,
        )
        self._placement = Placement(context, self._start_connection, self._crew.remove)

    @property
    def name(self) -> str:
        return self.context.venue.name

    @property
    def frames(self) -> int:
        """Frames that all connections have received."""
        return self._placement.frames

    @property
    def audits(self) -> AuditCount | None:
        return self._auditor.count if self._auditor else None

    def as_child(self) -> ChildSpec:
        """The branch: connections need instruments, and both need the gateway."""
        children = [
            ChildSpec(name="gateway", run=self.context.gateway.run),
            ChildSpec(name="instruments", run=self._run_instruments),
            self._crew.as_child(wait_ready=False),
        ]
        if auditor := self._auditor:
            children.append(
                ChildSpec(name="auditor", run=auditor.run, inspect=auditor.count.inspect)
            )
        branch = Supervisor(
            self.name,
            children,
            strategy=Strategy.REST_FOR_ONE,
            limit=BRANCH_LIMIT,
            jitter=self.context.chance.random,
        )
        # One venue that is down must not keep the others from starting.
        return branch.as_child(wait_ready=False, parking=PARKING, limit=RestartLimit(1, 600.0))

    async def add(self, symbols: Iterable[str]) -> None:
        """Watch more symbols.

        Raises:
            InvalidSymbol: the venue does not trade one of them; none is added then.
        """
        new = [symbol for symbol in symbols if symbol not in self.wished]
        if len(self.context.instruments):
            for symbol in new:
                self._require_known(symbol)
        async with self._turn:
            self.wished += new
            await self._open_wished()

    async def remove(self, symbols: Iterable[str]) -> None:
        """Watch symbols no longer."""
        async with self._turn:
            for symbol in symbols:
                if symbol in self.wished:
                    self.wished.remove(symbol)
                if market := self.markets.pop(symbol, None):
                    await self._close(market)

    async def close(self) -> None:
        """Watch nothing any more."""
        await self.remove(list(self.wished))

    def _audited(self) -> list[tuple[OrderBook, Callable[[Fault, str], None]]]:
        return [(market.book, market.resync) for market in self.markets.values()]

    # Instruments.

    async def _run_instruments(self, *, task_status: trio.TaskStatus[None]) -> None:
        await run_instruments(
            self.context, self._clock, self._on_change, self._refresh_s, task_status=task_status
        )

    async def _on_change(self, changes: list[InstrumentChange]) -> None:
        for change in changes:
            instrument = change.instrument
            if market := self.markets.get(instrument.symbol):
                market.instrument = instrument
                self._floor.update_instrument(instrument)
                for connection in dict.fromkeys(market.places.values()):
                    connection.tell(Refresh(instrument))
                log.info("instrument_changed", venue=self.name, symbol=instrument.symbol)
            self.context.events.publish(change)
        async with self._turn:
            await self._open_wished()

    async def _open_wished(self) -> None:
        for symbol in self.wished:
            if symbol in self.markets or not len(self.context.instruments):
                continue
            instrument = self.context.instruments.get(symbol)
            if instrument is None or instrument.status is Status.DELISTED:
                if symbol not in self.unknown:
                    log.warning("not_traded", venue=self.name, symbol=symbol)
                self.unknown.add(symbol)
            else:
                self.unknown.discard(symbol)
                await self._open(instrument)

    def _require_known(self, symbol: str) -> None:
        instruments = self.context.instruments
        if instruments.get(symbol) is None:
            hint = suggest(symbol, [one.symbol for one in instruments])
            raise InvalidSymbol(f"does not trade {symbol}; {hint}", venue=self.name, asked=symbol)

    # Markets and their topics.

    async def _open(self, instrument: Instrument) -> None:
        # A branch that is restarted meanwhile must not leave half a market behind.
        with trio.CancelScope(shield=True):
            await self._open_whole(instrument)

    async def _open_whole(self, instrument: Instrument) -> None:
        symbol = instrument.symbol
        venue = self.context.venue
        book = OrderBook(instrument, venue.checksum, venue.start_limit)
        inbox: BookInbox = BookInbox(INBOX_BATCHES)
        market = self.markets[symbol] = MarketDesk(instrument, book, inbox, {})
        self.context.books[symbol] = inbox
        await self._floor.open_market(market)
        for channel, interval in self._wishes:
            stream = self.context.venue.stream_for(kind_of(symbol), channel, interval)
            if stream:
                topic = Topic(channel, symbol, interval)
                market.places[topic] = await self._placement.place(topic, stream)

    async def _close(self, market: MarketDesk) -> None:
        with trio.CancelScope(shield=True):
            await self._close_whole(market)

    async def _close_whole(self, market: MarketDesk) -> None:
        symbol = market.instrument.symbol
        await self._placement.take_away(market.places)
        del self.context.books[symbol]
        await self._floor.close_market(market)

    async def _start_connection(self, name: str, connection: Connection) -> None:
        await self._crew.add(
            ChildSpec(name=name, run=connection.run, inspect=connection.inspect, wait_ready=False)
        )
