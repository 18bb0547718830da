"""Tests of `actors.connection` and `actors.session`: one venue in memory, in virtual time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.books.keeper import run_book
from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from actors.edges.taps import Direction
from actors.network.websocket import Disconnected, Transport
from actors.sandbox.faults import FrameFault
from actors.sandbox.server import STEP_S, SandboxServer
from actors.venue.commands import Subscribe, Unsubscribe
from actors.venue.connection import Connection
from actors.venue.context import VenueContext
from actors.venue.session import BAD_FRAMES
from exchanges import VENUES
from exchanges.errors import StreamStale, VenueProtocolError
from exchanges.limits import Rate, Scope
from exchanges.market.events import Fault, Level, Subscription, SubscriptionState, Trade
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import Channel, Topic
from exchanges.stream.wire import Frame
from tests.actors.sandbox.sandboxes import levels_of, venue_context, with_stream

BTC, ETH = "BTC/USDT", "ETH/USDT"
BOOKS = tuple(Topic(Channel.BOOK, symbol) for symbol in (BTC, ETH))


class Rig:
    """A connection to a stream of a sandbox, with the actors of two books."""

    def __init__(
        self, context: VenueContext, server: SandboxServer, name: str = "spot_stream"
    ) -> None:
        self.context = context
        self.server = server
        (stream,) = [one for one in context.venue.streams if one.name == name]
        self.connection = Connection(context, stream)
        self.truth: dict[tuple[str, int], tuple[list[Level], list[Level]]] = {}
        self.books = {
            symbol: OrderBook(self._instrument(symbol), context.venue.checksum)
            for symbol in (BTC, ETH)
        }

    def _instrument(self, symbol: str) -> Instrument:
        instrument = self.context.instruments.get(symbol)
        assert instrument is not None
        return instrument

    async def run_books(self, nursery: trio.Nursery) -> None:
        for symbol, book in self.books.items():
            await nursery.start(
                run_book,
                book,
                self.context.inboxes[symbol],
                Tops(),
                self.connection.tell,
                self.context.venue_clock.heard,
            )

    def assert_right(self) -> None:
        """Every live book is the venue's, as it was at the book's id.

        A book may be behind the venue: nobody can know of a lost frame before the next one.
        """
        for symbol, book in self.books.items():
            if book.is_live:
                assert (book.bids(20), book.asks(20)) == self.truth[symbol, book.sequence]

    async def until_live(self, within_s: float = 10.0) -> None:
        with trio.fail_after(within_s):
            await self.tick()
            while not all(book.is_live for book in self.books.values()):
                await self.tick()

    async def tick(self) -> None:
        """Wait until half-way between two steps of the sandbox, when all is quiet."""
        steps = int(trio.current_time() / STEP_S)
        await trio.sleep_until((steps + 1.5) * STEP_S)
        for symbol, market in self.server.venue.markets.items():
            self.truth[symbol, market.depth(0).last_id] = levels_of(market, 20)


@asynccontextmanager
async def rig(
    transport: Transport = Transport.AUTO,
    name: str = "binance",
    stream: str = "spot_stream",
    **stream_facts: object,
) -> AsyncIterator[tuple[Rig, trio.Nursery]]:
    async with venue_context(name, transport=transport) as (context, server):
        made = Rig(with_stream(context, stream, **stream_facts), server, stream)
        async with trio.open_nursery() as nursery:
            await made.run_books(nursery)
            made.connection.tell(Subscribe(BOOKS))
            yield made, nursery
            nursery.cancel_scope.cancel()


@pytest.fixture(params=[Transport.FAST, Transport.BASE], ids=str)
def lane(request: pytest.FixtureRequest) -> Transport:
    transport: Transport = request.param
    return transport


async def test_books_become_live_and_stay_right(lane: Transport, autojump_clock: MockClock) -> None:
    async with rig(lane) as (made, nursery):
        await nursery.start(made.connection.run)
        await made.until_live()
        for _ in range(100):
            await made.tick()
            made.assert_right()
        assert all(book.updates > 50 for book in made.books.values())
        assert not any(book.losses for book in made.books.values())


async def test_what_was_wished_for_and_not_while_it_was_down_is_not_sent(
    autojump_clock: MockClock,
) -> None:
    sent: list[Frame] = []

    def note(source: str, direction: Direction, url: str, frame: Frame) -> None:
        if direction == "send":
            sent.append(frame)

    async with rig() as (made, nursery):
        connection = Connection(replace(made.context, tap=note), made.connection.stream)
        trades = Topic(Channel.TRADES, BTC)
        connection.tell(Subscribe(BOOKS))
        for _ in range(3):
            connection.tell(Subscribe((trades,)))
            connection.tell(Unsubscribe((trades,)))
        await nursery.start(connection.run)
        await trio.sleep(5.0)
    (request,) = sent
    assert "trade" not in str(request)


@pytest.mark.parametrize("fault", [FrameFault.LOSE, FrameFault.SWAP, FrameFault.CUT])
async def test_faults_13_15_21_only_the_symbol_that_is_hurt_starts_anew(
    fault: FrameFault, lane: Transport, autojump_clock: MockClock
) -> None:
    async with rig(lane) as (made, nursery):
        await nursery.start(made.connection.run)
        await made.until_live()
        made.server.faults.arm(fault, symbol=BTC)
        for _ in range(100):
            await made.tick()
            made.assert_right()
        assert made.books[BTC].snapshots == 2
        assert made.books[ETH].snapshots == 1
        assert not made.books[ETH].losses
        await made.until_live()


async def test_fault_21_every_book_that_an_unreadable_frame_may_have_been_for_starts_anew(
    lane: Transport, autojump_clock: MockClock
) -> None:
    async with rig(lane) as (made, nursery):
        await nursery.start(made.connection.run)
        await made.until_live()
        made.server.faults.arm(FrameFault.GARBAGE, symbol=BTC)
        await made.tick()
        assert {book.fault for book in made.books.values()} == {Fault.BAD_FRAME}
        await made.until_live()
        made.assert_right()


async def test_fault_14_a_duplicate_changes_nothing(
    lane: Transport, autojump_clock: MockClock
) -> None:
    async with rig(lane) as (made, nursery):
        await nursery.start(made.connection.run)
        await made.until_live()
        made.server.faults.arm(FrameFault.DUPLICATE, times=20)
        for _ in range(50):
            await made.tick()
            made.assert_right()
        assert made.server.faults.done[FrameFault.DUPLICATE] == 20
        assert [book.snapshots for book in made.books.values()] == [1, 1]


async def test_fault_18_a_busy_venue_delays_the_snapshot_and_nothing_else(
    autojump_clock: MockClock,
) -> None:
    async with rig() as (made, nursery):
        await nursery.start(made.connection.run)
        await made.until_live()
        made.server.venue.busy = 2
        made.server.faults.arm(FrameFault.LOSE, symbol=BTC)
        await trio.sleep(1.0)
        assert made.books[BTC].fault is Fault.GAP
        assert made.books[ETH].is_live
        await made.until_live(within_s=15.0)
        made.assert_right()


async def test_fault_1_a_broken_connection_closes_its_books_and_fails_the_actor(
    lane: Transport, autojump_clock: MockClock
) -> None:
    async with rig(lane) as (made, _):
        with pytest.RaisesGroup(Disconnected, flatten_subgroups=True):
            async with trio.open_nursery() as inner:
                await inner.start(made.connection.run)
                await made.until_live()
                made.server.drop_connections()
        await trio.testing.wait_all_tasks_blocked()
        assert {book.fault for book in made.books.values()} == {Fault.DISCONNECTED}


async def test_a_restarted_actor_subscribes_what_it_had(autojump_clock: MockClock) -> None:
    async with rig() as (made, _):
        for _ in range(2):
            with pytest.RaisesGroup(Disconnected, flatten_subgroups=True):
                async with trio.open_nursery() as inner:
                    await inner.start(made.connection.run)
                    await made.until_live()
                    made.assert_right()
                    made.server.drop_connections()
        assert made.books[BTC].losses == {Fault.DISCONNECTED: 2}


async def test_fault_3_a_rollover_leaves_no_gap_in_any_book(
    lane: Transport, autojump_clock: MockClock
) -> None:
    async with rig(lane, lifetime_s=60.0) as (made, nursery):
        await nursery.start(made.connection.run)
        await made.until_live()
        for _ in range(int(180 / STEP_S)):
            await made.tick()
            assert all(book.is_live for book in made.books.values())
            made.assert_right()
        assert made.books[BTC].snapshots >= 3
        sessions = made.connection.inspect()["sessions"]
        assert sessions not in ([0], [0, 1]), "later sessions have taken over"


async def test_fault_2_silence_is_noticed(autojump_clock: MockClock) -> None:
    async with rig() as (made, _):
        with pytest.RaisesGroup(StreamStale, flatten_subgroups=True):
            async with trio.open_nursery() as inner:
                await inner.start(made.connection.run)
                await made.until_live()
                silent_from_s = trio.current_time()
                made.server.fall_silent(3600)
        heartbeat = made.connection.stream.heartbeat
        assert heartbeat.reply_s is not None
        waited_s = trio.current_time() - silent_from_s
        assert waited_s == pytest.approx(heartbeat.idle_s + heartbeat.reply_s, abs=1.0)


async def test_nonsense_again_and_again_fails_the_actor(autojump_clock: MockClock) -> None:
    async with rig() as (made, _):
        with pytest.RaisesGroup(VenueProtocolError, flatten_subgroups=True):
            async with trio.open_nursery() as inner:
                await inner.start(made.connection.run)
                await made.until_live()
                made.server.faults.arm(FrameFault.GARBAGE, times=BAD_FRAMES)


async def test_fault_7_a_refused_symbol_leaves_the_others_alone(
    lane: Transport, autojump_clock: MockClock
) -> None:
    async with rig(lane) as (made, nursery):
        made.server.venue.refused.add(ETH)
        with made.context.events.listen() as events:
            await nursery.start(made.connection.run)
            await trio.sleep(5.0)
            assert made.books[BTC].is_live
            assert made.books[ETH].fault is Fault.REFUSED
            assert "refused by the sandbox" in made.books[ETH].detail
            made.context.events.close()
            told = [event async for event in events if isinstance(event, Subscription)]
        states = {event.instrument.symbol: event.state for event in told}
        assert states == {BTC: SubscriptionState.SUBSCRIBED, ETH: SubscriptionState.REFUSED}
        assert "refused by the sandbox" in str(told[-1].error) + str(told[0].error)


async def test_a_refused_symbol_is_asked_for_again_until_it_is_granted(
    lane: Transport, autojump_clock: MockClock
) -> None:
    async with rig(lane) as (made, nursery):
        made.server.venue.refused.add(ETH)
        await nursery.start(made.connection.run)
        await trio.sleep(20.0)
        assert made.books[ETH].fault is Fault.REFUSED
        made.server.venue.refused.clear()
        await made.until_live(within_s=15.0)
        made.assert_right()


async def test_a_slow_book_is_closed_and_starts_anew(autojump_clock: MockClock) -> None:
    async with venue_context("binance") as (context, server):
        made = Rig(context, server)
        made.connection.tell(Subscribe(BOOKS))
        async with trio.open_nursery() as nursery:
            await nursery.start(made.connection.run)
            await trio.sleep(20.0)  # nobody reads the inboxes: the socket's reader goes on
            assert made.connection.frames > 300
            assert context.inboxes[BTC].inspect()["dropped"]
            await made.run_books(nursery)
            await made.until_live()
            made.assert_right()
            assert made.books[BTC].is_live
            nursery.cancel_scope.cancel()


async def test_topics_are_added_and_removed_while_it_runs(autojump_clock: MockClock) -> None:
    async with rig() as (made, nursery):
        await nursery.start(made.connection.run)
        await made.until_live()
        trades = Topic(Channel.TRADES, BTC)
        with made.context.events.listen(lambda event: isinstance(event, Trade)) as events:
            made.connection.tell(Subscribe((trades,)))
            await trio.sleep(10.0)
            made.connection.tell(Unsubscribe((trades,)))
            await trio.sleep(1.0)
            (session,) = made.server.venue.sessions
            assert set(session.streams) == {"btcusdt@depth@100ms", "ethusdt@depth@100ms"}
            made.context.events.close()
            heard = [event async for event in events]
        matches = {
            str(one.trade_id) for one in made.server.venue.markets[BTC].synthetic.statistics.trades
        }
        assert heard
        assert {event.trade_id for event in heard if isinstance(event, Trade)} <= matches
        assert made.connection.topics == set(BOOKS)


async def test_an_unsubscribed_book_gets_no_more_news(autojump_clock: MockClock) -> None:
    async with rig() as (made, nursery):
        await nursery.start(made.connection.run)
        await made.until_live()
        made.connection.tell(Unsubscribe(BOOKS[:1]))
        await trio.sleep(1.0)
        updates = made.books[BTC].updates
        await trio.sleep(2.0)
        assert made.books[BTC].updates == updates
        assert made.books[ETH].is_live


async def test_a_successor_that_dies_gives_its_books_back_to_the_session_that_lives(
    autojump_clock: MockClock,
) -> None:
    # It asks for one book a second once both together are refused.
    messages = Rate(1, 1.0, Scope.CONNECTION)
    async with rig(lifetime_s=400.0, messages=messages) as (made, nursery):
        await nursery.start(made.connection.run)
        await made.until_live()
        (old,) = made.server.venue.sessions
        made.server.venue.refused.add(ETH)
        while made.books[BTC].snapshots < 2:
            await made.tick()
        made.server.drop_connections(newest=1)
        await made.until_live(within_s=5.0)
        assert made.server.venue.sessions == (old,)
        made.assert_right()


async def test_a_rollover_that_failed_is_tried_again_before_the_end(
    autojump_clock: MockClock,
) -> None:
    async with rig(lifetime_s=400.0) as (made, nursery):
        await nursery.start(made.connection.run)
        await made.until_live()
        made.server.refuse_connections(365.0)
        for _ in range(int(395 / STEP_S)):
            await made.tick()
            assert all(book.is_live for book in made.books.values())
        assert made.connection.inspect()["sessions"] not in ([0], [0, 1])


@pytest.mark.parametrize(("name", "stream"), [("binance", "spot_stream"), ("okx", "public")])
async def test_a_successor_that_fails_after_the_end_of_the_old_session_ends_the_connection(
    name: str, stream: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(name=name, stream=stream, lifetime_s=400.0) as (made, nursery):

        async def hang(host: str, port: int) -> trio.abc.Stream:
            nursery.start_soon(drop)
            await trio.sleep(3.0)
            raise OSError("no successor")

        async def drop() -> None:
            await trio.sleep(1.0)
            assert made.server.drop_connections() == 1

        async def forbid_successors() -> None:
            await trio.sleep(100.0)
            monkeypatch.setattr(made.context.network, "connect", hang)

        nursery.start_soon(forbid_successors)
        with pytest.RaisesGroup(
            pytest.RaisesExc(OSError, match="no successor"), flatten_subgroups=True
        ):
            await made.connection.run()
        assert 360.0 <= trio.current_time() <= 383.0, "and at once"


@pytest.mark.parametrize("name", VENUES)
async def test_fault_9_the_venue_is_answered_in_time_however_slow_the_books(
    name: str, autojump_clock: MockClock
) -> None:
    async with venue_context(name, symbols=[BTC]) as (context, server):
        stream = context.venue.stream_for(Kind.SPOT, Channel.BOOK, None)
        if stream is None:
            pytest.skip(f"{name} has no spot books")
        connection = Connection(context, stream)
        connection.tell(Subscribe(BOOKS[:1]))
        async with trio.open_nursery() as nursery:
            await nursery.start(connection.run)
            await trio.sleep(1.0)
            (session,) = server.venue.sessions
            await trio.sleep(70.0)  # nobody reads the book's inbox
            assert context.inboxes[BTC].inspect()["dropped"]
            assert server.venue.sessions == (session,)
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("name", ["kraken", "bitfinex"])
async def test_fault_16_a_wrong_checksum_costs_its_symbol_one_new_start(
    name: str, autojump_clock: MockClock
) -> None:
    async with rig(name=name, stream="public") as (made, nursery):
        await nursery.start(made.connection.run)
        await made.until_live()
        spoilt = made.books[BTC]
        price, size = spoilt.bids(6)[-1]
        spoilt._bids.apply([(price, size + 1.0)])
        seen = set()
        for _ in range(100):
            await made.tick()
            seen.add(spoilt.fault)
        assert spoilt.is_live
        assert seen <= {None, Fault.CHECKSUM}
        assert spoilt.losses == {Fault.CHECKSUM: 1}
        assert (spoilt.snapshots, made.books[ETH].snapshots) == (2, 1)
