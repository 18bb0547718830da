"""Gate.io's public requests, checked against "Spot" of its REST v4 documentation."""

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
from exchanges.market.instrument import Instrument, Instruments, Kind, Status
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Effect, Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

REST = VENUES["gateio"].rest
(LIST,) = REST.instruments()
BTC = market("BTC/USDT", "BTC_USDT", venue="gateio")


def rules(symbol: str, native: str, **facts: Any) -> Instrument:
    return market(symbol, native, venue="gateio", **facts)


REPLIES = (
    Reply(
        request=LIST,
        body=b"""[{"id":"BTC_USDT","base":"BTC","base_name":"Bitcoin","quote":"USDT",
        "quote_name":"Tether","fee":"0.2","min_base_amount":"0.000001","min_quote_amount":"3",
        "max_base_amount":"1000","max_quote_amount":"5000000","amount_precision":6,
        "precision":1,"trade_status":"tradable","sell_start":1516378650,"buy_start":1516378650,
        "delisting_time":0,"type":"normal","trade_url":"https://www.gate.com/trade/BTC_USDT",
        "st_tag":false},
        {"id":"GTC_USDT","base":"GTC","quote":"USDT","fee":"0.1","min_base_amount":null,
        "min_quote_amount":null,"amount_precision":0,"precision":4,"trade_status":"buyable"},
        {"id":"NEW_USDT","base":"NEW","quote":"USDT","fee":"0.2","amount_precision":0,
        "precision":4,"trade_status":"tradable","type":"premarket"}]""",
        value=Listing(
            [
                rules(
                    "BTC/USDT",
                    "BTC_USDT",
                    tick="0.1",
                    step="0.000001",
                    min_size="0.000001",
                    max_size="1000",
                    min_notional="3",
                ),
                rules(
                    "GAMECOM/USDT",
                    "GTC_USDT",
                    tick="0.0001",
                    step="1",
                    status=Status.HALTED,
                ),
            ]
        ),
    ),
    Reply(
        request=REST.book(BTC),
        body=b"""{"id":123456,"current":1623898993123,"update":1623898993121,
        "asks":[["60000.5","1.151"],["60001","1.218"]],"bids":[["60000.1","0.5"]]}""",
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.1, 0.5)],
            asks=[(60000.5, 1.151), (60001.0, 1.218)],
            sequence=123456,
            window=100,
            venue_ns=1623898993123_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=b"""[{"id":"1232893233","create_time":"1548000001",
        "create_time_ms":"1548000001123.456","currency_pair":"BTC_USDT","side":"sell",
        "amount":"0.25","price":"60000.4","sequence_id":"588019"},
        {"id":"1232893232","create_time":"1548000000","create_time_ms":"1548000000123.456",
        "currency_pair":"BTC_USDT","side":"buy","amount":"0.15","price":"60000.5",
        "sequence_id":"588018"}]""",
        value=[
            Trade(
                instrument=BTC,
                price=60000.5,
                size=0.15,
                side=Side.BUY,
                trade_id="1232893232",
                venue_ns=1548000000123_456_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=60000.4,
                size=0.25,
                side=Side.SELL,
                trade_id="1232893233",
                venue_ns=1548000001123_456_000,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(
        request=REST.ticker(BTC),
        body=b"""[{"currency_pair":"BTC_USDT","last":"60000.4","lowest_ask":"60000.5",
        "lowest_size":"1.2","highest_bid":"60000.3","highest_size":"0.5",
        "change_percentage":"-8.5","base_volume":"6566.14","quote_volume":"394000000.5",
        "high_24h":"66000","low_24h":"59000"}]""",
        value=Ticker(
            instrument=BTC,
            last=60000.4,
            bid=60000.3,
            ask=60000.5,
            high=66000.0,
            low=59000.0,
            volume=6566.14,
            quote_volume=394000000.5,
            change=-0.085,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.tickers(Kind.SPOT, Instruments([BTC]).native),
        body=b"""[{"currency_pair":"NOPE_USDT"},{"currency_pair":"BTC_USDT","last":"60000.4",
        "lowest_ask":"","highest_bid":"60000.3","change_percentage":"-8.5",
        "base_volume":"6566.14","quote_volume":"394000000.5","high_24h":"66000",
        "low_24h":"59000"}]""",
        value=[
            Ticker(
                instrument=BTC,
                last=60000.4,
                bid=60000.3,
                high=66000.0,
                low=59000.0,
                volume=6566.14,
                quote_volume=394000000.5,
                change=-0.085,
                received_ns=RECEIVED_NS,
            )
        ],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.M1),
        body=b"""[["1699999920","90000.3","60000.4","60010","59990","60000.1","1.5","true"],
        ["1699999980","30000.2","60015","60020","60000.4","60000.4","0.5","false"]]""",
        value=[
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=1699999920_000_000_000,
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
                open_ns=1699999980_000_000_000,
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
        body=b'{"server_time":1731447921098}',
        value=1731447921098_000_000,
    ),
    Reply(request=REST.ping(), body=b'{"server_time":1731447921098}', value=None),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("tradable", Status.TRADING),
        ("buyable", Status.HALTED),
        ("sellable", Status.HALTED),
        ("untradable", Status.HALTED),
        ("a status of next year", Status.HALTED),
    ],
)
def test_only_markets_with_both_sides_take_part(status: str, expected: Status) -> None:
    (instrument,) = LIST.read(ok(pair_row(trade_status=status))).instruments
    assert instrument.status is expected


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-0.01", "one"])
@pytest.mark.parametrize("name", ["min_base_amount", "max_base_amount", "min_quote_amount"])
def test_rule_that_no_market_can_have_is_not_taken(name: str, number: str) -> None:
    with pytest.raises(VenueProtocolError):
        LIST.read(ok(pair_row(**{name: number})))


def pair_row(**changes: str) -> bytes:
    row = {
        "id": "BTC_USDT",
        "base": "BTC",
        "quote": "USDT",
        "fee": "0.2",
        "amount_precision": 6,
        "precision": 1,
        "trade_status": "tradable",
        **changes,
    }
    return json.dumps([row]).encode()


def test_tickers_of_perpetuals_are_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        REST.tickers(Kind.PERPETUAL, lambda *_: None)


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        REST.klines(BTC, KlineInterval.MO1)


# What a request asks and what it costs.


@pytest.mark.parametrize(
    ("request_", "path", "query"),
    [
        (LIST, "currency_pairs", ""),
        (REST.book(BTC), "order_book", "?currency_pair=BTC_USDT&with_id=true&limit=100"),
        (REST.book(BTC, 5), "order_book", "?currency_pair=BTC_USDT&with_id=true&limit=5"),
        (REST.book(BTC, 1000), "order_book", "?currency_pair=BTC_USDT&with_id=true&limit=100"),
        (REST.trades(BTC, 500), "trades", "?currency_pair=BTC_USDT&limit=500"),
        (REST.trades(BTC, 5000), "trades", "?currency_pair=BTC_USDT&limit=1000"),
        (REST.ticker(BTC), "tickers", "?currency_pair=BTC_USDT"),
        (REST.tickers(Kind.SPOT, lambda *_: None), "tickers", ""),
        (
            REST.klines(BTC, KlineInterval.W1, 50),
            "candlesticks",
            "?currency_pair=BTC_USDT&interval=7d&limit=50",
        ),
        (REST.server_time(), "time", ""),
        (REST.ping(), "time", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path(request_: Request[Any], path: str, query: str) -> None:
    assert request_.target == f"/api/v4/spot/{path}{query}"
    assert request_.endpoint == "rest"
    assert request_.costs == ((f"/api/v4/spot/{path}", 1),)
    assert (request_.method, request_.effect) == ("GET", Effect.READ)


def test_no_path_is_asked_more_than_two_hundred_times_in_ten_seconds() -> None:
    for rate in VENUES["gateio"].buckets.values():
        assert rate.most_in(10.0) <= 200


# Errors.


def refused(status: int, body: bytes, **headers: str) -> ExchangeError:
    response = Response(status=status, body=body, received_ns=RECEIVED_NS, headers=headers)
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(response)
    return caught.value


@pytest.mark.parametrize(
    ("status", "label", "error"),
    [
        (400, "INVALID_CURRENCY_PAIR", InvalidSymbol),
        (400, "INVALID_CURRENCY", InvalidSymbol),
        (403, "IP_FORBIDDEN", PermissionDenied),
        (403, "FORBIDDEN", PermissionDenied),
        (400, "TRADE_RESTRICTED", TradingDisabled),
        (500, "INTERNAL", VenueUnavailable),
        (500, "SERVER_ERROR", VenueUnavailable),
        (400, "TOO_BUSY", VenueUnavailable),
        (400, "TOO_MANY_REQUESTS", RateLimited),
        (400, "TOO_FAST", RateLimited),
        (400, "INVALID_PARAM_VALUE", ExchangeError),
    ],
)
def test_label_tells_what_went_wrong(status: int, label: str, error: type[ExchangeError]) -> None:
    caught = refused(status, b'{"label":"%s","message":"Words of the venue."}' % label.encode())
    assert type(caught) is error
    assert (caught.venue, caught.code, caught.message) == ("gateio", label, "Words of the venue.")
    assert caught.asked == "GET /api/v4/spot/order_book"


def test_detail_stands_for_a_missing_message() -> None:
    caught = refused(400, b'{"label":"INVALID_PARAM_VALUE","detail":"Words of the venue."}')
    assert caught.message == "Words of the venue."


@pytest.mark.parametrize("body", [b"", b'{"label":"TOO_MANY_REQUESTS","message":"slow down"}'])
def test_rate_limit_is_over_after_its_window(body: bytes) -> None:
    caught = refused(429, body)
    assert isinstance(caught, RateLimited)
    assert caught.retry_after_s == 10.0


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, b"<html><body>403 Forbidden</body></html>", RateLimited),
        (404, b"", ExchangeError),
        (404, b"{}", ExchangeError),
        (502, b"<html>Bad Gateway</html>", VenueUnavailable),
    ],
)
def test_answer_of_a_gateway_in_between_is_an_exchange_error(
    status: int, body: bytes, error: type[ExchangeError]
) -> None:
    assert type(refused(status, body)) is error
