"""Sandboxes keep their venues' limits on a socket, and our clients stay within them."""

import gzip
import json
from collections.abc import Sequence
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.limits import Scope
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel
from exchanges.sandbox.limits import Patience
from exchanges.sandbox.session import POLICY, SandboxSession, SandboxStream
from exchanges.stream.facts import SocketLimits, Stream
from supervisor.verify.lab import START_NS, open_sandbox
from tests.exchanges.transcripts import PRESENT

STREAMS = [(name, stream) for name in PRESENT for stream in VENUES[name].streams]
SYMBOLS = ("BTC/USDT", "BTC/USDT:USDT")


def open_session(
    name: str, stream: str, *, symbols: Sequence[str] = SYMBOLS, is_lax: bool = False
) -> SandboxSession:
    sandbox = open_sandbox(VENUES[name], symbols)
    sandbox.is_lax = is_lax
    session = sandbox.open_session(stream)
    session.greet(START_NS)
    session.take()
    return session


def with_limit(limit: str) -> Any:
    """Streams whose sandboxes have a limit."""
    limited = [(name, stream.name) for name, stream in STREAMS if getattr(stream.limits, limit)]
    return pytest.mark.parametrize(("name", "stream"), limited)


def told(session: SandboxSession) -> list[Any]:
    frames = [outgoing.frame for outgoing in session.take()]
    return [json.loads(gzip.decompress(one) if isinstance(one, bytes) else one) for one in frames]


def fill(session: SandboxSession, count: int) -> None:
    market = next(iter(session.venue.markets.values()))
    for number in range(count):
        session.subscribe(SandboxStream(str(number), Channel.LIQUIDATIONS, market))


@pytest.mark.parametrize(("name", "stream"), STREAMS, ids=[f"{a} {b.name}" for a, b in STREAMS])
def test_our_client_stays_within_the_limits(name: str, stream: Stream) -> None:
    limits, rate, heartbeat = stream.limits, stream.messages, stream.heartbeat
    if limits.messages:
        assert rate.most_in(limits.messages.window_s) <= limits.messages.limit
        assert rate.scope is limits.messages.scope
    if limits.topics:
        assert stream.max_topics <= limits.topics
    if limits.mute_s:
        assert heartbeat.every_s
        assert heartbeat.every_s < limits.mute_s
    if limits.idle_s:
        assert heartbeat.idle_s < limits.idle_s


@with_limit("messages")
def test_more_messages_than_the_venue_takes_are_refused_or_end_the_socket(
    name: str, stream: str
) -> None:
    session = open_session(name, stream)
    assert session.limits.messages
    most, window_s = int(session.limits.messages.limit), session.limits.messages.window_s
    for _ in range(most):
        session.receive("not a request", START_NS)
    usual = told(session)
    assert len(usual) == most
    assert session.goodbye is None
    session.receive("not a request", START_NS)
    if session.goodbye:
        assert session.goodbye == (POLICY, "Too many requests")
        return
    assert told(session)[0] not in usual
    session.receive("not a request", START_NS + round(window_s * NS_PER_S))
    assert told(session)[0] in usual


@with_limit("messages")
def test_messages_are_counted_over_all_sockets_where_the_limit_is_of_the_address(
    name: str, stream: str
) -> None:
    first = open_session(name, stream)
    second = first.venue.open_session(stream)
    second.greet(START_NS)
    second.take()
    rate = first.limits.messages
    assert rate
    for _ in range(int(rate.limit)):
        first.receive("not a request", START_NS)
    usual = told(first)[0]
    second.receive("not a request", START_NS)
    is_heard = second.goodbye is None and told(second)[0] == usual
    assert is_heard is (rate.scope is Scope.CONNECTION)


@with_limit("topics")
def test_more_subscriptions_than_the_venue_takes_are_none(name: str, stream: str) -> None:
    session = open_session(name, stream)
    most = session.limits.topics
    fill(session, most)
    assert len(session.streams) == most
    assert session.goodbye is None
    fill(session, most + 1)
    assert len(session.streams) == most or session.topics == 0  # where channels count


@pytest.mark.parametrize("stream", ["spot_stream", "um_public"])
def test_one_stream_too_many_ends_a_binance_connection(stream: str) -> None:
    session = open_session("binance", stream)
    fill(session, 1025)
    (error,) = told(session)
    assert (error.get("error") or error)["msg"] == "Too many subscriptions"
    assert session.goodbye == (POLICY, "Too many subscriptions")


def test_channels_beyond_the_limit_are_an_error_at_bitfinex() -> None:
    session = open_session("bitfinex", "public")
    (market, *_) = session.venue.markets.values()
    symbol = f"t{market.instrument.native}"
    for channel, key in [("book", "symbol"), ("trades", "symbol"), ("ticker", "symbol")]:
        session.receive(
            json.dumps({"event": "subscribe", "channel": channel, key: symbol}), START_NS
        )
    for interval in ("1m", "5m", "15m", "30m", "1h", "3h", "6h", "12h", "1D", "1W", "14D"):
        key = f"trade:{interval}:{symbol}"
        session.receive(
            json.dumps({"event": "subscribe", "channel": "candles", "key": key}), START_NS
        )
    assert session.topics < 25
    session.take()
    session.limits = SocketLimits(topics=session.topics + 1)
    last = {"event": "subscribe", "channel": "candles", "key": f"trade:1M:{symbol}"}
    session.receive(json.dumps(last), START_NS)
    assert told(session)[0]["event"] == "subscribed"
    assert session.goodbye is None
    request = {"event": "subscribe", "channel": "status", "key": "liq:global"}
    session.receive(json.dumps(request), START_NS)
    assert told(session) == [
        {**request, "event": "error", "msg": "subscribe: limit", "code": 10305}
    ]


def test_too_many_requests_an_hour_are_an_error_at_okx_and_pings_are_none() -> None:
    session = open_session("okx", "public")
    for _ in range(481):
        session.receive("ping", START_NS)
    assert {outgoing.frame for outgoing in session.take()} == {"pong"}
    for _ in range(481):
        session.receive('{"op":"subscribe","args":[]}', START_NS)
    (error,) = told(session)
    assert error["code"] == "60014"


@with_limit("start_s")
def test_who_subscribes_nothing_is_sent_away(name: str, stream: str) -> None:
    session = open_session(name, stream)
    start_s = session.limits.start_s
    session.tell({}, START_NS)
    session.tell({}, START_NS + round(start_s * NS_PER_S))
    assert session.goodbye is None
    session.tell({}, START_NS + round((start_s + 1) * NS_PER_S))
    assert session.goodbye


def test_nothing_is_enforced_of_who_may_do_more() -> None:
    for name, stream in STREAMS:
        session = open_session(name, stream.name, is_lax=True)
        for _ in range(600):
            session.receive("not a request", START_NS)
        assert len(session.take()) == 600
        fill(session, 1100)
        session.tell({}, START_NS)
        session.tell({}, START_NS + 1000 * NS_PER_S)
        assert session.goodbye is None or name == "htx"  # whose own pings are not answered


def test_silence_of_the_client_and_of_both_sides_are_told_apart() -> None:
    later_ns = START_NS + 11 * NS_PER_S
    for limits, has_spoken, is_over in [
        (SocketLimits(mute_s=10), True, True),
        (SocketLimits(mute_s=10), False, True),
        (SocketLimits(idle_s=10), True, False),
        (SocketLimits(idle_s=10), False, True),
        (SocketLimits(), False, False),
    ]:
        patience = Patience(limits, None)
        assert not patience.is_over(START_NS, has_topics=True, has_spoken=True)
        assert patience.is_over(later_ns, has_topics=True, has_spoken=has_spoken) is is_over
        patience.heard(later_ns, is_counted=True)
        assert not patience.is_over(later_ns, has_topics=True, has_spoken=False)
