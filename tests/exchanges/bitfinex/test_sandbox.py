"""Bitfinex's server side where clients of another make would notice."""

import json
from random import Random
from typing import Any, Final

import pytest

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

VENUE: Final = VENUES["bitfinex"]
START_NS: Final = 1_767_225_600 * NS_PER_S
SEQUENCE: Final = 65536
BULK: Final = 536870912


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    symbols = ["BTC/USD", "AVAX/USDT", "BTC/USDT:USDT"]
    return VENUE.sandbox()(symbols, world, Random("test"), START_NS)


@pytest.fixture
def session(venue: SandboxVenue) -> SandboxSession:
    return venue.open_session("public")


def taken(session: SandboxSession) -> list[Any]:
    return [json.loads(outgoing.frame) for outgoing in session.take()]


def tell(session: SandboxSession, **request: object) -> list[Any]:
    session.receive(json.dumps(request), START_NS)
    return taken(session)


def subscribe(session: SandboxSession, **about: object) -> list[Any]:
    return tell(session, event="subscribe", **about)


def test_markets_have_the_venues_names(venue: SandboxVenue) -> None:
    natives = [market.instrument.native for market in venue.markets.values()]
    assert natives == ["BTCUSD", "AVAX:UST", "BTCF0:USTF0"]


def test_tail_of_an_array_is_what_the_flags_say(session: SandboxSession) -> None:
    session.greet(START_NS)
    (info,) = taken(session)
    assert (info["event"], info["platform"]) == ("info", {"status": 1})
    _, plain = subscribe(session, channel="ticker", symbol="tBTCUSD")
    assert len(plain) == 2
    (conf,) = tell(session, event="conf", flags=SEQUENCE | 32768)
    assert conf["status"] == "OK"
    answer, numbered = subscribe(session, channel="ticker", symbol="tAVAX:UST")
    assert numbered[0] == answer["chanId"]
    assert numbered[2:] == [1, START_NS // 1_000_000]


def test_changes_come_one_by_one_unless_they_are_wanted_together(
    venue: SandboxVenue, session: SandboxSession
) -> None:
    answer, start = subscribe(session, channel="book", symbol="tBTCUSD", prec="P0", len="25")
    assert (answer["pair"], len(start[1])) == ("BTCUSD", 50)
    venue.step(START_NS + NS_PER_S)
    assert all(len(frame[1]) == 3 and not isinstance(frame[1][0], list) for frame in taken(session))
    tell(session, event="conf", flags=BULK | 131072)
    venue.step(START_NS + 2 * NS_PER_S)
    together, proof = taken(session)
    assert isinstance(together[1][0], list)
    assert proof[1] == "cs"


def test_channel_can_be_had_once_and_ended_once(session: SandboxSession) -> None:
    answer, _ = subscribe(session, channel="trades", symbol="tBTCUSD")
    (error,) = subscribe(session, channel="trades", symbol="tBTCUSD")
    assert (error["code"], error["symbol"]) == (10301, "tBTCUSD")
    for code in ("unsubscribed", 10400):
        (told,) = tell(session, event="unsubscribe", chanId=answer["chanId"])
        assert code in (told["event"], told.get("code"))
    (error,) = subscribe(session, channel="book", symbol="tNOPEUSD")
    assert error["code"] == 10300


def test_silent_channel_beats(session: SandboxSession) -> None:
    answer, _ = subscribe(session, channel="candles", key="trade:1m:tBTCUSD")
    session.tick(START_NS + 14 * NS_PER_S)
    assert taken(session) == []
    session.tick(START_NS + 15 * NS_PER_S)
    assert taken(session) == [[answer["chanId"], "hb"]]


def test_trade_is_told_twice(venue: SandboxVenue, session: SandboxSession) -> None:
    subscribe(session, channel="trades", symbol="tBTCUSD")
    venue.step(START_NS + 5 * NS_PER_S)
    frames = taken(session)
    assert [one[2] for one in frames if one[1] == "te"] == [
        one[2] for one in frames if one[1] == "tu"
    ]
    assert frames


def test_error_of_a_request_is_an_array(venue: SandboxVenue) -> None:
    request = SandboxRequest(
        endpoint="rest", method="GET", path="/v2/ticker/tNOPEUSD", query={}, now_ns=START_NS
    )
    reply = venue.answer(request)
    assert (reply.status, json.loads(reply.body)) == (500, ["error", 10020, "symbol: invalid"])


def test_tickers_and_past_charges_can_be_had(venue: SandboxVenue) -> None:
    known = Instruments(market.instrument for market in venue.markets.values())
    for kind, count in ((Kind.SPOT, 2), (Kind.PERPETUAL, 1)):
        request = VENUE.rest.tickers(kind, known.native)
        assert len(request.read(answer(venue, request, START_NS))) == count
    market = venue.markets["BTC/USDT:USDT"]
    charges_request = VENUE.rest.funding_history(market.instrument, 4)
    charges = charges_request.read(answer(venue, charges_request, START_NS))
    last_ns = market.synthetic.perpetual().next_funding_ns - 28_800 * NS_PER_S
    assert [one.charged_ns for one in charges][-1] == last_ns
    assert len(charges) == 4
