"""Aster's public requests, checked against "Market Data Endpoints" of its documentation.

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
from exchanges.rest.request import Listing, Request, Rows
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

VENUE = VENUES["aster"]
REST = VENUE.rest
(LIST,) = REST.instruments()
BTC = market("BTC/USDT:USDT", "BTCUSDT", venue="aster", funding_interval_s=14_400.0)
NEW = market("NEW/USDT:USDT", "NEWUSDT", venue="aster")  # nothing tells its interval
intervals = REST.funding_intervals()
assert intervals is not None
INTERVALS: Request[Rows[tuple[str, float]]] = intervals


def symbol_row(**changes: object) -> dict[str, object]:
    return {
        "symbol": "BTCUSDT",
        "pair": "BTCUSDT",
        "contractType": "PERPETUAL",
        "status": "TRADING",
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 5,
        "quantityPrecision": 0,
        "underlyingType": "COIN",
        "triggerProtect": "0.15",
        "filters": [
            {"filterType": "PRICE_FILTER", "maxPrice": "300000", "minPrice": "1",
             "tickSize": "0.1"},
            {"filterType": "LOT_SIZE", "maxQty": "100", "minQty": "0.002", "stepSize": "0.001"},
            {"filterType": "MARKET_LOT_SIZE", "maxQty": "50", "minQty": "1", "stepSize": "1"},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.1500",
             "multiplierDown": "0.8500", "multiplierDecimal": 4},
        ],
        "OrderType": ["LIMIT"],
        **changes,
    }  # fmt: skip


def info(*rows: dict[str, object]) -> bytes:
    return json.dumps({"rateLimits": [], "serverTime": 1, "symbols": rows}).encode()


BTC_RULES = market(
    "BTC/USDT:USDT",
    "BTCUSDT",
    venue="aster",
    tick="0.1",
    step="0.001",
    min_size="0.002",
    max_size="100",
    min_notional="5",
)
PREMIUM = b"""{"symbol":"BTCUSDT","markPrice":"60000.5","indexPrice":"60001.25",
"estimatedSettlePrice":"59999.5","lastFundingRate":"-0.000125","interestRate":"0.0001",
"nextFundingTime":1750147200000,"time":1750146970000}"""
TICKER_ROW = b"""{"symbol":"BTCUSDT","priceChange":"-95","priceChangePercent":"-2.5",
"weightedAvgPrice":"60500","lastPrice":"60000.1","lastQty":"0.2","openPrice":"61500",
"highPrice":"61600","lowPrice":"59000","volume":"8913.3","quoteVolume":"540000000",
"openTime":1499783499040,"closeTime":1499869899040,"firstId":28385,"lastId":28460,"count":76}"""
TICKER = Ticker(
    instrument=BTC,
    last=60000.1,
    high=61600.0,
    low=59000.0,
    volume=8913.3,
    quote_volume=540000000.0,
    change=-0.025,
    venue_ns=1499869899040_000_000,
    received_ns=RECEIVED_NS,
)


REPLIES = (
    Reply(
        request=LIST,
        body=info(
            symbol_row(),
            symbol_row(symbol="TESTBTCUSDT", baseAsset="TESTBTC"),
            symbol_row(symbol="BTCUSDT_261225", contractType="CURRENT_QUARTER"),
        ),
        value=Listing([BTC_RULES]),
    ),
    Reply(
        request=INTERVALS,
        body=b"""[{"symbol":"INJUSDT","interestRate":"0.0001","time":1756197479000,
        "fundingIntervalHours":8,"fundingFeeCap":0.03,"fundingFeeFloor":-0.03},
        {"symbol":"ZORAUSDT","interestRate":"0.00005","time":1756197479000,
        "fundingIntervalHours":1,"fundingFeeCap":0.02,"fundingFeeFloor":-0.02}]""",
        value=[("INJUSDT", 28_800.0), ("ZORAUSDT", 3_600.0)],
    ),
    Reply(
        request=REST.book(BTC),
        body=b"""{"lastUpdateId":156391349814,"E":1754556878284,"T":1754556878031,
        "bids":[["60000.3","0.147"]],"asks":[["60000.4","1.060"],["60001","2"]]}""",
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.3, 0.147)],
            asks=[(60000.4, 1.06), (60001.0, 2.0)],
            sequence=156391349814,
            venue_ns=1754556878284_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=b"""[{"id":28457,"price":"60000.4","qty":"12.5","quoteQty":"750005","time":
        1499865549590,"isBuyerMaker":true}]""",
        value=[
            Trade(
                instrument=BTC,
                price=60000.4,
                size=12.5,
                side=Side.SELL,
                trade_id="28457",
                venue_ns=1499865549590_000_000,
                received_ns=RECEIVED_NS,
            )
        ],
    ),
    Reply(request=REST.ticker(BTC), body=TICKER_ROW, value=TICKER),
    Reply(
        request=REST.tickers(Kind.PERPETUAL, Instruments([BTC]).native),
        body=b'[{"symbol":"NOPEUSDT"},%s]' % TICKER_ROW,
        value=[TICKER],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.H8),
        body=b"""[[1499040000000,"60001","60080","59990","60005","148.9",1499068799999,
        "8930000",308,"75","4500000","0"]]""",
        value=[
            Kline(
                instrument=BTC,
                interval=KlineInterval.H8,
                open_ns=1499040000000_000_000,
                open=60001.0,
                high=60080.0,
                low=59990.0,
                close=60005.0,
                volume=148.9,
                quote_volume=8930000.0,
                trades=308,
                closed=True,
                received_ns=RECEIVED_NS,
            )
        ],
    ),
    Reply(
        request=REST.server_time(),
        body=b'{"serverTime":1499827319559}',
        value=1499827319559_000_000,
    ),
    Reply(request=REST.ping(), body=b"{}", value=None),
    Reply(
        request=REST.funding(BTC),
        body=PREMIUM,
        value=Funding(
            instrument=BTC,
            rate=-0.000125,
            interval_s=14_400.0,
            next_ns=1750147200000_000_000,
            venue_ns=1750146970000_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.mark_price(BTC),
        body=PREMIUM,
        value=MarkPrice(
            instrument=BTC,
            mark=60000.5,
            index=60001.25,
            venue_ns=1750146970000_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.funding_history(BTC),
        body=b"""[{"symbol":"BTCUSDT","fundingRate":"-0.0375","fundingTime":1570608000000},
        {"symbol":"BTCUSDT","fundingRate":"0.0001","fundingTime":1570622400000}]""",
        value=[
            FundingCharge(instrument=BTC, rate=rate, charged_ns=at_ns, received_ns=RECEIVED_NS)
            for rate, at_ns in (
                (-0.0375, 1570608000000_000_000),
                (0.0001, 1570622400000_000_000),
            )
        ],
    ),
    Reply(
        request=REST.open_interest(BTC),
        body=b'{"openInterest":"5599.890","symbol":"BTCUSDT","time":1754556878284}',
        value=OpenInterest(
            instrument=BTC,
            size=5599.89,
            venue_ns=1754556878284_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


def test_interval_of_a_contract_that_the_list_leaves_out_is_the_usual_one() -> None:
    assert REST.default_funding_s == 28_800


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("TRADING", Status.TRADING),
        ("PENDING_TRADING", Status.HALTED),
        ("PRE_SETTLE", Status.DELISTED),
        ("SETTLING", Status.DELISTED),
        ("CLOSE", Status.DELISTED),
        ("a status of next year", Status.HALTED),
    ],
)
def test_only_trading_markets_take_part(status: str, expected: Status) -> None:
    (instrument,) = LIST.read(ok(info(symbol_row(status=status)))).instruments
    assert instrument.status is expected


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-0.1", "one"])
def test_rule_that_no_market_can_have_is_not_taken(number: str) -> None:
    filters = [{"filterType": "PRICE_FILTER", "tickSize": number}]
    with pytest.raises(VenueProtocolError):
        LIST.read(ok(info(symbol_row(filters=filters))))


# What a request asks and what it costs.


@pytest.mark.parametrize(
    ("request_", "target", "weight"),
    [
        (LIST, "/fapi/v3/exchangeInfo", 1),
        (INTERVALS, "/fapi/v3/fundingInfo", 1),
        (REST.book(BTC), "/fapi/v3/depth?symbol=BTCUSDT&limit=1000", 20),
        (REST.book(BTC, 60), "/fapi/v3/depth?symbol=BTCUSDT&limit=100", 5),
        (REST.trades(BTC, 500), "/fapi/v3/trades?symbol=BTCUSDT&limit=500", 1),
        (REST.ticker(BTC), "/fapi/v3/ticker/24hr?symbol=BTCUSDT", 1),
        (REST.tickers(Kind.PERPETUAL, lambda *_: None), "/fapi/v3/ticker/24hr", 40),
        (
            REST.klines(BTC, KlineInterval.M1, 99),
            "/fapi/v3/klines?symbol=BTCUSDT&interval=1m&limit=99",
            1,
        ),
        (
            REST.klines(BTC, KlineInterval.M1),
            "/fapi/v3/klines?symbol=BTCUSDT&interval=1m&limit=100",
            2,
        ),
        (REST.funding(BTC), "/fapi/v3/premiumIndex?symbol=BTCUSDT", 1),
        (REST.mark_price(BTC), "/fapi/v3/premiumIndex?symbol=BTCUSDT", 1),
        (REST.funding_history(BTC, 5000), "/fapi/v3/fundingRate?symbol=BTCUSDT&limit=1000", 1),
        (REST.open_interest(BTC), "/fapi/v3/openInterest?symbol=BTCUSDT", 1),
        (REST.server_time(), "/fapi/v3/time", 1),
        (REST.ping(), "/fapi/v3/ping", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path_at_its_weight(
    request_: Request[Any], target: str, weight: float
) -> None:
    assert (request_.target, request_.endpoint) == (target, "rest")
    assert request_.costs == (("weight", weight),)


def test_spot_and_odd_candles_are_mistakes_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        REST.tickers(Kind.SPOT, lambda *_: None)
    with pytest.raises(CodecUsageError):
        REST.klines(BTC, KlineInterval.S1)


# Errors.


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"code":-1121,"msg":"Invalid symbol."}', InvalidSymbol),
        (400, b'{"code":-4144,"msg":"Invalid pair."}', InvalidSymbol),
        (400, b'{"code":-1016,"msg":"Shutting down."}', VenueUnavailable),
        (400, b'{"code":-1102,"msg":"Mandatory parameter"}', ExchangeError),
        (400, b'{"code":-1003,"msg":"Too many requests."}', RateLimited),
        (418, b"", RateLimited),
        (403, b"<html>WAF</html>", RateLimited),
        (404, b"", ExchangeError),
        (503, b"<html>Bad gateway</html>", VenueUnavailable),
    ],
)
def test_answer_tells_what_went_wrong(status: int, body: bytes, error: type[ExchangeError]) -> None:
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(Response(status=status, body=body, received_ns=RECEIVED_NS))
    assert type(caught.value) is error
    assert caught.value.venue == "aster"
