"""HTX's public requests of spot markets, and errors. Swaps are in `test_swap_rest.py`."""

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
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Listing, Request
from tests.exchanges.htx.test_swap_rest import REPLIES as SWAP_REPLIES
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

VENUE = VENUES["htx"]
REST = VENUE.rest
LIST, SWAP_LIST = REST.instruments()
BTC = market("BTC/USDT", "btcusdt", venue="htx")
SWAP = market("BTC/USDT:USDT", "BTC-USDT", venue="htx", contract_size="0.001")
TIME_NS = 1782000000801_000_000

ROW = """{"base-currency":"btc","quote-currency":"usdt","price-precision":2,"amount-precision":6,
"symbol-partition":"main","symbol":"btcusdt","state":"online","value-precision":8,
"min-order-amt":0.0001,"max-order-amt":1000,"min-order-value":10,"limit-order-min-order-amt":1E-4,
"limit-order-max-order-amt":1000,"limit-order-max-buy-amt":1000,"sell-market-min-order-amt":0.0001,
"buy-market-max-order-value":1000000,"api-trading":"enabled","tags":"activities"}"""
RULES = market(
    "BTC/USDT",
    "btcusdt",
    venue="htx",
    tick="0.01",
    step="0.000001",
    min_size="0.0001",
    max_size="1000",
    min_notional="10",
)


def find(kind: Kind, native: str) -> Instrument | None:
    return BTC if (kind, native) == (Kind.SPOT, "btcusdt") else None


def body(what: str, ts: str = "1782000000801") -> bytes:
    return f'{{"status":"ok","ts":{ts},{what}}}'.encode()


DAY = '"open":48000,"close":60000,"low":47000,"high":61000,"amount":12500.5,"vol":750000000'
TICKER = Ticker(
    instrument=BTC,
    last=60000.0,
    bid=59999.5,
    ask=60000.5,
    high=61000.0,
    low=47000.0,
    volume=12500.5,
    quote_volume=750000000.0,
    change=0.25,
    venue_ns=TIME_NS,
    received_ns=RECEIVED_NS,
)

SPOT_REPLIES = (
    Reply(request=LIST, body=body(f'"data":[{ROW}]', '"1782000000801"'), value=Listing([RULES])),
    Reply(
        request=REST.book(BTC),
        body=body(""""ch":"market.btcusdt.depth.step0","tick":{"ts":1782000000215,
        "version":136107114472,"bids":[[60000.4,0.779876],[60000.3,1.82E-4]],
        "asks":[[60000.9,2.980472]]}"""),
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.4, 0.779876), (60000.3, 0.000182)],
            asks=[(60000.9, 2.980472)],
            sequence=136107114472,
            window=150,
            venue_ns=1782000000215_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        # The newest order comes first, and of each order the newest trade.
        body=body(""""ch":"market.btcusdt.trade.detail","data":[{"id":136108764379,
        "ts":1782000000939,"data":[{"id":1.361087643793484e+26,"ts":1782000000939,
        "trade-id":102517381182,"amount":0.000124,"price":60000.9,"direction":"buy"}]},
        {"id":136108763320,"ts":1782000000198,"data":[{"id":136108763320348400000000002,
        "ts":1782000000198,"trade-id":102517381181,"amount":0.01125,"price":60000.3,
        "direction":"sell"},{"id":136108763320348400000000001,"ts":1782000000198,
        "trade-id":102517381180,"amount":0.00083,"price":60000.4,"direction":"sell"}]}]"""),
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
                (60000.4, 0.00083, Side.SELL, "102517381180", 1782000000198_000_000),
                (60000.3, 0.01125, Side.SELL, "102517381181", 1782000000198_000_000),
                (60000.9, 0.000124, Side.BUY, "102517381182", 1782000000939_000_000),
            )
        ],
    ),
    Reply(
        request=REST.ticker(BTC),
        body=body(f""""ch":"market.btcusdt.detail.merged","tick":{{"id":272156789143,
        "version":272156789143,{DAY},"count":420573,"bid":[59999.5,2.58],
        "ask":[60000.5,0.0024]}}"""),
        value=TICKER,
    ),
    Reply(
        request=REST.tickers(Kind.SPOT, find),
        body=body(f""""data":[{{"symbol":"btcusdt",{DAY},"count":420573,"bid":59999.5,
        "bidSize":2.58,"ask":60000.5,"askSize":0.0024}},{{"symbol":"newusdt",{DAY},"count":0,
        "bid":0,"bidSize":0,"ask":0,"askSize":0}}]"""),
        value=[TICKER],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.M5),
        body=body(""""ch":"market.btcusdt.kline.5min","data":[{"id":1782000300,"open":60000.4,
        "close":60015,"low":60000.3,"high":60020,"amount":0.5,"vol":30000.2,"count":3},
        {"id":1782000000,"open":60000.1,"close":60000.4,"low":59990,"high":60010,"amount":1.5,
        "vol":90000.3,"count":196}]"""),
        value=[
            Kline(
                instrument=BTC,
                interval=KlineInterval.M5,
                open_ns=open_ns,
                open=prices[0],
                high=prices[1],
                low=prices[2],
                close=prices[3],
                volume=volume,
                quote_volume=quote_volume,
                trades=trades,
                closed=closed,
                received_ns=RECEIVED_NS,
            )
            for open_ns, prices, volume, quote_volume, trades, closed in (
                (
                    1782000000_000_000_000,
                    (60000.1, 60010.0, 59990.0, 60000.4),
                    1.5,
                    90000.3,
                    196,
                    True,
                ),
                (
                    1782000300_000_000_000,
                    (60000.4, 60020.0, 60000.3, 60015.0),
                    0.5,
                    30000.2,
                    3,
                    None,
                ),
            )
        ],
    ),
    Reply(request=REST.server_time(), body=body('"data":1782000000873'), value=1782000000873000000),
    Reply(request=REST.ping(), body=body('"data":1782000000873'), value=None),
)
REPLIES = (*SPOT_REPLIES, *SWAP_REPLIES)


@pytest.mark.parametrize("reply", SPOT_REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


@pytest.mark.parametrize(
    ("request_", "target"),
    [
        (LIST, "/v1/common/symbols"),
        (REST.book(BTC), "/market/depth?symbol=btcusdt&type=step0"),
        (REST.book(BTC, 5), "/market/depth?symbol=btcusdt&type=step0&depth=5"),
        (REST.book(BTC, 11), "/market/depth?symbol=btcusdt&type=step0&depth=20"),
        (REST.book(BTC, 21), "/market/depth?symbol=btcusdt&type=step0"),
        (REST.trades(BTC, 5000), "/market/history/trade?symbol=btcusdt&size=2000"),
        (REST.ticker(BTC), "/market/detail/merged?symbol=btcusdt"),
        (REST.tickers(Kind.SPOT, find), "/market/tickers"),
        (
            REST.klines(BTC, KlineInterval.H4, 5000),
            "/market/history/kline?symbol=btcusdt&period=4hour&size=2000",
        ),
        (REST.server_time(), "/v1/common/timestamp"),
        (REST.ping(), "/v1/common/timestamp"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path_within_its_limit(
    request_: Request[Any], target: str
) -> None:
    assert request_.target == target
    assert (request_.method, request_.endpoint) == ("GET", "rest")
    ((bucket, cost),) = request_.costs
    rate = VENUE.buckets[bucket]
    assert cost == 1
    assert rate.most_in(1.0) <= 10


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    for instrument in (BTC, SWAP):
        with pytest.raises(CodecUsageError, match="htx has no candles of 3m"):
            REST.klines(instrument, KlineInterval.M3)


def test_only_as_many_trades_are_read_as_were_asked_for() -> None:
    reply = next(each for each in SPOT_REPLIES if each.request.name == "trades")
    (trade,) = REST.trades(BTC, 1).read(ok(reply.body))
    assert trade.trade_id == "102517381182"


# What a row of the list means.


def listed(**changes: Any) -> list[Instrument]:
    row = {**json.loads(ROW), **changes}
    return LIST.read(ok(body(f'"data":[{json.dumps(row)}]'))).instruments


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "trading"),
        ({"state": "offline"}, "halted"),
        ({"state": "pre-online"}, "halted"),
        ({"api-trading": "disabled"}, "halted"),
    ],
)
def test_only_markets_that_trade_are_trading(changes: dict[str, str], status: str) -> None:
    (instrument,) = listed(**changes)
    assert instrument.status == status


@pytest.mark.parametrize(
    ("tags", "is_listed"),
    [
        ("etp,nav,holdinglimit,activities", False),
        ("activities,etp", False),
        ("nav", False),
        ("st,hadax", True),
        ("", True),
        (None, True),
    ],
)
def test_leveraged_tokens_are_left_out(tags: str | None, is_listed: bool) -> None:
    assert bool(listed(tags=tags)) is is_listed


def test_row_with_an_absurd_rule_costs_no_other() -> None:
    odd = ROW.replace('"price-precision":2', '"price-precision":-1')
    listing = LIST.read(ok(body(f'"data":[{odd},{ROW}]')))
    assert listing.instruments == [RULES]
    assert len(listing.odd) == 1


# Errors: spot, swaps and V5 have forms of their own, all with HTTP 200 as well.


def refused(status: int, content: bytes, request: Request[Any] | None = None) -> ExchangeError:
    response = Response(status=status, body=content, received_ns=RECEIVED_NS)
    with pytest.raises(ExchangeError) as caught:
        (request or REST.book(BTC)).read(response)
    return caught.value


@pytest.mark.parametrize(
    ("content", "code", "message", "error"),
    [
        (
            {"status": "error", "err-code": "base-symbol-error", "err-msg": "No such symbol"},
            "base-symbol-error",
            "No such symbol",
            InvalidSymbol,
        ),
        (
            {"status": "error", "err-code": "invalid-parameter", "err-msg": "invalid symbol"},
            "invalid-parameter",
            "invalid symbol",
            InvalidSymbol,
        ),
        (
            {"status": "error", "err_code": 1066, "err_msg": "No such contract", "ts": 1},
            "1066",
            "No such contract",
            InvalidSymbol,
        ),
        (
            {"status": "error", "err_code": 1056, "err_msg": "In settlement", "ts": 1},
            "1056",
            "In settlement",
            TradingDisabled,
        ),
        (
            {"code": 1220, "message": "Not allowed", "ts": 1},
            "1220",
            "Not allowed",
            PermissionDenied,
        ),
        (
            {"status": "error", "err-code": "x", "err-msg": "System is under Maintainance"},
            "x",
            "System is under Maintainance",
            VenueUnavailable,
        ),
        (
            {"status": "error", "err-code": "gateway-internal-error", "err-msg": ""},
            "gateway-internal-error",
            "",
            VenueUnavailable,
        ),
        (
            {"status": "error", "err-code": "base-request-exceed-frequency-limit", "err-msg": "x"},
            "base-request-exceed-frequency-limit",
            "x",
            RateLimited,
        ),
        (
            {"status": "error", "err-code": "bad-request", "err-msg": "429 too many request"},
            "bad-request",
            "429 too many request",
            RateLimited,
        ),
        ({"code": 9999, "message": "Words of next year"}, "9999", "Words of next year", None),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_code_or_words_tell_what_went_wrong(
    status: int,
    content: dict[str, Any],
    code: str,
    message: str,
    error: type[ExchangeError] | None,
) -> None:
    for request in (REST.book(BTC), REST.funding(SWAP)):
        caught = refused(status, json.dumps(content).encode(), request)
        assert type(caught) is (error or ExchangeError)
        assert (caught.venue, caught.code, caught.message) == ("htx", code, message)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (
            {"err_code": 1032, "err_msg": "The number of access exceeded the limit."},
            RateLimited,
        ),
        ({"err_code": 1014, "err_msg": "This contract doesnt exist."}, InvalidSymbol),
        (
            {"err-code": "invalid-parameter", "err-msg": "contract_code data error or empty"},
            InvalidSymbol,
        ),
        ({"err-code": "bad-request", "err-msg": "invalid  symbol"}, InvalidSymbol),
        ({"err-code": "bad-request", "err-msg": " Invalid\tsymbol"}, InvalidSymbol),
    ],
)
def test_htx_b11_refusals_of_swaps_are_known_however_they_are_spaced(
    content: dict[str, Any], error: type[ExchangeError]
) -> None:
    caught = refused(200, json.dumps({"status": "error", **content}).encode(), REST.funding(SWAP))
    assert type(caught) is error
    if isinstance(caught, RateLimited):
        assert caught.retry_after_s == 3.0


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (429, b"", RateLimited),
        (403, b"<html>Forbidden</html>", RateLimited),
        (502, b"<html>Bad Gateway</html>", VenueUnavailable),
        (200, b"<html>Welcome</html>", VenueProtocolError),
        (200, b'{"status":"ok","ts":1}', VenueProtocolError),
        (200, b'{"status":"ok","tick":{"bids":[],"asks":[]}}', VenueProtocolError),
    ],
)
def test_answer_that_is_not_the_venues_is_an_exchange_error(
    status: int, content: bytes, error: type[ExchangeError]
) -> None:
    caught = refused(status, content)
    assert type(caught) is error
    if isinstance(caught, RateLimited):
        assert caught.retry_after_s == (60.0 if caught.is_ban else 1.0)
