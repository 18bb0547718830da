"""Bybit's server side where clients of another make would notice."""

import json
from random import Random
from typing import Any, Final

import pytest

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.market.events import FundingCharge
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

VENUE: Final = VENUES["bybit"]
START_NS: Final = 1_767_225_600 * NS_PER_S
SYMBOLS: Final = ("BTC/USDT", "ETH/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDC:USDC")


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    return VENUE.sandbox()(SYMBOLS, world, Random("test"), START_NS)


@pytest.fixture
def spot(venue: SandboxVenue) -> SandboxSession:
    return opened(venue, "spot")


def opened(venue: SandboxVenue, endpoint: str) -> SandboxSession:
    return venue.open_session(endpoint)


def ask(session: SandboxSession, operation: str, *args: str) -> list[dict[str, Any]]:
    request = {"req_id": "7", "op": operation, "args": args}
    session.receive(json.dumps(request), START_NS)
    return said(session)


def said(session: SandboxSession) -> list[dict[str, Any]]:
    return [json.loads(outgoing.frame) for outgoing in session.take()]


def listed(venue: SandboxVenue, **query: str) -> dict[str, Any]:
    path = "/v5/market/instruments-info"
    request = SandboxRequest(endpoint="rest", method="GET", path=path, query=query, now_ns=START_NS)
    result = json.loads(venue.answer(request).body)["result"]
    assert isinstance(result, dict)
    return result


def test_linear_contracts_are_listed_in_pages_and_spot_markets_are_not(
    venue: SandboxVenue,
) -> None:
    natives, cursor = [], ""
    while True:
        page = listed(venue, category="linear", limit="2", **({"cursor": cursor} if cursor else {}))
        assert len(page["list"]) <= 2
        natives += [row["symbol"] for row in page["list"]]
        cursor = page["nextPageCursor"]
        if not cursor:
            break
    assert natives == ["BTCUSDT", "ETHUSDT", "SOLPERP"]
    assert len(listed(venue, category="spot", limit="1")["list"]) == 2


def test_charges_of_the_past_are_as_far_apart_as_the_next_one(venue: SandboxVenue) -> None:
    perpetual = venue.markets["BTC/USDT:USDT"].instrument
    request = VENUE.rest.funding_history(perpetual, 3)
    charges = request.read(answer(venue, request, START_NS))
    assert [type(each) for each in charges] == [FundingCharge] * 3
    eight_hours_ns = 28_800 * NS_PER_S
    assert [each.charged_ns for each in charges] == [
        START_NS - age * eight_hours_ns for age in (2, 1, 0)
    ]


@pytest.mark.parametrize("kind", list(Kind))
def test_tickers_of_all_markets_come_in_one_reply(venue: SandboxVenue, kind: Kind) -> None:
    known = {one.instrument.native: one.instrument for one in venue.of_kind(kind)}
    request = VENUE.rest.tickers(kind, lambda _, native: known.get(native))
    tickers = request.read(answer(venue, request, START_NS))
    assert [each.instrument for each in tickers] == list(known.values())
    assert all(each.bid and each.ask and each.quote_volume for each in tickers)


@pytest.mark.parametrize(
    "arg",
    [
        "publicTrade.NOPEUSDT",
        "publicTrade.SOLPERP",  # a linear one
        "allLiquidations.BTCUSDT",
        "orderbook.500.BTCUSDT",
        "orderbook.BTCUSDT",
        "kline.10.BTCUSDT",
    ],
)
def test_one_topic_that_does_not_exist_refuses_the_request_without_naming_it(
    spot: SandboxSession, arg: str
) -> None:
    (refusal,) = ask(spot, "subscribe", "publicTrade.ETHUSDT", arg)
    message = f"Invalid topic: {arg}"
    assert refusal == {
        "success": False,
        "ret_msg": message,
        "conn_id": "sandbox",
        "op": "subscribe",
    }
    assert spot.streams == {}


def test_spot_takes_ten_args_a_request(spot: SandboxSession) -> None:
    args = [f"orderbook.{depth}.{native}" for depth in (50, 200, 1000) for native in ("BTCUSDT",)]
    args += [f"kline.{name}.BTCUSDT" for name in (1, 3, 5, 15, 30, 60, 120, 240)]
    (refusal,) = ask(spot, "subscribe", *args)
    assert refusal["success"] is False
    granted, *_ = ask(spot, "subscribe", *args[:10])
    assert (granted["success"], granted["ret_msg"], granted["req_id"]) == (True, "subscribe", "7")


@pytest.mark.parametrize("levels", [50, 200, 1000])
def test_ids_of_a_book_rise_by_one_and_its_levels_stay_within_its_depth(
    venue: SandboxVenue, spot: SandboxSession, levels: int
) -> None:
    _, first = ask(spot, "subscribe", f"orderbook.{levels}.BTCUSDT")
    assert (first["type"], len(first["data"]["b"])) == ("snapshot", min(levels, 60))
    bids = dict(first["data"]["b"])
    last = first["data"]["u"]
    for step in range(1, 20):
        venue.step(START_NS + step * NS_PER_S // 10)
        for delta in said(spot):
            assert (delta["type"], delta["data"]["u"]) == ("delta", last + 1)
            last += 1
            for price, size in delta["data"]["b"]:
                bids.pop(price, None)
                bids |= {price: size} if float(size) else {}
            market = venue.markets["BTC/USDT"]
            assert bids == dict(market.levels(market.depth(levels).bids))


def test_linear_ticker_tells_all_and_then_what_changed(venue: SandboxVenue) -> None:
    session = opened(venue, "linear")
    _, first = ask(session, "subscribe", "tickers.BTCUSDT")
    assert (first["type"], first["data"]["fundingIntervalHour"]) == ("snapshot", "8")
    venue.step(START_NS + 2 * NS_PER_S)
    (change,) = said(session)
    assert change["type"] == "delta"
    assert change["data"].keys() < first["data"].keys()
    assert "fundingIntervalHour" not in change["data"]


def test_pong_of_linear_names_the_ping(venue: SandboxVenue, spot: SandboxSession) -> None:
    (pong,) = ask(spot, "ping")
    assert pong == {"success": True, "ret_msg": "pong", "conn_id": "sandbox", "op": "ping"}
    (pong,) = ask(opened(venue, "linear"), "ping")
    assert pong["req_id"] == "7"
