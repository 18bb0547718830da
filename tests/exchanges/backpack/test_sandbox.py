"""Backpack's server side where clients of another make would notice."""

import json
from random import Random
from typing import Any, Final

import pytest

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import KlineInterval
from exchanges.rest.request import Request
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

VENUE: Final = VENUES["backpack"]
REST: Final = VENUE.rest
START_NS: Final = 1_767_225_600 * NS_PER_S
BTC: Final = "BTC/USDC:USDC"


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    return VENUE.sandbox()(["SOL/USDC", BTC], world, Random("test"), START_NS)


@pytest.fixture
def session(venue: SandboxVenue) -> SandboxSession:
    return venue.open_session("public")


def ask(session: SandboxSession, *names: str, method: str = "SUBSCRIBE") -> list[dict[str, Any]]:
    session.receive(json.dumps({"method": method, "params": names}), START_NS)
    return [json.loads(outgoing.frame) for outgoing in session.take()]


def read(venue: SandboxVenue, request: Request[Any]) -> Any:
    return request.read(answer(venue, request, START_NS))


def test_subscription_is_answered_by_data_only(
    venue: SandboxVenue, session: SandboxSession
) -> None:
    assert ask(session, "depth.BTC_USDC_PERP", "trade.SOL_USDC", "liquidation") == []
    assert sorted(session.streams) == ["depth.BTC_USDC_PERP", "trade.SOL_USDC"]
    venue.step(START_NS + NS_PER_S)
    assert {json.loads(one.frame)["stream"] for one in session.take()} == set(session.streams)
    assert ask(session, *session.streams, method="UNSUBSCRIBE") == []
    assert session.streams == {}


@pytest.mark.parametrize("name", ["markPrice.BTC_USDC_PERP", "ticker.SOL_USDC"])
def test_what_is_told_every_second_begins_at_once(session: SandboxSession, name: str) -> None:
    (frame,) = ask(session, name)
    assert frame["stream"] == name
    assert frame["data"]["E"] == START_NS // 1_000


def test_unknown_market_is_silence_and_an_unknown_stream_an_error(session: SandboxSession) -> None:
    assert ask(session, "depth.NOPE_USDC") == []
    error = {"id": None, "error": {"code": 4006, "message": "Invalid stream"}}
    assert ask(session, "nope.BTC_USDC_PERP") == [error]
    assert ask(session, "kline.7m.BTC_USDC_PERP") == [error]
    assert session.streams == {}
    session.receive("not JSON", START_NS)
    (outgoing,) = session.take()
    assert json.loads(outgoing.frame)["error"]["code"] == 4002


def test_bids_of_a_fetched_book_ascend(venue: SandboxVenue) -> None:
    request = REST.book(venue.markets[BTC].instrument)
    body = json.loads(answer(venue, request, START_NS).body)
    prices = [float(price) for price, _ in body["bids"]]
    assert prices == sorted(prices)
    assert isinstance(body["lastUpdateId"], str)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v1/depth", {"symbol": "SOL_USDC", "limit": "7"}),
        ("/api/v1/klines", {"symbol": "SOL_USDC", "interval": "1m"}),
    ],
)
def test_parameters_that_are_wrong_are_refused_in_plain_text(
    venue: SandboxVenue, path: str, query: dict[str, str]
) -> None:
    request = SandboxRequest(endpoint="rest", method="GET", path=path, query=query, now_ns=START_NS)
    reply = venue.answer(request)
    assert reply.status == 400
    assert not reply.body.startswith(b"{")


def test_candles_are_those_since_the_time_that_was_asked_for(venue: SandboxVenue) -> None:
    klines = read(venue, REST.klines(venue.markets[BTC].instrument, KlineInterval.M5, 3))
    assert [kline.open_ns for kline in klines] == [
        START_NS - minutes * 60 * NS_PER_S for minutes in (10, 5, 0)
    ]


def test_tickers_of_one_kind_and_past_charges_can_be_had(venue: SandboxVenue) -> None:
    known = Instruments(market.instrument for market in venue.markets.values())
    (ticker,) = read(venue, REST.tickers(Kind.SPOT, known.native))
    assert ticker.instrument.symbol == "SOL/USDC"
    market = venue.markets[BTC]
    charges = read(venue, REST.funding_history(market.instrument, 4))
    state = market.synthetic.perpetual()
    assert len(charges) == 3  # the running interval is left out
    assert charges[-1].charged_ns == state.next_funding_ns - 3600 * NS_PER_S
    assert charges[-1].rate == pytest.approx(state.funding_rate, abs=1e-9)
