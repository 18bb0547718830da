"""What Binance does, where it was taken to be otherwise; by the numbers of the notes.

What it shares with Aster is tested of both.
"""

import json
from typing import Final

import pytest

from exchanges import VENUES
from exchanges.errors import ExchangeError, VenueUnavailable
from exchanges.market.events import Funding, Liquidation, MarkPrice, StreamEvent
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.topics import Channel, KlineInterval
from exchanges.replies.response import Response
from exchanges.venue import Venue
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

BINANCE: Final = VENUES["binance"]
BOTH: Final = (BINANCE, VENUES["aster"])
SPOT: Final = market("BTC/USDT", "BTCUSDT", venue="binance")
NEXT_MS: Final = 1786320000000

both = pytest.mark.parametrize("venue", BOTH, ids=lambda venue: str(venue.name))


def perpetual(venue: Venue) -> Instrument:
    return market("BTC/USDT:USDT", "BTCUSDT", venue=venue.name)


def told(venue: Venue, channel: Channel, name: str, **data: object) -> tuple[StreamEvent, ...]:
    """What a frame of a perpetual's channel tells."""
    instrument = perpetual(venue)
    stream = venue.stream_for(instrument.kind, channel)
    assert stream is not None
    codec = venue.codec(stream, Instruments([instrument]), listening=True)
    return codec.receive(json.dumps({"stream": f"btcusdt@{name}", "data": data}), RECEIVED_NS)


def mark(venue: Venue, **changes: object) -> list[type]:
    """The kinds of events that a frame of the mark price tells."""
    data = {"E": 1, "s": "BTCUSDT", "p": "60000.5", "i": "60001", "r": "0.0001", "T": NEXT_MS}
    return [
        type(event)
        for event in told(venue, Channel.MARK_PRICE, "markPrice@1s", **{**data, **changes})
    ]


@both
def test_binance_and_aster_a9_mark_price_is_told_without_funding_and_funding_without_it(
    venue: Venue,
) -> None:
    assert mark(venue) == [MarkPrice, Funding]
    assert mark(venue, r="") == mark(venue, r=None) == mark(venue, T=0) == [MarkPrice]
    assert mark(venue, p="0.00000000") == [Funding]
    assert mark(venue, p="0", r="", T=0) == []


def premium(**changes: object) -> Response:
    row = {
        "symbol": "BTCUSDT", "markPrice": "60000.5", "indexPrice": "60001",
        "lastFundingRate": "0.0001", "nextFundingTime": NEXT_MS, "time": 1,
    }  # fmt: skip
    return ok(json.dumps({**row, **changes}).encode())


@both
@pytest.mark.parametrize("changes", [{"nextFundingTime": 0}, {"lastFundingRate": ""}])
def test_binance_and_aster_a10_charge_that_is_not_scheduled_is_none(
    venue: Venue, changes: dict[str, object]
) -> None:
    instrument = perpetual(venue)
    with pytest.raises(VenueUnavailable):
        venue.rest.funding(instrument).read(premium(**changes))
    assert venue.rest.mark_price(instrument).read(premium(**changes)).mark == 60000.5
    assert venue.rest.funding(instrument).read(premium()).next_ns == NEXT_MS * 1_000_000
    with pytest.raises(VenueUnavailable):
        venue.rest.mark_price(instrument).read(premium(markPrice="0"))


@both
def test_binance_and_aster_a11_liquidation_without_a_fill_is_none(venue: Venue) -> None:
    order = {"s": "BTCUSDT", "S": "SELL", "q": "0.1", "p": "59910", "T": 1}
    new = {**order, "X": "NEW", "ap": "0", "z": "0"}
    filled = {**order, "X": "FILLED", "ap": "59905.5", "z": "0.1"}
    assert told(venue, Channel.LIQUIDATIONS, "forceOrder", e="forceOrder", E=1, o=new) == ()
    (event,) = told(venue, Channel.LIQUIDATIONS, "forceOrder", e="forceOrder", E=1, o=filled)
    assert isinstance(event, Liquidation)
    assert (event.price, event.size) == (59905.5, 0.1)


@pytest.mark.parametrize("environment", ["production", "testnet"])
def test_binance_a12_perpetual_streams_are_split_on_the_test_host_too(environment: str) -> None:
    endpoints = BINANCE.endpoints[environment]
    assert endpoints["um_public"].endswith("/public/stream")
    assert endpoints["um_market"].endswith("/market/stream")


@both
@pytest.mark.parametrize(
    ("count", "weight"), [(1, 1), (99, 1), (100, 2), (499, 2), (500, 5), (1000, 5), (1500, 10)]
)
def test_binance_and_aster_a13_candles_cost_by_their_number(
    venue: Venue, count: int, weight: int
) -> None:
    request = venue.rest.klines(perpetual(venue), KlineInterval.M1, count)
    assert [cost for _, cost in request.costs] == [weight]


def test_binance_a21_list_leaves_out_who_may_trade() -> None:
    spot, perpetuals = BINANCE.rest.instruments()
    assert spot.target == "/api/v3/exchangeInfo?showPermissionSets=false"
    assert perpetuals.target == "/fapi/v1/exchangeInfo"


@both
def test_binance_and_aster_a22_no_more_is_asked_for_than_can_be_had(venue: Venue) -> None:
    instrument, rest = perpetual(venue), venue.rest
    assert ("limit", "1500") in rest.klines(instrument, KlineInterval.M1, 2000).query
    assert ("limit", "1000") in rest.trades(instrument, 2000).query
    assert ("limit", "1000") in rest.funding_history(instrument, 2000).query


def test_binance_a22_no_more_is_asked_of_spot_than_can_be_had() -> None:
    rest = BINANCE.rest
    assert ("limit", "1000") in rest.klines(SPOT, KlineInterval.M1, 2000).query
    assert ("limit", "1000") in rest.trades(SPOT, 2000).query


def test_binance_a23_service_that_has_ended_is_no_matter_of_waiting() -> None:
    refused = Response(status=400, body=b'{"code":-1016,"msg":"Ended."}', received_ns=RECEIVED_NS)
    with pytest.raises(ExchangeError) as caught:
        BINANCE.rest.book(SPOT).read(refused)
    assert type(caught.value) is ExchangeError


@both
def test_binance_and_aster_a24_what_a_dividend_costs_is_no_funding(venue: Venue) -> None:
    row = {"symbol": "BTCUSDT", "fundingRate": "0.0001", "fundingTime": NEXT_MS}
    rows = [row, {**row, "rateType": "Regular"}, {**row, "rateType": "Special"}]
    request = venue.rest.funding_history(perpetual(venue))
    assert len(request.read(ok(json.dumps(rows).encode()))) == 2


@both
def test_binance_and_aster_inverse_contract_among_others_is_left_out(venue: Venue) -> None:
    row = {
        "symbol": "BTCUSDT", "contractType": "PERPETUAL", "status": "TRADING", "baseAsset": "BTC",
        "quoteAsset": "USDT", "marginAsset": "USDT", "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.1"},
            {"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "100"},
        ],
    }  # fmt: skip
    inverse = {**row, "symbol": "BTCUSD_PERP", "quoteAsset": "USD", "marginAsset": "BTC"}
    request = venue.rest.instruments()[-1]
    listing = request.read(ok(json.dumps({"symbols": [inverse, row]}).encode()))
    assert [one.symbol for one in listing.instruments] == ["BTC/USDT:USDT"]
