"""Aster's server side where it is not that of others of its dialect."""

from random import Random
from typing import Any, Final

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.errors import ExchangeError
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.replies.response import Response
from exchanges.rest.request import Request
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World
from tests.exchanges.transcripts import RECEIVED_NS

VENUE: Final = VENUES["aster"]
REST: Final = VENUE.rest
START_NS: Final = 1_767_225_600 * NS_PER_S
BTC: Final = "BTC/USDT:USDT"


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    symbols = ["BTC/USDT", BTC, "ETH/USDT:USDT"]
    return VENUE.sandbox()(symbols, world, Random("test"), START_NS)


def answer(venue: SandboxVenue, request: Request[Any]) -> Any:
    asked = SandboxRequest(
        endpoint=request.endpoint,
        method=request.method,
        path=request.path,
        query=dict(request.query),
        now_ns=START_NS,
    )
    reply = venue.answer(asked)
    return request.read(Response(status=reply.status, body=reply.body, received_ns=RECEIVED_NS))


def test_only_perpetuals_are_traded(venue: SandboxVenue) -> None:
    assert set(venue.markets) == {BTC, "ETH/USDT:USDT"}


def test_every_market_tells_how_often_it_is_charged(venue: SandboxVenue) -> None:
    intervals = REST.funding_intervals()
    assert intervals is not None
    assert answer(venue, intervals) == [("BTCUSDT", 28_800.0), ("ETHUSDT", 28_800.0)]


def test_funding_and_its_past_are_those_of_the_market(venue: SandboxVenue) -> None:
    state = venue.markets[BTC].synthetic.perpetual()
    instrument = replace(venue.markets[BTC].instrument, funding_interval_s=28_800.0)
    funding = answer(venue, REST.funding(instrument))
    assert (funding.rate, funding.next_ns) == (state.funding_rate, state.next_funding_ns)
    *_, last = answer(venue, REST.funding_history(instrument, 3))
    assert (last.rate, last.charged_ns) == (
        state.funding_rate,
        state.next_funding_ns - 28_800 * NS_PER_S,
    )


def test_tickers_of_all_markets_can_be_had_at_once(venue: SandboxVenue) -> None:
    tickers = answer(
        venue,
        REST.tickers(
            Kind.PERPETUAL,
            lambda kind, name: one.instrument if (one := venue.market(kind, name)) else None,
        ),
    )
    assert [ticker.instrument.symbol for ticker in tickers] == list(venue.markets)


def test_open_interest_has_the_newer_path_only(venue: SandboxVenue) -> None:
    request = REST.open_interest(venue.markets[BTC].instrument)
    assert answer(venue, request).size > 0
    with pytest.raises(ExchangeError):
        answer(venue, replace(request, path="/fapi/v1/openInterest"))
