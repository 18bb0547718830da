"""Bans and limits of an address concern all that comes from it: requests, handshakes, messages."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from itertools import chain

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.edges.taps import Direction
from actors.network.network import Network
from actors.network.websocket import HandshakeRefused, Transport
from actors.sandbox.http import HttpRequest
from actors.sandbox.server import SandboxServer
from actors.venue.commands import Subscribe
from actors.venue.connection import Connection
from actors.venue.context import VenueContext
from actors.venue.session import Session
from exchanges import VENUES
from exchanges.errors import RateLimited
from exchanges.limits import Scope
from exchanges.market.instrument import Kind
from exchanges.market.topics import DERIVATIVES, Channel, Topic
from exchanges.sandbox.limits import Patience
from exchanges.sandbox.request import SandboxReply
from exchanges.stream.facts import Stream
from exchanges.stream.wire import Frame
from tests.actors.sandbox.sandboxes import venue_context
from tests.exchanges.test_limits import most_in_any
from tests.exchanges.transcripts import PRESENT

STREAMS = [
    (name, stream)
    for name in PRESENT
    for stream in VENUES[name].streams
    if stream.channels != {Channel.KLINES}
]
IDS = [f"{name} {stream.name}" for name, stream in STREAMS]
DATE = "Mon, 21 Sep 2026 14:23:20 GMT"  # 600 s after the sandboxes begin
BASES = [f"A{number:02}" for number in range(25)]
FEW = ["BTC/USDT", "BTC/USDT:USDT"]
MANY = [f"{base}/USDT{settle}" for base in BASES for settle in ("", ":USDT")]


class CountingNetwork:
    """A network that knows when connections were asked for."""

    def __init__(self, network: Network) -> None:
        self.times_s: list[float] = []
        self._network = network

    async def connect(self, host: str, port: int) -> trio.abc.Stream:
        self.times_s.append(trio.current_time())
        return await self._network.connect(host, port)

    async def secure(self, stream: trio.abc.Stream, host: str) -> trio.abc.Stream:
        return await self._network.secure(stream, host)


class Rig:
    """A venue whose markets rest, and our side of it: what is sent, and when it connects.

    Attributes:
        sent_s: when each connection said something.
    """

    def __init__(self, context: VenueContext, server: SandboxServer) -> None:
        self.network = CountingNetwork(context.network)
        self.sent_s: dict[str, list[float]] = defaultdict(list)
        self.server = server
        # Of sessions alone: the gateway has the network that it was made with.
        self.context = replace(context, network=self.network, tap=self._tap)

    def _tap(self, session: str, direction: Direction, url: str, frame: Frame) -> None:
        if direction == "send":
            self.sent_s[session].append(trio.current_time())

    def connection(self, stream: Stream) -> Connection:
        """One that carries as much of what the venue has to tell as fits."""
        made = Connection(self.context, stream)
        channels = [one for one in Channel if one in stream.channels and one != Channel.KLINES]
        topics = [
            Topic(channel, market.instrument.symbol)
            for channel in channels
            for market in self.server.venue.markets.values()
            if market.instrument.kind in stream.kinds
            if market.instrument.settle or channel not in DERIVATIVES
        ]
        made.tell(Subscribe(tuple(topics[: stream.max_topics])))
        return made

    async def three(self, nursery: trio.Nursery, stream: Stream) -> None:
        """Three connections that come back whenever they end, without a pause of their own."""
        for _ in range(3):
            nursery.start_soon(keep_up, self.connection(stream))


async def keep_up(connection: Connection) -> None:
    while True:
        with suppress(Exception):
            await connection.run()


@asynccontextmanager
async def rig(
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    transport: Transport = Transport.AUTO,
    symbols: Iterable[str] = FEW,
) -> AsyncIterator[Rig]:
    async with venue_context(name, transport=transport, symbols=symbols, step_s=1.0) as (
        context,
        server,
    ):
        # Silence is not what is looked at here.
        monkeypatch.setattr(server.venue, "advance", lambda now_ns: {})
        monkeypatch.setattr(Patience, "is_over", lambda *_, **__: False)
        yield Rig(context, server)


@pytest.mark.parametrize("name", PRESENT)
async def test_fault_4_connections_that_fail_stay_within_the_budget_of_connects(
    name: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(name, monkeypatch) as made, trio.open_nursery() as nursery:
        made.server.refuse_connections(float("inf"), status=500)
        connects, stream = VENUES[name].connects, VENUES[name].streams[0]
        await made.three(nursery, stream)
        await trio.sleep(1.2 * connects.window_s)
        nursery.cancel_scope.cancel()
    times_s = made.network.times_s
    assert most_in_any(times_s, connects.window_s) == connects.limit
    assert len(times_s) == 2 * connects.limit


@pytest.mark.parametrize("lane", [Transport.FAST, Transport.BASE])
@pytest.mark.parametrize("status", [403, 418, 429])
@pytest.mark.parametrize(("header", "wait_s"), [("600", 600.0), ("59.5", 59.5), (DATE, 600.0)])
async def test_fault_5_a_refused_handshake_says_in_any_form_when_to_come_back(
    lane: Transport,
    status: int,
    header: str,
    wait_s: float,
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with rig("binance", monkeypatch, transport=lane) as made:
        made.server.refuse_connections(1.0, status=status, headers=[("Retry-After", header)])
        stream = made.context.venue.streams[0]
        with pytest.raises(HandshakeRefused):
            await Session(made.context, stream, (), is_primary=True).run()
        async with trio.open_nursery() as nursery:
            await nursery.start(Session(made.context, stream, (), is_primary=True).run)
            assert trio.current_time() == pytest.approx(wait_s)
            nursery.cancel_scope.cancel()


async def refused_s(made: Rig, lane: Transport, status: int, header: str, body: bytes) -> float:
    """How long connections stay away after a handshake is refused so."""
    made.server.refuse_connections(1.0, status=status, headers=[("Retry-After", header)], body=body)
    stream = made.context.venue.streams[0]
    with pytest.raises(HandshakeRefused):
        await Session(made.context, stream, (), is_primary=True).run()
    async with trio.open_nursery() as nursery:
        await nursery.start(Session(made.context, stream, (), is_primary=True).run)
        nursery.cancel_scope.cancel()
    return trio.current_time()


PAST = "Mon, 21 Sep 2026 14:13:00 GMT"


NOTHING = [("binance", header) for header in ("", "soon", "-5", "inf", "1e999", PAST)]


@pytest.mark.parametrize(("name", "header"), [*NOTHING, *((name, "0") for name in PRESENT)])
@pytest.mark.parametrize(("status", "wait_s"), [(403, 60.0), (418, 120.0), (429, 60.0)])
async def test_fault_5_nonsense_and_what_is_over_count_as_nothing_said(
    name: str,
    status: int,
    header: str,
    wait_s: float,
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with rig(name, monkeypatch) as made:
        waited_s = await refused_s(made, Transport.AUTO, status, header, b"")
        assert waited_s == pytest.approx(wait_s)


@pytest.mark.parametrize("lane", [Transport.FAST, Transport.BASE])
@pytest.mark.parametrize("name", ["aster", "binance"])
async def test_the_end_of_a_ban_is_read_in_the_body_of_a_refused_handshake(
    lane: Transport, name: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(name, monkeypatch, transport=lane) as made:
        until_ms = made.context.clock.now_ns() // 1_000_000 + 300_000
        body = b'{"code":-1003,"msg":"Too many; IP banned until %d."}' % until_ms
        waited_s = await refused_s(made, lane, 418, "7", body)
        assert waited_s == pytest.approx(300.0)


@pytest.mark.parametrize("name", PRESENT)
@pytest.mark.parametrize("status", [418, 429])
async def test_fault_5_a_ban_met_by_a_handshake_keeps_everybody_of_the_venue_away(
    name: str, status: int, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered_s: list[float] = []
    async with rig(name, monkeypatch) as made, trio.open_nursery() as nursery:
        answer = made.server.answer

        def noted(request: HttpRequest) -> SandboxReply:
            answered_s.append(trio.current_time())
            return answer(request)

        monkeypatch.setattr(made.server, "answer", noted)
        made.server.refuse_connections(1.0, status=status, headers=[("Retry-After", "600")])
        await made.three(nursery, VENUES[name].streams[0])
        await trio.sleep(1.0)
        market = next(iter(made.server.venue.markets.values())).instrument
        ask = VENUES[name].rest.book(market)
        if VENUES[name].bans_addresses:
            with pytest.raises(RateLimited):
                await made.context.gateway.call(ask)
            assert trio.current_time() == 1.0
        else:
            await made.context.gateway.call(ask)
        await trio.sleep(598.0)
        at_first = made.network.times_s
        assert len(at_first) <= 3
        assert at_first == [0.0] * len(at_first), "no handshake goes into the ban"
        assert answered_s == ([] if VENUES[name].bans_addresses else [1.0])
        await trio.sleep(5.0)
        assert len(made.network.times_s) > len(at_first) or len(made.network.times_s) >= 3
        await made.context.gateway.call(ask)
        assert answered_s
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("name", PRESENT)
async def test_fault_5_a_ban_met_by_a_request_keeps_connections_away(
    name: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = (("Retry-After", "300"),)
    ban = SandboxReply(status=418, body=b"", headers=headers)
    async with rig(name, monkeypatch) as made, trio.open_nursery() as nursery:
        monkeypatch.setattr(made.server, "answer", lambda request: ban)
        market = next(iter(made.server.venue.markets.values())).instrument
        with pytest.raises(RateLimited):
            await made.context.gateway.call(VENUES[name].rest.book(market))
        assert trio.current_time() == 0.0
        await trio.sleep(1.0)
        await made.three(nursery, VENUES[name].streams[0])
        await trio.sleep(298.0)
        assert (len(made.network.times_s) == 0) is VENUES[name].bans_addresses
        await trio.sleep(2.0)
        assert len(made.network.times_s) >= 3
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("name", ["backpack", "binance", "mexc"])
async def test_books_whose_snapshots_meet_a_ban_are_started_when_it_is_over(
    name: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_s: list[float] = []
    ban = SandboxReply(status=418, body=b"", headers=(("Retry-After", "300"),))
    async with rig(name, monkeypatch) as made, trio.open_nursery() as nursery:
        answer = made.server.answer

        def banned(request: HttpRequest) -> SandboxReply:
            asked_s.append(trio.current_time())
            return ban if trio.current_time() < 300.0 else answer(request)

        monkeypatch.setattr(made.server, "answer", banned)
        stream = VENUES[name].stream_for(Kind.SPOT, Channel.BOOK)
        assert stream
        connection = Connection(made.context, stream)
        connection.tell(Subscribe((Topic(Channel.BOOK, "BTC/USDT"),)))
        nursery.start_soon(connection.run)
        await trio.sleep(400.0)
        first_s, second_s, *_ = asked_s
        assert first_s <= 2.0
        assert 300.0 <= second_s <= 340.0
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("name", PRESENT)
async def test_a_handshake_that_is_forbidden_on_and_on_is_tried_by_one_less_and_less_often(
    name: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(name, monkeypatch) as made, trio.open_nursery() as nursery:
        made.server.refuse_connections(1000.0, status=403)
        await made.three(nursery, VENUES[name].streams[0])
        await trio.sleep(1600.0)
        times_s = made.network.times_s
        at_first = [time_s for time_s in times_s if time_s == 0.0]
        assert 1 <= len(at_first) <= 3
        later_s = times_s[len(at_first) :]
        assert later_s[:4] == pytest.approx([60.0, 180.0, 420.0, 900.0])
        assert len(later_s[4:]) >= 3
        assert later_s[4:] == pytest.approx([1500.0] * len(later_s[4:]), abs=1.0)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(("name", "stream"), STREAMS, ids=IDS)
async def test_fault_6_three_connections_that_fall_at_once_stay_within_every_limit(
    name: str, stream: Stream, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(name, monkeypatch, symbols=MANY) as made, trio.open_nursery() as nursery:
        sandbox = made.server.venue
        await made.three(nursery, stream)
        for _ in range(2):
            await trio.sleep(30.0)
            assert made.server.drop_connections() == 3
        await trio.sleep(100.0)
        assert len(sandbox.sessions) == 3
        assert all(one.goodbye is None for one in sandbox.sessions)
        assert len(made.sent_s) == 9, "nobody was sent away in between"
        nursery.cancel_scope.cancel()
    connects, limit = VENUES[name].connects, stream.limits.messages
    assert most_in_any(made.network.times_s, connects.window_s) <= connects.limit
    for rate in filter(None, (limit, stream.messages)):
        if rate.scope is Scope.CONNECTION:
            counted = list(made.sent_s.values())
        else:
            counted = [sorted(chain.from_iterable(made.sent_s.values()))]
        assert max(most_in_any(times_s, rate.window_s) for times_s in counted) <= rate.limit
