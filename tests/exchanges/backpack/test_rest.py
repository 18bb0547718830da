"""Backpack's public requests, checked against its API document.

Real payloads are in `test_recorded.py`.
"""

import json
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import (
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    VenueProtocolError,
    VenueUnavailable,
)
from exchanges.market.events import (
    BookSnapshot,
    Funding,
    FundingCharge,
    Kline,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instruments, Kind, Status
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

REST = VENUES["backpack"].rest
(LIST,) = REST.instruments()
SOL = market("SOL/USDC", "SOL_USDC", venue="backpack")
BTC = market("BTC/USDC:USDC", "BTC_USDC_PERP", venue="backpack", funding_interval_s=3600.0)


def market_row(**changes: object) -> dict[str, object]:
    return {
        "symbol": "BTC_USDC_PERP",
        "baseSymbol": "BTC",
        "quoteSymbol": "USDC",
        "marketType": "PERP",
        "filters": {
            "price": {"minPrice": "0.1", "maxPrice": None, "tickSize": "0.1"},
            "quantity": {"minQuantity": "0.0001", "maxQuantity": "50", "stepSize": "0.00001"},
        },
        "imfFunction": {"base": "0.02", "factor": "0.0001", "type": "sqrt"},
        "fundingInterval": "3600000",
        "openInterestLimit": "4000",
        "orderBookState": "Open",
        "visible": True,
        **changes,
    }


def markets(*rows: dict[str, object]) -> bytes:
    return json.dumps(rows).encode()


BTC_RULES = market(
    "BTC/USDC:USDC",
    "BTC_USDC_PERP",
    venue="backpack",
    tick="0.1",
    step="0.00001",
    min_size="0.0001",
    max_size="50",
    funding_interval_s=3600.0,
)
MARK_ROW = b"""[{"fundingRate":"0.0000125000000000000001","indexPrice":"60001.25",
"markPrice":"60000.5","nextFundingTimestamp":1700002800000,"symbol":"BTC_USDC_PERP"}]"""
TICKER_ROW = b"""{"firstPrice":"64000","high":"64100","lastPrice":"60000","low":"59000",
"priceChange":"-4000","priceChangePercent":"-0.0625","quoteVolume":"21584.3",
"symbol":"BTC_USDC_PERP","trades":"245","volume":"65.8"}"""
TICKER = Ticker(
    instrument=BTC,
    last=60000.0,
    high=64100.0,
    low=59000.0,
    volume=65.8,
    quote_volume=21584.3,
    change=-0.0625,
    received_ns=RECEIVED_NS,
)
CANDLE: dict[str, Any] = {
    "instrument": BTC,
    "interval": KlineInterval.M3,
    "open": 60001.0,
    "high": 60080.0,
    "low": 59990.0,
    "close": 60005.0,
    "volume": 0.5,
    "quote_volume": 30000.5,
    "trades": 12,
    "received_ns": RECEIVED_NS,
}


REPLIES = (
    Reply(
        request=LIST,
        body=markets(
            market_row(),
            market_row(
                symbol="kSHIB_USDC",
                baseSymbol="kSHIB",
                marketType="SPOT",
                fundingInterval=None,
                filters={
                    "price": {"tickSize": "0.0001"},
                    "quantity": {"minQuantity": "1", "maxQuantity": None, "stepSize": "1"},
                },
                orderBookState="PostOnly",
            ),
            market_row(symbol="X_USDC_PERP", visible=False),
            market_row(symbol="BTC_USDC_IPERP", marketType="IPERP"),
        ),
        value=Listing(
            [
                BTC_RULES,
                market(
                    "SHIB/USDC",
                    "kSHIB_USDC",
                    venue="backpack",
                    tick="0.0000001",
                    step="1000",
                    min_size="1000",
                    contract_size="1000",
                    multiplier=1000,
                    traded_as="kSHIB",
                    status=Status.HALTED,
                ),
            ]
        ),
    ),
    Reply(
        request=REST.book(BTC),
        body=b"""{"asks":[["60000.4","0.5"],["60001","1"]],"bids":[["1.0","9"],["60000","2"]],
        "lastUpdateId":"1504999670","timestamp":1753102447307501}""",
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.0, 2.0), (1.0, 9.0)],
            asks=[(60000.4, 0.5), (60001.0, 1.0)],
            sequence=1504999670,
            venue_ns=1753102447307501_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=b"""[{"id":8721564,"isBuyerMaker":true,"price":"60000","quantity":"1",
        "quoteQuantity":"60000","timestamp":1753123916820},
        {"id":8721563,"isBuyerMaker":false,"price":"60000.5","quantity":"0.00016",
        "quoteQuantity":"9.6","timestamp":1753123916819}]""",
        value=[
            Trade(
                instrument=BTC,
                price=60000.5,
                size=0.00016,
                side=Side.BUY,
                trade_id="8721563",
                venue_ns=1753123916819_000_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=60000.0,
                size=1.0,
                side=Side.SELL,
                trade_id="8721564",
                venue_ns=1753123916820_000_000,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(request=REST.ticker(BTC), body=TICKER_ROW, value=TICKER),
    Reply(
        request=REST.tickers(Kind.PERPETUAL, Instruments([BTC, SOL]).native),
        body=b'[{"symbol":"SOL_USDC"},{"symbol":"NOPE_USDC_PERP"},%s]' % TICKER_ROW,
        value=[TICKER],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.M3, 2),
        # 1700000000 is 2023-11-14 22:13:20 UTC.
        body=b"""[{"start":"2023-11-14 22:09:00","end":"2023-11-14 22:12:00","open":"60001",
        "high":"60080","low":"59990","close":"60005","volume":"0.5","quoteVolume":"30000.5",
        "trades":"12"},{"start":"2023-11-14 22:12:00","end":"2023-11-14 22:15:00",
        "open":"60001","high":"60080","low":"59990","close":"60005","volume":"0.5",
        "quoteVolume":"30000.5","trades":"12"}]""",
        value=[
            Kline(open_ns=1699999740_000_000_000, closed=True, **CANDLE),
            Kline(open_ns=1699999920_000_000_000, closed=False, **CANDLE),
        ],
    ),
    Reply(request=REST.server_time(), body=b"1753123916819", value=1753123916819_000_000),
    Reply(request=REST.ping(), body=b'{"status":"Ok","message":null}', value=None),
    Reply(
        request=REST.funding(BTC),
        body=MARK_ROW,
        value=Funding(
            instrument=BTC,
            rate=0.0000125,
            interval_s=3600.0,
            next_ns=1700002800000_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.mark_price(BTC),
        body=MARK_ROW,
        value=MarkPrice(instrument=BTC, mark=60000.5, index=60001.25, received_ns=RECEIVED_NS),
    ),
    Reply(
        request=REST.funding_history(BTC),
        # The newest interval is still running.
        body=b"""[{"fundingRate":"0.0000125","intervalEndTimestamp":"2023-11-14T23:00:00",
        "symbol":"BTC_USDC_PERP"},{"fundingRate":"-0.000010077",
        "intervalEndTimestamp":"2023-11-14T22:00:00","symbol":"BTC_USDC_PERP"},
        {"fundingRate":"0.00001","intervalEndTimestamp":"2023-11-14T21:00:00",
        "symbol":"BTC_USDC_PERP"}]""",
        value=[
            FundingCharge(instrument=BTC, rate=rate, charged_ns=at_ns, received_ns=RECEIVED_NS)
            for rate, at_ns in (
                (0.00001, 1699995600_000_000_000),
                (-0.000010077, 1699999200_000_000_000),
            )
        ],
    ),
    Reply(
        request=REST.open_interest(BTC),
        body=b"""[{"openInterest":"1273.85214","symbol":"BTC_USDC_PERP",
        "timestamp":1753105735301}]""",
        value=OpenInterest(
            instrument=BTC,
            size=1273.85214,
            venue_ns=1753105735301_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


@pytest.mark.parametrize("state", ["Closed", "CancelOnly", "LimitOnly", "PostOnly", "new"])
def test_only_open_markets_take_part(state: str) -> None:
    (instrument,) = LIST.read(ok(markets(market_row(orderBookState=state)))).instruments
    assert instrument.status is Status.HALTED


@pytest.mark.parametrize("interval_ms", ["0", "-1", "NaN", 10**12])
def test_interval_of_funding_that_cannot_be_is_refused(interval_ms: object) -> None:
    with pytest.raises(VenueProtocolError):
        LIST.read(ok(markets(market_row(fundingInterval=interval_ms))))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-0.1", "one"])
def test_rule_that_no_market_can_have_is_not_taken(number: str) -> None:
    filters = {"price": {"tickSize": number}, "quantity": {"stepSize": "1"}}
    with pytest.raises(VenueProtocolError):
        LIST.read(ok(markets(market_row(filters=filters))))


def test_rate_of_an_interval_that_is_over_is_out_of_date() -> None:
    """A cache of the venue's may be an hour old."""
    stale = MARK_ROW.replace(b"1700002800000", b"1699999200000")
    with pytest.raises(VenueUnavailable):
        REST.funding(BTC).read(ok(stale))


def test_interval_of_funding_is_never_a_guess() -> None:
    unknown = market("BTC/USDC:USDC", "BTC_USDC_PERP", venue="backpack")
    assert REST.funding(unknown).read(ok(MARK_ROW)).interval_s is None


def test_open_interest_that_is_null_is_none() -> None:
    body = b'[{"openInterest":null,"symbol":"BTC_USDC_PERP","timestamp":1}]'
    with pytest.raises(VenueUnavailable, match="no open interest is told now"):
        REST.open_interest(BTC).read(ok(body))


def test_market_without_trades_has_no_statistics() -> None:
    with pytest.raises(ExchangeError, match="204"):
        REST.ticker(BTC).read(Response(status=204, body=b"", received_ns=RECEIVED_NS))


def test_maintenance_is_told_by_the_ping() -> None:
    with pytest.raises(VenueUnavailable, match="Back at noon"):
        REST.ping().read(ok(b'{"status":"Maintenance","message":"Back at noon"}'))


# What a request asks and what it costs.


@pytest.mark.parametrize(
    ("request_", "target", "bucket"),
    [
        (LIST, "markets", "requests"),
        (REST.book(BTC), "depth?symbol=BTC_USDC_PERP&limit=1000", "requests"),
        (REST.book(BTC, 7), "depth?symbol=BTC_USDC_PERP&limit=10", "requests"),
        (REST.book(BTC, 5000), "depth?symbol=BTC_USDC_PERP&limit=1000", "requests"),
        (REST.trades(SOL, 5000), "trades?symbol=SOL_USDC&limit=1000", "history"),
        (REST.ticker(SOL), "ticker?symbol=SOL_USDC", "requests"),
        (REST.tickers(Kind.SPOT, lambda *_: None), "tickers", "requests"),
        (REST.funding(BTC), "markPrices?symbol=BTC_USDC_PERP", "requests"),
        (REST.mark_price(BTC), "markPrices?symbol=BTC_USDC_PERP", "requests"),
        (REST.open_interest(BTC), "openInterest?symbol=BTC_USDC_PERP", "requests"),
        (REST.funding_history(BTC, 50), "fundingRates?symbol=BTC_USDC_PERP&limit=50", "history"),
        (REST.server_time(), "time", "requests"),
        (REST.ping(), "status", "requests"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path(
    request_: Request[Any], target: str, bucket: str
) -> None:
    assert request_.at(RECEIVED_NS).target == f"/api/v1/{target}"
    assert request_.costs == ((bucket, 1),)


def test_backpack_c16_trades_are_paid_from_what_history_may_cost() -> None:
    assert REST.trades(SOL).costs == REST.klines(SOL, KlineInterval.M1).costs == (("history", 1),)


def test_candles_are_asked_for_since_a_time() -> None:
    request = REST.klines(BTC, KlineInterval.MO1, 3)
    assert request.costs == (("history", 1),)
    assert request.at(RECEIVED_NS).target == (
        "/api/v1/klines?symbol=BTC_USDC_PERP&interval=1month&startTime=1692224000"
    )
    with pytest.raises(CodecUsageError):
        REST.klines(BTC, KlineInterval.S10)


# Errors.


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"code":"INVALID_CLIENT_REQUEST","message":"Invalid market symbol"}',
         InvalidSymbol),
        (400, b'{"code":"INVALID_SYMBOL","message":"?"}', InvalidSymbol),
        (400, b'{"code":"INVALID_CLIENT_REQUEST","message":"?"}', ExchangeError),
        (404, b'{"code":"RESOURCE_NOT_FOUND","message":"Not Found"}', ExchangeError),
        (403, b'{"code":"FORBIDDEN","message":"?"}', PermissionDenied),
        (400, b'{"code":"TOO_MANY_REQUESTS","message":"?"}', RateLimited),
        (429, b"", RateLimited),
        (503, b'{"code":"MAINTENANCE","message":"?"}', VenueUnavailable),
        (400, b"parse error: invalid limit", ExchangeError),
        (404, b"not found", ExchangeError),
    ],
)  # fmt: skip
def test_answer_tells_what_went_wrong(status: int, body: bytes, error: type[ExchangeError]) -> None:
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(Response(status=status, body=body, received_ns=RECEIVED_NS))
    assert type(caught.value) is error
    assert caught.value.venue == "backpack"
