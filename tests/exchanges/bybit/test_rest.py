"""Bybit's public requests, checked against chapter "Market". Real payloads are in
`test_recorded.py`."""

import json
from decimal import Decimal
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
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

VENUE = VENUES["bybit"]
REST = VENUE.rest
SPOT_LIST, LINEAR_LIST = REST.instruments()
BTC = market("BTC/USDT", "BTCUSDT", venue="bybit")
PERP = market("BTC/USDT:USDT", "BTCUSDT", venue="bybit", funding_interval_s=14_400.0)
TIME_NS = 1782000000359_000_000


def find(kind: Kind, native: str) -> Instrument | None:
    return {(Kind.SPOT, "BTCUSDT"): BTC, (Kind.PERPETUAL, "BTCUSDT"): PERP}.get((kind, native))


def body(result: str) -> bytes:
    head = '{"retCode":0,"retMsg":"OK","retExtInfo":{},"time":1782000000359,"result":'
    return f"{head}{result}}}".encode()


PERP_ROW = """{"symbol":"BTCUSDT","lastPrice":"60000.4","indexPrice":"60002.5",
"markPrice":"60001.2","prevPrice24h":"59000","price24hPcnt":"0.142425","highPrice24h":"61000",
"lowPrice24h":"59000","prevPrice1h":"60100","openInterest":"50000","openInterestValue":
"3000000000","singleOpenInterest":"25000.5","singleOpenInterestValue":"1500000000",
"turnover24h":"750000000","volume24h":"12500","fundingRate":"-0.0001","nextFundingTime":
"1782014400000","predictedDeliveryPrice":"","basisRate":"","deliveryTime":"0","ask1Size":"9854",
"bid1Price":"60000.3","ask1Price":"60000.9","bid1Size":"1063","fundingIntervalHour":"8"}"""
PERP_ROWS = body(f'{{"category":"linear","list":[{PERP_ROW}]}}')
PERP_TICKER = Ticker(
    instrument=PERP,
    last=60000.4,
    bid=60000.3,
    ask=60000.9,
    high=61000.0,
    low=59000.0,
    volume=12500.0,
    quote_volume=750000000.0,
    change=0.142425,
    venue_ns=TIME_NS,
    received_ns=RECEIVED_NS,
)
LINEAR_ROW = """{"symbol":"%s","contractType":"%s","status":"%s","baseCoin":"%s",
"quoteCoin":"USDT","launchTime":"1585526400000","deliveryTime":"0","priceScale":"2",
"leverageFilter":{"minLeverage":"1","maxLeverage":"100.00","leverageStep":"0.01"},"priceFilter":
{"minPrice":"0.10","maxPrice":"1999999.80","tickSize":"0.10"},"lotSizeFilter":{"maxOrderQty":
"1190.000","minOrderQty":"0.001","qtyStep":"0.001","postOnlyMaxOrderQty":"1190.000",
"maxMktOrderQty":"500.000","minNotionalValue":"5"},"fundingInterval":240,"settleCoin":"USDT",
"isPreListing":false,"preListingInfo":null,"symbolType":"%s"}"""
PERP_RULES = market(
    "BTC/USDT:USDT",
    "BTCUSDT",
    venue="bybit",
    tick="0.10",
    step="0.001",
    min_size="0.001",
    max_size="1190.000",
    min_notional="5",
    funding_interval_s=14_400.0,
)


def linear_page(*rows: str, cursor: str = "") -> bytes:
    listed = ",".join(rows)
    return body(f'{{"category":"linear","list":[{listed}],"nextPageCursor":"{cursor}"}}')


@pytest.mark.parametrize("symbol_type", ["stock", "xstocks", "commodity", "forex"])
def test_bybit_b6_other_classes_are_no_coins_of_the_same_letters(symbol_type: str) -> None:
    row = LINEAR_ROW % ("METAUSDT", "LinearPerpetual", "Trading", "META", symbol_type)
    assert LINEAR_LIST.read(ok(linear_page(row))).instruments == []


@pytest.mark.parametrize("symbol_type", ["", "adventure"])
def test_bybit_b6_marks_of_risk_are_those_of_coins(symbol_type: str) -> None:
    row = LINEAR_ROW % ("BTCUSDT", "LinearPerpetual", "Trading", "BTC", symbol_type)
    assert LINEAR_LIST.read(ok(linear_page(row))).instruments == [PERP_RULES]


def test_bybit_b5_fees_of_contracts_follow_their_mark_of_risk() -> None:
    row = LINEAR_ROW % ("BTCUSDT", "LinearPerpetual", "Trading", "BTC", "innovation")
    (instrument,) = LINEAR_LIST.read(ok(linear_page(row))).instruments
    assert (instrument.maker_fee, instrument.taker_fee) == (Decimal("0.0004"), Decimal("0.0011"))


@pytest.mark.parametrize(
    ("symbol_type", "quote", "fees"),
    [
        ("", "USDT", (None, None)),
        ("adventure", "USDT", (Decimal("0.002"), Decimal("0.002"))),
        ("", "EUR", (Decimal("0.0015"), Decimal("0.002"))),
        ("adventure", "EUR", (Decimal("0.002"), Decimal("0.002"))),
    ],
)
def test_bybit_b5_fees_of_spot_markets_follow_their_mark_of_risk_and_their_quote(
    symbol_type: str, quote: str, fees: tuple[Decimal | None, Decimal | None]
) -> None:
    row = (
        f'{{"symbol":"A{quote}","baseCoin":"A","quoteCoin":"{quote}","status":"Trading",'
        '"lotSizeFilter":{"basePrecision":"0.001","minOrderAmt":"5"},'
        f'"priceFilter":{{"tickSize":"0.01"}},"symbolType":"{symbol_type}"}}'
    )
    page = body(f'{{"category":"spot","list":[{row}]}}')
    (instrument,) = SPOT_LIST.read(ok(page)).instruments
    assert (instrument.maker_fee, instrument.taker_fee) == fees


REPLIES = (
    Reply(
        request=SPOT_LIST,
        body=body("""{"category":"spot","list":[{"symbolId":9,"symbol":"BTCUSDT","baseCoin":"BTC",
        "quoteCoin":"USDT","innovation":"0","status":"Trading","marginTrading":"utaOnly",
        "lotSizeFilter":{"basePrecision":"0.000001","quotePrecision":"0.0000001","minOrderQty":
        "0.000011","maxOrderQty":"83","minOrderAmt":"5","maxOrderAmt":"8000000",
        "maxLimitOrderQty":"83","maxMarketOrderQty":"41.5"},"priceFilter":{"tickSize":"0.1"},
        "symbolType":""},{"symbol":"AAPLXUSDT","baseCoin":"AAPLX","quoteCoin":"USDT",
        "status":"Trading","lotSizeFilter":{"basePrecision":"0.001","minOrderAmt":"5"},
        "priceFilter":{"tickSize":"0.01"},"symbolType":"xstocks"}]}"""),
        value=Listing(
            [
                market(
                    "BTC/USDT",
                    "BTCUSDT",
                    venue="bybit",
                    tick="0.1",
                    step="0.000001",
                    min_size="0.000011",
                    max_size="83",
                    min_notional="5",
                )
            ]
        ),
    ),
    Reply(
        request=LINEAR_LIST,
        body=linear_page(
            LINEAR_ROW % ("BTCUSDT", "LinearPerpetual", "Trading", "BTC", ""),
            LINEAR_ROW % ("BTCUSDT-26DEC25", "LinearFutures", "Trading", "BTC", ""),
        ),
        value=Listing([PERP_RULES]),
    ),
    Reply(
        request=REST.book(BTC),
        body=body("""{"s":"BTCUSDT","a":[["60000.9","16.606555"]],"b":[["60000.4","47.081829"],
        ["60000.3","1"]],"ts":1782000000031,"u":230704,"seq":1432604333,"cts":1782000000005}"""),
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.4, 47.081829), (60000.3, 1.0)],
            asks=[(60000.9, 16.606555)],
            sequence=230704,
            venue_ns=1782000000005_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        # The newest comes first on the wire, the oldest in our list.
        body=body("""{"category":"spot","list":[{"execId":"2100000000007764264","symbol":
        "BTCUSDT","price":"60000.4","size":"0.00012","side":"Sell","time":"1782000000758",
        "isBlockTrade":false,"isRPITrade":true,"seq":"123457"},{"execId":"2100000000007764263",
        "symbol":"BTCUSDT","price":"60000.9","size":"0.25","side":"Buy","time":"1782000000757",
        "isBlockTrade":false,"isRPITrade":false,"seq":"123456"}]}"""),
        value=[
            Trade(
                instrument=BTC,
                price=price,
                size=size,
                side=side,
                trade_id=trade_id,
                venue_ns=venue_ns,
                received_ns=RECEIVED_NS,
            )
            for price, size, side, trade_id, venue_ns in (
                (60000.9, 0.25, Side.BUY, "2100000000007764263", 1782000000757_000_000),
                (60000.4, 0.00012, Side.SELL, "2100000000007764264", 1782000000758_000_000),
            )
        ],
    ),
    Reply(
        request=REST.ticker(BTC),
        body=body("""{"category":"spot","list":[{"symbol":"BTCUSDT","bid1Price":"60000.3",
        "bid1Size":"2","ask1Price":"60000.9","ask1Size":"1.862172","lastPrice":"60000.4",
        "prevPrice24h":"60393.48","price24hPcnt":"-0.0068","highPrice24h":"61128.12",
        "lowPrice24h":"59318.89","turnover24h":"705000000.65","volume24h":"11801.27771",
        "usdIndexPrice":"60084.12009279"}]}"""),
        value=Ticker(
            instrument=BTC,
            last=60000.4,
            bid=60000.3,
            ask=60000.9,
            high=61128.12,
            low=59318.89,
            volume=11801.27771,
            quote_volume=705000000.65,
            change=-0.0068,
            venue_ns=TIME_NS,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.tickers(Kind.PERPETUAL, find),
        body=body(f"""{{"category":"linear","list":[{PERP_ROW},
        {PERP_ROW.replace("BTCUSDT", "BTC-26DEC25")}]}}"""),
        value=[PERP_TICKER],
    ),
    Reply(request=REST.ticker(PERP), body=PERP_ROWS, value=PERP_TICKER),
    Reply(
        request=REST.funding(PERP),
        body=PERP_ROWS,
        value=Funding(
            instrument=PERP,
            rate=-0.0001,
            interval_s=28_800.0,  # of the ticker, which is newer than that of the list
            next_ns=1782014400000_000_000,
            venue_ns=TIME_NS,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.mark_price(PERP),
        body=PERP_ROWS,
        value=MarkPrice(
            instrument=PERP,
            mark=60001.2,
            index=60002.5,
            venue_ns=TIME_NS,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.open_interest(PERP),
        body=PERP_ROWS,
        value=OpenInterest(
            instrument=PERP,
            size=25000.5,
            value=1.5e9,
            venue_ns=TIME_NS,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.funding_history(PERP),
        body=body("""{"category":"linear","list":[{"symbol":"BTCUSDT","fundingRate":"0.0001",
        "fundingRateTimestamp":"1782000000000"},{"symbol":"BTCUSDT","fundingRate":"-0.00002",
        "fundingRateTimestamp":"1781971200000"}]}"""),
        value=[
            FundingCharge(
                instrument=PERP, rate=rate, charged_ns=charged_ns, received_ns=RECEIVED_NS
            )
            for rate, charged_ns in (
                (-0.00002, 1781971200000_000_000),
                (0.0001, 1782000000000_000_000),
            )
        ],
    ),
    Reply(
        request=REST.klines(PERP, KlineInterval.M1),
        body=body("""{"symbol":"BTCUSDT","category":"linear","list":[
        ["1782000060000","60000.4","60020","60000.4","60015","0.5","30000.2"],
        ["1782000000000","60000.1","60010","59990","60000.4","1.5","90000.3"]]}"""),
        value=[
            Kline(
                instrument=PERP,
                interval=KlineInterval.M1,
                open_ns=open_ns,
                open=prices[0],
                high=prices[1],
                low=prices[2],
                close=prices[3],
                volume=volume,
                quote_volume=quote_volume,
                closed=closed,
                received_ns=RECEIVED_NS,
            )
            for open_ns, prices, volume, quote_volume, closed in (
                (1782000000000_000_000, (60000.1, 60010.0, 59990.0, 60000.4), 1.5, 90000.3, True),
                (1782000060000_000_000, (60000.4, 60020.0, 60000.4, 60015.0), 0.5, 30000.2, None),
            )
        ],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.D1),
        body=body('{"symbol":"BTCUSDT","category":"spot","list":[]}'),
        value=[],
    ),
    Reply(
        request=REST.server_time(),
        body=body('{"timeSecond":"1782000000","timeNano":"1782000000423213947"}'),
        value=1782000000423213947,
    ),
    Reply(
        request=REST.ping(),
        body=body('{"timeSecond":"1782000000","timeNano":"1782000000423213947"}'),
        value=None,
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


# What a request asks and what it costs.


@pytest.mark.parametrize(
    ("request_", "target"),
    [
        (SPOT_LIST, "instruments-info?category=spot"),
        (LINEAR_LIST, "instruments-info?category=linear&limit=1000"),
        (REST.book(BTC), "orderbook?symbol=BTCUSDT&category=spot&limit=1000"),
        (REST.book(PERP, 5), "orderbook?symbol=BTCUSDT&category=linear&limit=5"),
        (REST.book(PERP, 5000), "orderbook?symbol=BTCUSDT&category=linear&limit=1000"),
        (REST.trades(BTC), "recent-trade?symbol=BTCUSDT&category=spot&limit=60"),
        (REST.trades(PERP, 2000), "recent-trade?symbol=BTCUSDT&category=linear&limit=1000"),
        (REST.ticker(BTC), "tickers?symbol=BTCUSDT&category=spot"),
        (REST.tickers(Kind.SPOT, find), "tickers?category=spot"),
        (
            REST.klines(PERP, KlineInterval.H4, 3000),
            "kline?symbol=BTCUSDT&category=linear&interval=240&limit=1000",
        ),
        (REST.server_time(), "time"),
        (REST.funding(PERP), "tickers?symbol=BTCUSDT&category=linear"),
        (
            REST.funding_history(PERP, 500),
            "funding/history?symbol=BTCUSDT&category=linear&limit=200",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path(request_: Request[Any], target: str) -> None:
    assert request_.target == f"/v5/market/{target}"
    assert (request_.method, request_.endpoint) == ("GET", "rest")
    ((bucket, cost),) = request_.costs
    rate = VENUE.buckets[bucket]
    assert cost == 1
    assert rate.most_in(5.0) <= 600


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError, match="bybit has no candles of 8h"):
        REST.klines(BTC, KlineInterval.H8)


# Errors. They come with HTTP 200 as well.


def refused(status: int, content: bytes, **headers: str) -> ExchangeError:
    response = Response(status=status, body=content, received_ns=RECEIVED_NS, headers=headers)
    with pytest.raises(ExchangeError) as caught:
        REST.funding(PERP).read(response)
    return caught.value


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (10029, InvalidSymbol),
        (170121, InvalidSymbol),
        (10005, PermissionDenied),
        (10016, VenueUnavailable),
        (10006, RateLimited),
        (10429, RateLimited),
        (10001, ExchangeError),
        (99999, ExchangeError),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 503])
def test_code_tells_what_went_wrong(status: int, code: int, error: type[ExchangeError]) -> None:
    content = {"retCode": code, "retMsg": "Words of the venue.", "result": {}, "time": 1}
    caught = refused(status, json.dumps(content).encode())
    assert type(caught) is error
    assert (caught.venue, caught.code, caught.message) == (
        "bybit",
        str(code),
        "Words of the venue.",
    )


@pytest.mark.parametrize(
    ("status", "content", "wait_s"),
    [
        (403, b"403, access too frequent", 600.0),
        (403, b'{"retCode":10403,"retMsg":"Access too frequent."}', 600.0),
        (429, b"", 1.0),
        (200, b'{"retCode":10006,"retMsg":"Too many visits!"}', 1.0),
    ],
)
def test_rate_limit_says_how_long_to_stay_away(status: int, content: bytes, wait_s: float) -> None:
    caught = refused(status, content)
    assert isinstance(caught, RateLimited)
    assert caught.retry_after_s == wait_s


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (403, b"<html>The request could not be satisfied</html>", PermissionDenied),
        (404, b"", ExchangeError),
        (502, b"<html>Bad Gateway</html>", VenueUnavailable),
        (200, b"<html>Welcome</html>", VenueProtocolError),
        (200, body('{"category":"linear","list":[]}'), VenueProtocolError),
        (200, PERP_ROWS.replace(b'"-0.0001"', b'""'), VenueUnavailable),
        (200, b'{"retCode":0,"retMsg":"OK","result":{}}', VenueProtocolError),
    ],
)
def test_answer_that_is_of_no_use_is_an_exchange_error(
    status: int, content: bytes, error: type[ExchangeError]
) -> None:
    assert type(refused(status, content)) is error
