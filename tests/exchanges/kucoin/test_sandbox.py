"""KuCoin's server side where clients of another make would notice."""

import json
from random import Random
from typing import Any, Final

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import KlineInterval
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

VENUE: Final = VENUES["kucoin"]
START_NS: Final = 1_767_225_600 * NS_PER_S
START_S: Final = START_NS // NS_PER_S


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    return VENUE.sandbox()(["BTC/USDT", "BSV/USDT"], world, Random("test"), START_NS)


@pytest.fixture
def session(venue: SandboxVenue) -> SandboxSession:
    return venue.open_session("stream")


def ask(session: SandboxSession, channel: str, **details: Any) -> list[dict[str, Any]]:
    request = {"id": "7", "action": "SUBSCRIBE", "channel": channel, "tradeType": "SPOT"}
    session.receive(json.dumps({**request, "symbol": "BTC-USDT", **details}), START_NS)
    return said(session)


def said(session: SandboxSession) -> list[dict[str, Any]]:
    return [json.loads(outgoing.frame) for outgoing in session.take()]


def test_server_speaks_first(session: SandboxSession) -> None:
    session.greet(START_NS)
    (welcome,) = said(session)
    assert (welcome["message"], welcome["pingInterval"]) == ("welcome", 18000)


def test_pong_names_the_ping(session: SandboxSession) -> None:
    session.receive('{"id":"9","type":"ping"}', START_NS)
    assert said(session) == [{"type": "pong", "id": "9", "ts": START_NS}]


@pytest.mark.parametrize(
    ("channel", "details"),
    [
        ("trades", {}),
        ("obu", {"depth": "increment"}),
        ("obu", {}),
        ("kline", {"interval": "3day"}),
        ("kline", {}),
    ],
)
def test_what_the_venue_has_not_is_refused(
    session: SandboxSession, channel: str, details: dict[str, str]
) -> None:
    (refusal,) = ask(session, channel, **details)
    assert (refusal["id"], refusal["result"]) == ("7", False)
    assert refusal["reason"]
    assert session.streams == {}


@pytest.mark.parametrize("symbol", ["NOPE-USDT", "BSV-USDT"])  # the second is called BCHSV-USDT
def test_a_market_that_there_is_not_is_granted_and_never_told_of(
    session: SandboxSession, symbol: str
) -> None:
    assert ask(session, "trade", symbol=symbol) == [{"id": "7", "result": True}]
    assert session.streams == {}


def test_book_is_told_whole_and_then_by_its_changes(
    venue: SandboxVenue, session: SandboxSession
) -> None:
    granted, first = ask(session, "obu", depth="increment@10ms", rpiFilter=0)
    assert granted == {"id": "7", "result": True}
    assert (first["T"], first["dp"], first["t"]) == ("obu.SPOT", "increment@10ms", "snapshot")
    bids, last = dict(first["d"]["b"]), first["d"]["C"]
    for step in range(1, 20):
        venue.step(START_NS + step * NS_PER_S // 10)
        for delta in said(session):
            assert (delta["t"], delta["d"]["O"]) == ("delta", last + 1)
            last = delta["d"]["C"]
            for price, size in delta["d"]["b"]:
                bids.pop(price, None)
                bids |= {price: size} if float(size) else {}
            market = venue.markets["BTC/USDT"]
            assert bids == dict(market.levels(market.depth(500).bids))


@pytest.mark.parametrize("levels", [1, 5, 50])
def test_best_levels_are_told_whole_each_time(
    venue: SandboxVenue, session: SandboxSession, levels: int
) -> None:
    assert len(ask(session, "obu", depth=str(levels))) == 1
    venue.step(START_NS + NS_PER_S)
    (frame,) = said(session)
    assert (frame["t"], len(frame["d"]["a"])) == ("snapshot", levels)


def test_ended_topic_falls_silent(venue: SandboxVenue, session: SandboxSession) -> None:
    ask(session, "ticker")
    assert ask(session, "ticker", action="unsubscribe") == [{"id": "7", "result": True}]
    venue.step(START_NS + 2 * NS_PER_S)
    assert said(session) == []


def test_market_keeps_its_name_when_its_asset_is_renamed(venue: SandboxVenue) -> None:
    request = VENUE.rest.instruments()[0]
    rows = json.loads(answer(venue, request, START_NS).body)["data"]
    assert [(row["symbol"], row["baseCurrency"]) for row in rows] == [
        ("BTC-USDT", "BTC"),
        ("BCHSV-USDT", "BSV"),
    ]


def test_tickers_of_all_markets_come_in_one_reply(venue: SandboxVenue) -> None:
    known = {one.instrument.native: one.instrument for one in venue.markets.values()}
    request = VENUE.rest.tickers(Kind.SPOT, lambda _, native: known.get(native))
    tickers = request.read(answer(venue, request, START_NS))
    assert [each.instrument for each in tickers] == list(known.values())
    assert all(each.bid and each.ask and each.quote_volume for each in tickers)


def test_kucoin_b13_candles_are_asked_for_with_times_as_there_are_none_without(
    venue: SandboxVenue,
) -> None:
    instrument = venue.markets["BTC/USDT"].instrument
    request = VENUE.rest.klines(instrument, KlineInterval.M1, 5).at(START_NS)
    dated = dict(request.query)
    assert (int(dated["startAt"]), int(dated["endAt"])) == (START_S - 300, START_S)
    candles = request.read(answer(venue, request, START_NS))
    assert 0 < len(candles) <= 5
    timeless = replace(request, query=request.query[:2])
    assert {name for name, _ in timeless.query} == {"symbol", "type"}
    assert json.loads(answer(venue, timeless, START_NS).body)["data"] == []


def test_candles_are_those_of_the_time_that_is_asked_for(venue: SandboxVenue) -> None:
    query = {"symbol": "BTC-USDT", "type": "1min"}
    query |= {"startAt": str(START_S - 300), "endAt": str(START_S - 60)}
    request = SandboxRequest(
        endpoint="rest",
        method="GET",
        path="/api/v1/market/candles",
        query=query,
        now_ns=START_NS,
    )
    rows = json.loads(venue.answer(request).body)["data"]
    assert [int(row[0]) for row in rows] == [START_S - age for age in (60, 120, 180, 240, 300)]
