"""MEXC's public requests, checked against "Market Data" of its documentation."""

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
    TradingDisabled,
    VenueProtocolError,
    VenueUnavailable,
)
from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind, Status
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Effect, Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

REST = VENUES["mexc"].rest
(LIST,) = REST.instruments()
BTC = market("BTC/USDT", "BTCUSDT", venue="mexc")


def rules(symbol: str, native: str, **facts: Any) -> Instrument:
    fees = {"maker_fee": "0", "taker_fee": "0.0005"}
    return market(symbol, native, venue="mexc", **{**fees, **facts})


REPLIES = (
    Reply(
        request=LIST,
        body=b"""{"timezone":"CST","serverTime":1737623435453,"rateLimits":[],
        "exchangeFilters":[],"symbols":[{"symbol":"BTCUSDT","status":"1","baseAsset":"BTC",
        "baseAssetPrecision":8,"quoteAsset":"USDT","quotePrecision":2,"quoteAssetPrecision":2,
        "baseCommissionPrecision":8,"quoteCommissionPrecision":2,
        "orderTypes":["LIMIT","MARKET","LIMIT_MAKER"],"isSpotTradingAllowed":true,
        "isMarginTradingAllowed":false,"quoteAmountPrecision":"1","baseSizePrecision":"0.00001",
        "permissions":["SPOT"],"filters":[{"filterType":"PERCENT_PRICE_BY_SIDE",
        "bidMultiplierUp":"5","askMultiplierDown":"0.2"}],"maxQuoteAmount":"4000000",
        "makerCommission":"0","takerCommission":"0.0005","quoteAmountPrecisionMarket":"1",
        "maxQuoteAmountMarket":"400000","fullName":"Bitcoin","tradeSideType":"1","st":false},
        {"symbol":"GASUSDT","status":"2","baseAsset":"GAS","baseAssetPrecision":0,
        "quoteAsset":"USDT","quotePrecision":5,"quoteAssetPrecision":5,"orderTypes":["LIMIT"],
        "isSpotTradingAllowed":true,"quoteAmountPrecision":"5","baseSizePrecision":"0",
        "filters":[],"makerCommission":"0.0005","takerCommission":"0.0005","tradeSideType":1}]}""",
        value=Listing(
            [
                rules(
                    "BTC/USDT",
                    "BTCUSDT",
                    tick="0.01",
                    step="0.00000001",
                    min_size="0.00001",
                    min_notional="1",
                ),
                rules(
                    "GASDAO/USDT",
                    "GASUSDT",
                    tick="0.00001",
                    step="1",
                    min_notional="5",
                    maker_fee="0.0005",
                    status=Status.HALTED,
                ),
            ]
        ),
    ),
    Reply(
        request=REST.book(BTC),
        body=b"""{"lastUpdateId":1112416,"bids":[["60000.4","0.431"],["60000.3","1"]],
        "asks":[["60000.5","0.12"]],"timestamp":1737623988881}""",
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.4, 0.431), (60000.3, 1.0)],
            asks=[(60000.5, 0.12)],
            sequence=1112416,
            venue_ns=1737623988881_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=b"""[{"id":null,"price":"60000.5","qty":"0.04757","quoteQty":"2854.2",
        "time":1737623988881,"isBuyerMaker":false,"isBestMatch":true,"tradeType":"BID"},
        {"id":null,"price":"60000.4","qty":"0.09293","quoteQty":"5575.8","time":1737623988876,
        "isBuyerMaker":true,"isBestMatch":true,"tradeType":"ASK"}]""",
        value=[
            Trade(
                instrument=BTC,
                price=60000.4,
                size=0.09293,
                side=Side.SELL,
                venue_ns=1737623988876_000_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=60000.5,
                size=0.04757,
                side=Side.BUY,
                venue_ns=1737623988881_000_000,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(
        request=REST.ticker(BTC),
        body=b"""{"symbol":"BTCUSDT","priceChange":"-900","priceChangePercent":"-0.015",
        "prevClosePrice":"60900.4","lastPrice":"60000.4","bidPrice":"60000.3","bidQty":"1",
        "askPrice":"","askQty":"","openPrice":"60900.4","highPrice":"61500","lowPrice":"59500",
        "volume":"8913.3","quoteVolume":"539254650.5","openTime":1641349500000,
        "closeTime":1641349582808,"count":null}""",
        value=Ticker(
            instrument=BTC,
            last=60000.4,
            bid=60000.3,
            ask=None,
            high=61500.0,
            low=59500.0,
            volume=8913.3,
            quote_volume=539254650.5,
            change=-0.015,
            venue_ns=1641349582808_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.tickers(Kind.SPOT, lambda kind, name: BTC if name == "BTCUSDT" else None),
        body=b"""[{"symbol":"BTCUSDT","priceChange":"0","priceChangePercent":"0",
        "prevClosePrice":"60000.4","lastPrice":"60000.4","bidPrice":"60000.3","bidQty":"1",
        "askPrice":"60000.5","askQty":"","openPrice":"60000.4","highPrice":"61500",
        "lowPrice":"59500","volume":"100","quoteVolume":null,"openTime":1641349500000,
        "closeTime":1641349582808,"count":null},{"symbol":"NEWUSDT","priceChange":"0",
        "priceChangePercent":"0","prevClosePrice":"1","lastPrice":"1","bidPrice":"","bidQty":"",
        "askPrice":"","askQty":"","openPrice":"1","highPrice":"1","lowPrice":"1","volume":"0",
        "quoteVolume":null,"openTime":1641349500000,"closeTime":1641349582808,"count":null}]""",
        value=[
            Ticker(
                instrument=BTC,
                last=60000.4,
                bid=60000.3,
                ask=60000.5,
                high=61500.0,
                low=59500.0,
                volume=100.0,
                change=0.0,
                venue_ns=1641349582808_000_000,
                received_ns=RECEIVED_NS,
            )
        ],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.M1),
        # The first candle has ended by our clock, the second has not.
        body=b"""[[1699999920000,"60000.1","60010","59990","60000.4","1.5",1699999980000,
        "90000.3"],
        [1699999980000,"60000.4","60020","60000.4","60015","0.5",1700000040000,"30000.2"]]""",
        value=[
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=1699999920000_000_000,
                open=60000.1,
                high=60010.0,
                low=59990.0,
                close=60000.4,
                volume=1.5,
                quote_volume=90000.3,
                closed=True,
                received_ns=RECEIVED_NS,
            ),
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=1699999980000_000_000,
                open=60000.4,
                high=60020.0,
                low=60000.4,
                close=60015.0,
                volume=0.5,
                quote_volume=30000.2,
                closed=False,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(
        request=REST.server_time(),
        body=b'{"serverTime":1645539742000}',
        value=1645539742000_000_000,
    ),
    Reply(request=REST.ping(), body=b"{}", value=None),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


def symbol_row(**changes: object) -> bytes:
    row = {
        "symbol": "BTCUSDT",
        "status": "1",
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "baseAssetPrecision": 8,
        "quotePrecision": 2,
        "baseSizePrecision": "0",
        "quoteAmountPrecision": "1",
        "makerCommission": "0",
        "takerCommission": "0.0005",
        "isSpotTradingAllowed": True,
        "tradeSideType": 1,
        **changes,
    }
    return json.dumps({"symbols": [row]}).encode()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Status.TRADING),
        ({"status": "ENABLED"}, Status.TRADING),
        ({"status": "2"}, Status.HALTED),
        ({"status": "3"}, Status.DELISTED),
        ({"status": "3", "isSpotTradingAllowed": False}, Status.DELISTED),
        ({"status": "a status of next year"}, Status.HALTED),
        ({"isSpotTradingAllowed": False}, Status.HALTED),
        ({"tradeSideType": 2}, Status.HALTED),
        ({"tradeSideType": "3"}, Status.HALTED),
        ({"tradeSideType": 4}, Status.HALTED),
    ],
)
def test_only_markets_open_to_the_api_on_both_sides_take_part(
    changes: dict[str, object], expected: Status
) -> None:
    (instrument,) = LIST.read(ok(symbol_row(**changes))).instruments
    assert instrument.status is expected


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-0.01", "one"])
@pytest.mark.parametrize(
    "name", ["baseSizePrecision", "quoteAmountPrecision", "makerCommission", "takerCommission"]
)
def test_rule_that_no_market_can_have_is_not_taken(name: str, number: str) -> None:
    with pytest.raises(VenueProtocolError):
        LIST.read(ok(symbol_row(**{name: number})))


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        REST.klines(BTC, KlineInterval.H8)


# What a request asks and what it costs.


@pytest.mark.parametrize(
    ("request_", "path", "query", "weight"),
    [
        (LIST, "exchangeInfo", "", 25),
        (REST.book(BTC), "depth", "?symbol=BTCUSDT&limit=5000", 3),
        (REST.book(BTC, 5), "depth", "?symbol=BTCUSDT&limit=5", 3),
        (REST.book(BTC, 9999), "depth", "?symbol=BTCUSDT&limit=5000", 3),
        (REST.trades(BTC, 500), "trades", "?symbol=BTCUSDT&limit=500", 5),
        (REST.trades(BTC, 5000), "trades", "?symbol=BTCUSDT&limit=1000", 5),
        (REST.ticker(BTC), "ticker/24hr", "?symbol=BTCUSDT", 25),
        (
            REST.klines(BTC, KlineInterval.H1, 50),
            "klines",
            "?symbol=BTCUSDT&interval=60m&limit=50",
            1,
        ),
        (
            REST.klines(BTC, KlineInterval.W1, 50),
            "klines",
            "?symbol=BTCUSDT&interval=1W&limit=50",
            1,
        ),
        (REST.server_time(), "time", "", 1),
        (REST.ping(), "ping", "", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path_and_costs_its_weight(
    request_: Request[Any], path: str, query: str, weight: int
) -> None:
    assert request_.target == f"/api/v3/{path}{query}"
    assert request_.endpoint == "rest"
    assert request_.costs == (("weight", weight), (f"/api/v3/{path}", 1))
    assert (request_.method, request_.effect) == ("GET", Effect.READ)


def test_budget_is_the_lowest_that_anybody_was_told() -> None:
    buckets = dict(VENUES["mexc"].buckets)
    shared = buckets.pop("weight")
    assert shared.most_in(10.0) <= 300
    assert all(rate.most_in(1.0) <= 20 for rate in buckets.values())


# Errors.


def refused(status: int, body: bytes, **headers: str) -> ExchangeError:
    response = Response(status=status, body=body, received_ns=RECEIVED_NS, headers=headers)
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(response)
    return caught.value


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (10007, InvalidSymbol),
        (30014, InvalidSymbol),
        (-1121, InvalidSymbol),
        (700006, PermissionDenied),
        (701, PermissionDenied),
        (30000, TradingDisabled),
        (500, VenueUnavailable),
        (20002, VenueUnavailable),
        (510, RateLimited),
        (700004, ExchangeError),
        (0, ExchangeError),
    ],
)
def test_code_tells_what_went_wrong(code: int, error: type[ExchangeError]) -> None:
    caught = refused(400, b'{"code":%d,"msg":"Words of the venue."}' % code)
    assert type(caught) is error
    assert (caught.venue, caught.message) == ("mexc", "Words of the venue.")
    assert caught.asked == "GET /api/v3/depth"


def test_other_form_of_an_error_is_read() -> None:
    caught = refused(400, b'{"success":false,"code":10007,"message":"Words of the venue."}')
    assert (type(caught), caught.message) == (InvalidSymbol, "Words of the venue.")


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        (429, {"retry-after": "150"}, 150.0),
        (418, {"retry-after": "150"}, 150.0),
        (429, {}, 60.0),
        (418, {}, 120.0),
    ],
)
def test_ban_says_how_long_it_lasts_or_is_the_shortest(
    status: int, headers: dict[str, str], wait_s: float
) -> None:
    caught = refused(status, b'{"code":429,"msg":"Too many requests"}', **headers)
    assert isinstance(caught, RateLimited)
    assert caught.retry_after_s == wait_s


@pytest.mark.parametrize("body", [b"<html>403 Forbidden</html>", b"", b'{"message":"Forbidden"}'])
def test_bare_403_comes_from_the_firewall_and_means_to_stay_away(body: bytes) -> None:
    caught = refused(403, body)
    assert isinstance(caught, RateLimited)
    assert caught.retry_after_s == 60.0


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, b"", ExchangeError),
        (404, b"{}", ExchangeError),
        (502, b"<html>Bad Gateway</html>", VenueUnavailable),
    ],
)
def test_answer_of_a_gateway_in_between_is_an_exchange_error(
    status: int, body: bytes, error: type[ExchangeError]
) -> None:
    assert type(refused(status, body)) is error
