"""One venue without the engine, against its sandbox in virtual time."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.books.order_book import BookNotLive, OrderBook
from actors.edges.clock import TrioClock
from actors.network.network import MemoryNetwork
from actors.sandbox.server import SandboxServer
from exchanges import VENUES
from exchanges.errors import CodecUsageError, InvalidSymbol
from exchanges.market.events import Event, Fault
from exchanges.market.instrument import Instrument, Kind, kind_of
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel, KlineInterval
from supervisor.settings.config import Config
from supervisor.settings.reader import ConfigError, read_struct
from supervisor.supervision.child import State
from supervisor.system.exchange import PublicExchange, open_exchange
from supervisor.system.live_streams import Opening
from tests.actors.network.scripted import ScriptedServer, reply
from tests.actors.sandbox.sandboxes import EPOCH_NS, SYMBOLS, levels_of, sandboxes

SPOT, _, PERPETUAL = SYMBOLS
every_venue = pytest.mark.parametrize("name", list(VENUES))


@asynccontextmanager
async def exchange_of(name: str) -> AsyncIterator[tuple[PublicExchange, SandboxServer]]:
    async with (
        sandboxes(name) as (network, servers, endpoints),
        open_exchange(
            name, endpoints=endpoints[name], network=network, clock=TrioClock(EPOCH_NS)
        ) as exchange,
    ):
        yield exchange, servers[name]


def symbols_of(name: str) -> list[str]:
    """A market of each kind that the venue has."""
    by_kind = {Kind.SPOT: SPOT, Kind.PERPETUAL: PERPETUAL}
    return [by_kind[kind] for kind in VENUES[name].kinds]


@every_venue
async def test_every_request_of_the_market_is_answered(
    name: str, autojump_clock: MockClock
) -> None:
    async with exchange_of(name) as (exchange, server):
        await exchange.ping()
        assert abs(await exchange.server_time() - EPOCH_NS) < 60 * 10**9
        listed = {one.symbol for one in await exchange.instruments()}
        assert listed >= set(server.venue.markets)
        for symbol in symbols_of(name):
            book = await exchange.order_book(symbol, 5)
            assert book.bids[0][0] < book.asks[0][0]
            ticker = await exchange.ticker(symbol)
            assert ticker.instrument.symbol == symbol
            candles = await exchange.klines(symbol, KlineInterval.M1, 3)
            assert [one.open_ns for one in candles] == sorted(one.open_ns for one in candles)
            for trade in await exchange.trades(symbol, 10):
                assert trade.size > 0


@every_venue
async def test_a_streamed_book_is_the_venues(name: str, autojump_clock: MockClock) -> None:
    async with exchange_of(name) as (exchange, server):
        for symbol in symbols_of(name):
            market = server.venue.markets[symbol]
            checked = 0
            async with exchange.stream_book(symbol) as books:
                with trio.fail_after(60):
                    while checked < 10:
                        book = await next_live(books)
                        bids, asks = levels_of(market, 5)
                        # The market may have moved on, and not every venue tells its own ids.
                        has_bids = book.bids(5) == [pytest.approx(one) for one in bids]
                        has_asks = book.asks(5) == [pytest.approx(one) for one in asks]
                        checked += has_bids and has_asks
            with pytest.raises(BookNotLive, match="nobody keeps it"):
                book.top()


@every_venue
async def test_a_feed_that_is_frozen_is_not_read_with_a_bound(
    name: str, autojump_clock: MockClock
) -> None:
    """All that is told is old, and nobody has asked the venue for its time."""
    ours, stale = TrioClock(EPOCH_NS + 40 * NS_PER_S), r"stale \(4\d\.\d s old, and 5 s are"
    async with (
        sandboxes(name) as (network, _, endpoints),
        open_exchange(name, endpoints=endpoints[name], network=network, clock=ours) as exchange,
    ):
        for symbol in symbols_of(name):
            async with exchange.stream_book(symbol) as books:
                with trio.fail_after(60):
                    book = await next_live(books)
                if book.venue_ns is None:
                    assert book.top(max_age_s=5) == book.top()  # it tells no stamps
                    continue
                for read in (book.top, book.bids, book.asks):
                    with pytest.raises(BookNotLive, match=stale):
                        read(max_age_s=5)


async def test_a_book_that_is_lost_is_told_and_comes_back(autojump_clock: MockClock) -> None:
    faults: list[Fault | None] = []
    async with exchange_of("okx") as (exchange, server), exchange.stream_book(SPOT) as books:
        with trio.fail_after(60):
            await next_live(books)
            server.drop_connections()
            async for book in books:
                faults.append(book.fault)
                if book.is_live:
                    break
    assert faults[0] is Fault.DISCONNECTED
    assert faults[-1] is None


async def test_paradex_c18_each_hour_of_past_funding_is_asked_for(
    autojump_clock: MockClock,
) -> None:
    async with exchange_of("paradex") as (exchange, _):
        charges = await exchange.funding_history(PERPETUAL, 30)
    hours = [charge.charged_ns // 10**9 for charge in charges]
    latest = EPOCH_NS // 10**9 // 3600 * 3600
    assert hours == list(range(latest - 29 * 3600, latest + 1, 3600))


async def test_a_venue_that_is_away_for_minutes_is_there_again_afterwards(
    autojump_clock: MockClock,
) -> None:
    async with (
        sandboxes("okx") as (network, servers, endpoints),
        open_exchange(
            "okx", endpoints=endpoints["okx"], network=network, clock=TrioClock(EPOCH_NS)
        ) as exchange,
        exchange.stream_book(SPOT) as books,
    ):
        await next_live(books)
        network.hang_up("okx.sandbox")
        servers["okx"].drop_connections()
        await trio.sleep(300)
        network.listen("okx.sandbox", servers["okx"].serve)
        with trio.fail_after(60):
            await next_live(books)


async def test_the_live_tree_shows_books_and_connections(autojump_clock: MockClock) -> None:
    async with exchange_of("okx") as (exchange, server), exchange.stream_book(SPOT) as books:
        await next_live(books)
        server.drop_connections()
        await trio.sleep(0.1)  # so that what comes next is of the new connection
        await next_live(books)
        tree = exchange.tree()
    kept, branch = tree.children
    assert [(one.name, one.state) for one in kept.children] == [(f"okx {SPOT}", State.RUNNING)]
    gateway, connections = branch.children
    assert (gateway.name, gateway.state) == ("gateway", State.RUNNING)
    (connection,) = connections.children
    assert (connection.restarts, connection.info["topics"]) == (1, 1)
    assert exchange.tree().state is State.STOPPED


@pytest.mark.parametrize("name", ["stream_book", "stream_trades"])
@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.01, 0.1])
async def test_an_opening_that_is_cancelled_leaves_nothing_behind(
    name: str, after_s: float, autojump_clock: MockClock
) -> None:
    async with exchange_of("okx") as (exchange, server):
        await exchange.instruments()
        with trio.move_on_after(after_s):
            async with getattr(exchange, name)(SPOT):
                await trio.sleep_forever()
        await trio.sleep(5)
        assert not server.venue.sessions
        kept, branch = exchange.tree().children
        _, connections = branch.children
        assert (kept.children, connections.children) == ((), ())
        async with exchange.stream_book(SPOT) as books:
            await next_live(books)


@pytest.mark.parametrize("name", ["stream_book", "stream_trades"])
@pytest.mark.parametrize("turns", range(10))
async def test_no_turn_of_the_loop_is_a_bad_one_to_cancel_an_opening(
    name: str, turns: int, autojump_clock: MockClock
) -> None:
    async with exchange_of("okx") as (exchange, server):
        await exchange.instruments()

        async def open_stream() -> None:
            async with getattr(exchange, name)(SPOT):
                await trio.sleep_forever()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(open_stream)
            for _ in range(turns):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        await trio.sleep(5)
        assert not server.venue.sessions
        kept, branch = exchange.tree().children
        _, connections = branch.children
        assert (kept.children, connections.children) == ((), ())


async def next_live(books: AsyncIterator[OrderBook]) -> OrderBook:
    async for book in books:
        if book.is_live:
            return book
    raise AssertionError("the stream ended")


async def test_a_slow_reader_of_a_book_skips_what_has_passed(autojump_clock: MockClock) -> None:
    async with exchange_of("binance") as (exchange, _), exchange.stream_book(SPOT) as books:
        book = await next_live(books)
        await trio.sleep(600)
        before = book.sequence
        with trio.fail_after(5):
            assert (await anext(books)).sequence >= before
            assert (await anext(books)).sequence >= before


Opener = Callable[[PublicExchange], Opening[Event]]
STREAMS: list[tuple[Channel, str, Opener]] = [
    (Channel.TOP, SPOT, lambda one: one.stream_tops(SPOT)),
    (Channel.TRADES, SPOT, lambda one: one.stream_trades(SPOT)),
    (Channel.TICKER, SPOT, lambda one: one.stream_ticker(SPOT)),
    (Channel.KLINES, SPOT, lambda one: one.stream_klines(SPOT)),
    (Channel.FUNDING, PERPETUAL, lambda one: one.stream_funding(PERPETUAL)),
    (Channel.MARK_PRICE, PERPETUAL, lambda one: one.stream_mark_price(PERPETUAL)),
    (Channel.OPEN_INTEREST, PERPETUAL, lambda one: one.stream_open_interest(PERPETUAL)),
]


@pytest.mark.parametrize(("channel", "symbol", "opener"), STREAMS, ids=lambda one: str(one)[:14])
async def test_a_stream_tells_what_it_is_asked_for(
    channel: Channel, symbol: str, opener: Opener, autojump_clock: MockClock
) -> None:
    async with exchange_of("okx") as (exchange, server):
        with trio.fail_after(300):
            async with opener(exchange) as events:
                first, second = await anext(events), await anext(events)
        assert first.instrument.symbol == second.instrument.symbol == symbol
        await trio.sleep(5)
        assert not server.venue.sessions  # nobody listens any more


async def test_two_readers_share_one_subscription(autojump_clock: MockClock) -> None:
    async with exchange_of("okx") as (exchange, server), exchange.stream_trades(SPOT) as one:
        async with exchange.stream_trades(SPOT) as other:
            first = await anext(one)
            assert await anext(other) is first
            assert len(server.venue.sessions) == 1
        assert (await anext(one)).trade_id != first.trade_id


async def test_new_rules_reach_what_is_open(autojump_clock: MockClock) -> None:
    async with exchange_of("okx") as (exchange, server), exchange.stream_trades(SPOT) as trades:
        market = server.venue.markets[SPOT]
        before = (await anext(trades)).instrument
        market.instrument = replace(market.instrument, min_size=before.min_size * 2)
        await exchange.instruments()
        with trio.fail_after(60):
            async for trade in trades:
                if trade.instrument.min_size == before.min_size * 2:
                    break


async def test_a_market_whose_unit_changes_starts_anew_in_all_that_is_open(
    autojump_clock: MockClock,
) -> None:
    async with (
        exchange_of("okx") as (exchange, server),
        exchange.stream_book(PERPETUAL) as books,
        exchange.stream_trades(PERPETUAL) as trades,
        exchange.stream_book(SPOT) as others,
    ):
        book, other = await next_live(books), await next_live(others)
        await anext(trades)
        size = change(server, PERPETUAL, contract_size=book.instrument.contract_size * 10)
        await exchange.instruments()
        with pytest.raises(BookNotLive, match=r"unit \(the venue has changed its unit\)"):
            book.top()
        with trio.fail_after(60):
            async for anew in books:
                if anew.is_live:
                    break
            assert anew is not book
            assert anew.instrument.contract_size == size.contract_size
            async for trade in trades:
                if trade.instrument.contract_size == size.contract_size:
                    break
        assert not book.is_live
        assert other.is_live
        assert not other.losses


@every_venue
async def test_a_delisted_market_ends_its_streams(name: str, autojump_clock: MockClock) -> None:
    async with exchange_of(name) as (exchange, server):
        for symbol in symbols_of(name):
            async with (
                exchange.stream_book(symbol) as books,
                exchange.stream_trades(symbol) as trades,
            ):
                await next_live(books)
                del server.venue.markets[symbol]
                await exchange.instruments()  # a list without its only market has to say so twice
                assert symbol not in {one.symbol for one in await exchange.instruments()}
                with trio.fail_after(60):
                    *_, last = [book async for book in books]
                    assert [trade async for trade in trades if trade.size <= 0] == []
                assert last.fault is Fault.DELISTED
                with pytest.raises(StopAsyncIteration):
                    await anext(books)
                with pytest.raises(InvalidSymbol, match=f"does not (trade|list) {symbol}"):
                    async with exchange.stream_trades(symbol):
                        pass
        await trio.sleep(5)
        assert not server.venue.sessions


def change(server: SandboxServer, symbol: str, **facts: object) -> Instrument:
    """The venue lists other rules of a market."""
    market = server.venue.markets[symbol]
    market.instrument = replace(market.instrument, **facts)
    return market.instrument


async def test_a_refused_stream_raises_what_a_request_would(autojump_clock: MockClock) -> None:
    async with exchange_of("okx") as (exchange, server):
        server.venue.refused.add(SPOT)
        async with exchange.stream_trades(SPOT) as trades:
            with pytest.raises(InvalidSymbol, match=r"^okx \[60018\]: "), trio.fail_after(60):
                await anext(trades)


async def test_what_is_not_there_is_said_at_once(autojump_clock: MockClock) -> None:
    async with exchange_of("gateio") as (exchange, _):
        with pytest.raises(InvalidSymbol, match="does not trade NO/THING"):
            await exchange.ticker("NO/THING")
        with pytest.raises(CodecUsageError, match="streams no funding of spot markets"):
            async with exchange.stream_funding(SPOT):
                pass
        with pytest.raises(CodecUsageError, match="no public request for funding"):
            await exchange.funding(SPOT)


async def test_an_endpoint_that_the_venue_has_not_is_refused_before_anything_is_opened(
    autojump_clock: MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        with pytest.raises(ConfigError, match=r"^okx: endpoints\.nope: no such endpoint; known"):
            async with open_exchange("okx", endpoints={"nope": "ws://x"}, network=network):
                pass
        with pytest.raises(ConfigError, match=r"^okx: endpoints\.rest: 'a\.\.b' is no host name"):
            async with open_exchange("okx", endpoints={"rest": "http://a..b"}, network=network):
                pass


def hosts_of(name: str) -> dict[Kind, str]:
    """Which endpoint is asked about markets of a kind."""
    return {kind: surface.endpoint for kind, surface in VENUES[name].rest.surfaces.items()}


WITH_TWO_HOSTS = [name for name in VENUES if len(set(hosts_of(name).values())) > 1]


@pytest.mark.parametrize("lost", Kind)
@pytest.mark.parametrize("name", WITH_TWO_HOSTS)
async def test_markets_of_one_host_live_without_those_of_the_other(
    name: str, lost: Kind, autojump_clock: MockClock
) -> None:
    async with sandboxes(name) as (network, _, endpoints):
        without = {**endpoints[name], hosts_of(name)[lost]: "https://nowhere.invalid"}
        async with open_exchange(
            name, endpoints=without, network=network, clock=TrioClock(EPOCH_NS)
        ) as exchange:
            here, there = (SPOT, PERPETUAL) if lost is Kind.PERPETUAL else (PERPETUAL, SPOT)
            assert {one.kind for one in await exchange.instruments()} == {kind_of(here)}
            assert (await exchange.ticker(here)).last is not None
            with pytest.raises(InvalidSymbol, match=r"does not list .* now; GET "):
                await exchange.ticker(there)


@pytest.mark.parametrize(("environment", "told"), [("demo", "1"), ("production", None)])
async def test_okx_b18_requests_say_that_they_are_of_the_demo_as_their_host_does_not(
    environment: str, told: str | None, autojump_clock: MockClock
) -> None:
    async def answer(target: str) -> bytes:
        return reply(200, b'{"code":"0","msg":"","data":[{"ts":"1790000000000"}]}')

    server = ScriptedServer(answer)
    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        network.listen("venue", server.serve)
        async with open_exchange(
            "okx",
            environment=environment,
            endpoints={"rest": "http://venue"},
            network=network,
            clock=TrioClock(EPOCH_NS),
        ) as exchange:
            await exchange.server_time()
        nursery.cancel_scope.cancel()
    assert [headers.get("x-simulated-trading") for headers in server.headers] == [told]


def test_okx_b18_a_configured_demo_says_so_as_well() -> None:
    config = read_struct(Config, {"symbols": [SPOT], "venues": {"okx": {"environment": "demo"}}})
    assert config.headers_of(VENUES["okx"]) == (("x-simulated-trading", "1"),)
