"""The whole engine against sandbox venues in memory and in virtual time."""

from typing import TypeVar

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.books.order_book import BookNotLive
from actors.detection.opportunity import Phase, Reason
from actors.edges.hub import Listener
from actors.sandbox.faults import FrameFault
from exchanges.errors import InvalidSymbol
from exchanges.market.events import BookLost, Fault, Kline, Ticker, Trade
from supervisor.settings.config import Config, VenueConfig
from supervisor.settings.reader import ConfigError
from supervisor.supervision.child import State
from supervisor.system.engine import UnknownMarket, open_engine
from tests.actors.sandbox.sandboxes import SYMBOLS
from tests.logs import capture_logs
from tests.system.conftest import rig

T = TypeVar("T")
BTC, ETH, PERPETUAL = SYMBOLS
PARTING = {"open_bps": 3.0, "close_bps": 0.0, "min_notional": 10}


async def test_books_of_all_venues_become_live_and_stay_right(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        await made.watch(20.0)
        assert not any(book.losses for book in made.engine.books())


async def test_an_engine_that_ends_loses_no_book_in_its_log(autojump_clock: MockClock) -> None:
    with capture_logs() as logs:
        async with rig("binance", "okx") as made:
            await made.until_live(6)
    assert [line for line in logs if line["event"] == "book_lost"] == []


async def test_opportunities_open_and_close_as_venues_part_and_meet(
    autojump_clock: MockClock,
) -> None:
    async with rig("binance", "okx", detector=PARTING, comparable="spot-perp") as made:
        with made.engine.opportunities() as changes:
            await made.until_live(6)
            await made.watch(120.0)
            heard = await gathered(changes)
        opened = [change for change in heard if change.phase is Phase.OPENED]
        closed = [change for change in heard if change.phase is Phase.CLOSED]
        assert len(opened) > 5
        assert len(opened) - len(closed) == len(made.engine.open_opportunities())
        assert len(opened) - len(closed) == made.engine.open_count
        assert {change.reason for change in closed} <= {Reason.EDGE_GONE, Reason.TOO_SMALL}
        for change in opened:
            found = change.opportunity
            assert found.edge_bps > 3.0
            assert found.profit > 0
            assert found.cost >= 10
        assert made.engine.latency_ns.count >= len(opened)


async def test_a_lost_book_closes_its_opportunities_at_once(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx", detector=PARTING, comparable="spot-perp") as made:
        await made.until_live(6)
        with trio.fail_after(300):
            while not made.engine.open_opportunities():
                await made.tick()
        with made.engine.opportunities() as changes:
            for server in made.servers.values():
                server.drop_connections()
            await trio.testing.wait_all_tasks_blocked()
            assert not made.engine.open_opportunities()
            heard = await gathered(changes)
        assert heard
        assert {change.reason for change in heard} == {Reason.BOOK_LOST}


@pytest.mark.parametrize("fault", list(FrameFault))
async def test_a_fault_of_one_book_concerns_no_other(
    fault: FrameFault, autojump_clock: MockClock
) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        made.servers["okx"].faults.arm(fault, symbol=BTC)
        await made.watch(15.0)
        hurt = made.engine.book("okx", BTC)
        # Nonsense does not tell whose it is: it concerns the venue's connection.
        may_be_hurt = {
            book
            for book in made.engine.books()
            if book is hurt or (fault is FrameFault.GARBAGE and book.instrument.venue == "okx")
        }
        assert not any(book.losses for book in made.engine.books() if book not in may_be_hurt)
        assert bool(hurt.losses) is (fault is not FrameFault.DUPLICATE)
        await made.until_live(6)


async def test_fault_1_one_venue_dies_and_the_others_miss_no_frame(
    autojump_clock: MockClock,
) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        made.servers["binance"].drop_connections()
        await trio.testing.wait_all_tasks_blocked()
        down = {book.instrument.venue for book in made.engine.books() if not book.is_live}
        assert down == {"binance"}, "and that without waiting"
        await made.watch(10.0)
        await made.until_live(6)
        for book in made.engine.books():
            lost = {Fault.DISCONNECTED: 1} if book.instrument.venue == "binance" else {}
            assert book.losses == lost
        nodes = made.nodes()
        assert nodes["spot_stream 1"].restarts == 1
        assert "Disconnected" in nodes["spot_stream 1"].last_failure
        assert nodes["public 1"].restarts == 0


async def test_a_venue_that_is_down_is_parked_and_probed_until_it_is_back(
    autojump_clock: MockClock,
) -> None:
    async with rig("binance", "okx", absent="okx") as made:
        with trio.fail_after(600):
            while made.nodes()["okx"].state is not State.PARKED:
                await made.tick()
        assert len(made.live()) == 3
        with pytest.raises(BookNotLive, match="instruments are being loaded"):
            made.engine.book("okx", BTC)
        made.network.listen("okx.sandbox", made.servers["okx"].serve)
        await made.until_live(6, within_s=600)
        assert not any(book.losses for book in made.engine.books())


async def test_symbols_and_venues_come_and_go_while_it_runs(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx", symbols=[BTC]) as made:
        await made.until_live(2)
        await made.engine.add("okx", ETH, PERPETUAL)
        await made.until_live(4)
        await made.watch(3.0)
        await made.engine.remove("okx", BTC)
        await made.until_live(3)
        (session,) = made.servers["okx"].venue.sessions
        assert set(session.streams) == {"books:ETH-USDT", "books:BTC-USDT-SWAP"}
        with pytest.raises(UnknownMarket, match="okx BTC/USDT is not watched"):
            made.engine.book("okx", BTC)

        own = made.engine.config.venues["okx"]
        await made.engine.remove_venue("okx")
        await made.until_live(1)
        assert not made.servers["okx"].venue.sessions, "its connections are closed"
        await made.engine.add_venue("okx", own)
        await made.until_live(2)
        await made.watch(3.0)


async def test_a_book_can_be_waited_for(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx", absent="okx") as made:
        book = await made.engine.until_live("binance", BTC)
        assert book.is_live
        with trio.move_on_after(5.0) as waited:
            await made.engine.until_live("okx", BTC)
        assert waited.cancelled_caught
        with pytest.raises(UnknownMarket):
            await made.engine.until_live("binance", "SOL/USDT")
        engine = made.engine
    with pytest.raises(BookNotLive, match="nobody keeps it"):
        await engine.until_live("binance", BTC)


async def test_tops_and_losses_of_books_are_told(autojump_clock: MockClock) -> None:
    async with rig("binance") as made:
        await made.until_live(3)
        with made.engine.tops.listen() as tops:
            await made.watch(1.0)
            made.servers["binance"].drop_connections()
            await made.watch(1.0)
            heard = await gathered(tops)
        lost = [news.instrument.symbol for news in heard if isinstance(news, BookLost)]
        assert set(lost) == set(SYMBOLS)
        last = {news.instrument.symbol: news for news in heard}
        assert last == {book.instrument.symbol: book.top() for book in made.engine.books()}


async def test_what_a_venue_does_not_trade_is_told(autojump_clock: MockClock) -> None:
    async with rig("binance", symbols=[BTC, "DOGE/USDT"]) as made:
        await made.until_live(1)
        with pytest.raises(UnknownMarket, match="binance does not trade DOGE/USDT"):
            made.engine.book("binance", "DOGE/USDT")
        with pytest.raises(InvalidSymbol, match="did you mean 'ETH/USDT'"):
            await made.engine.add("binance", "ETH/USDTT")
        with pytest.raises(UnknownMarket, match="did you mean 'binance'"):
            made.engine.book("binanse", BTC)
        with pytest.raises(ConfigError, match="did you mean 'okx'"):
            await made.engine.add_venue("oxk", VenueConfig())


async def test_other_channels_are_told_to_listeners(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx", channels=["trades", "ticker"], klines=["1m"]) as made:
        with made.engine.events.listen() as events:
            await made.until_live(6)
            await made.watch(10.0)
            heard = await gathered(events)
        for kind in (Trade, Ticker, Kline):
            markets = {
                (event.instrument.venue, event.instrument.symbol)
                for event in heard
                if isinstance(event, kind)
            }
            assert markets == {(venue, symbol) for venue in made.servers for symbol in SYMBOLS}


async def test_a_failed_detector_starts_anew_from_the_books(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx", detector=PARTING, comparable="spot-perp") as made:
        await made.until_live(6)
        await made.engine._root.restart("detector")
        with trio.fail_after(300):
            while not made.engine.open_opportunities():
                await made.tick()


async def test_nothing_outlives_the_engine(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        engine = made.engine
        with trio.CancelScope() as scope:
            scope.cancel()
            await trio.sleep(1)
    assert {node.state for node in [engine.tree(), *engine.tree().children]} == {State.STOPPED}
    assert not any(server.venue.sessions for server in made.servers.values())
    with pytest.raises(BookNotLive, match="nobody keeps it"):
        engine.book("okx", BTC).top()


async def test_cancelling_the_surrounding_scope_stops_it_in_order(
    autojump_clock: MockClock,
) -> None:
    with trio.CancelScope() as scope:
        async with rig("binance") as made:
            await made.until_live(3)
            scope.cancel()
            await trio.sleep_forever()
    assert made.engine.tree().state is State.STOPPED
    assert not made.servers["binance"].venue.sessions


async def test_what_the_embedding_program_raises_comes_out_as_it_is(
    autojump_clock: MockClock,
) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with rig("binance"):
            raise KeyError("mine")
    config = Config(venues={"binance": VenueConfig()}, symbols=[BTC])
    with pytest.raises(KeyError, match="mine"):
        async with open_engine(config, network=Nowhere()):
            raise KeyError("mine")


async def test_a_wrong_configuration_starts_nothing() -> None:
    with pytest.raises(ConfigError, match="no such venue"):
        async with open_engine(Config(venues={"binanse": VenueConfig()}, symbols=[BTC])):
            pass


@pytest.mark.parametrize("transport", ["websockets", "trio-websocket"])
async def test_both_lanes_serve_the_whole_engine(transport: str, autojump_clock: MockClock) -> None:
    async with rig("binance", "okx", transport=transport) as made:
        await made.until_live(6)
        await made.watch(5.0)


def test_the_same_seed_gives_the_same_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trio._core._run._ALLOW_DETERMINISTIC_SCHEDULING", True)

    async def watch() -> list[bytes]:
        async with rig("binance", "okx", seed=5, detector=PARTING, comparable="spot-perp") as made:
            with made.engine.opportunities() as changes:
                await made.until_live(6)
                made.servers["okx"].faults.arm(FrameFault.LOSE)
                await made.watch(20.0)
                made.servers["binance"].drop_connections()
                await made.watch(20.0)
                heard = await gathered(changes)
            books = made.engine.books()
            return [msgspec.json.encode(one) for one in (*heard, *(book.top() for book in books))]

    def run(seed: int) -> list[bytes]:
        trio._core._run._r.seed(seed)
        return trio.run(watch, clock=MockClock(autojump_threshold=0))

    first = run(1)
    assert len(first) > 6
    assert run(1) == first


class Nowhere:
    """A network that reaches nobody."""

    is_virtual = True

    async def connect(self, host: str, port: int) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        raise OSError(f"{host} is not reached in a test")

    async def secure(self, stream: trio.abc.Stream, host: str) -> trio.abc.Stream:
        raise AssertionError("nothing to secure")


async def gathered(listener: Listener[T]) -> list[T]:
    """What a listener has heard so far."""
    listener.close()
    return [item async for item in listener]
