"""KuCoin's public requests, checked against "Classic" REST of its documentation."""

import json
from decimal import Decimal
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import (
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
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
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

VENUE = VENUES["kucoin"]
REST = VENUE.rest
(LIST,) = REST.instruments()
BTC = market("BTC/USDT", "BTC-USDT", venue="kucoin")


def find(kind: Kind, native: str) -> Instrument | None:
    return BTC if (kind, native) == (Kind.SPOT, "BTC-USDT") else None


def body(data: str) -> bytes:
    return f'{{"code":"200000","data":{data}}}'.encode()


ROW = """{"symbol":"BTC-USDT","name":"BTC-USDT","baseCurrency":"BTC","quoteCurrency":"USDT",
"feeCurrency":"USDT","market":"USDS","baseMinSize":"0.00001","quoteMinSize":"0.1","baseMaxSize":
"10000","quoteMaxSize":"99999999","baseIncrement":"0.00000001","quoteIncrement":"0.000001",
"priceIncrement":"0.1","priceLimitRate":"0.1","minFunds":"0.1","isMarginEnabled":true,
"enableTrading":true,"feeCategory":1,"makerFeeCoefficient":"1.00","takerFeeCoefficient":"0.50",
"st":false,"callauctionIsEnabled":false,"tradingStartTime":null}"""
RULES = market(
    "BTC/USDT",
    "BTC-USDT",
    venue="kucoin",
    tick="0.1",
    step="0.00000001",
    min_size="0.00001",
    max_size="10000",
    min_notional="0.1",
    maker_fee="0.001",
    taker_fee="0.0005",
)
STATS = """{"time":1782000012158,"symbol":"BTC-USDT","buy":"60000.4","sell":"60000.9",
"changeRate":"-0.0114","changePrice":"-778.1","high":"61000","low":"59000","vol":"1738.02898182",
"volValue":"104000000.4","last":"60000.8","averagePrice":"60281.2","takerFeeRate":"0.001",
"makerFeeRate":"0.001","takerCoefficient":"1","makerCoefficient":"1"}"""
TICKER = Ticker(
    instrument=BTC,
    last=60000.8,
    bid=60000.4,
    ask=60000.9,
    high=61000.0,
    low=59000.0,
    volume=1738.02898182,
    quote_volume=104000000.4,
    change=-0.0114,
    venue_ns=1782000012158_000_000,
    received_ns=RECEIVED_NS,
)

REPLIES = (
    Reply(request=LIST, body=body(f"[{ROW}]"), value=Listing([RULES])),
    Reply(
        request=REST.book(BTC),
        body=body("""{"time":1782000073859,"sequence":"14610502970","bids":[["60000.4","0.69"],
        ["60000.3","0.14377"]],"asks":[["60000.9","0.05408199"]]}"""),
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.4, 0.69), (60000.3, 0.14377)],
            asks=[(60000.9, 0.05408199)],
            sequence=14610502970,
            window=100,
            venue_ns=1782000073859_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=body("""[{"sequence":"10976028003549188","price":"60000.9","size":"0.01792257",
        "side":"buy","time":1782000017877000001},{"sequence":"10976028003549185",
        "price":"60000.4","size":"0.000025","side":"sell","time":1782000017877000000}]"""),
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
                (60000.4, 0.000025, Side.SELL, "10976028003549185", 1782000017877000000),
                (60000.9, 0.01792257, Side.BUY, "10976028003549188", 1782000017877000001),
            )
        ],
    ),
    Reply(request=REST.ticker(BTC), body=body(STATS), value=TICKER),
    Reply(
        request=REST.tickers(Kind.SPOT, find),
        body=body(f"""{{"time":1782000012158,"ticker":[{STATS},
        {STATS.replace("BTC-USDT", "NEW-USDT")}]}}"""),
        value=[TICKER],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.M1),
        # Note the order: open, close, high, low.
        body=body("""[["1782000060","60000.4","60015","60020","60000.3","0.5","30000.2"],
        ["1782000000","60000.1","60000.4","60010","59990","1.5","90000.3"]]"""),
        value=[
            Kline(
                instrument=BTC,
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
                (1782000000_000_000_000, (60000.1, 60010.0, 59990.0, 60000.4), 1.5, 90000.3, True),
                (1782000060_000_000_000, (60000.4, 60020.0, 60000.3, 60015.0), 0.5, 30000.2, None),
            )
        ],
    ),
    Reply(request=REST.server_time(), body=body("1782000092873"), value=1782000092873_000_000),
    Reply(request=REST.ping(), body=body("1782000092873"), value=None),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


@pytest.mark.parametrize(
    ("request_", "target", "weight"),
    [
        (LIST, "v2/symbols", 4),
        (REST.book(BTC), "v1/market/orderbook/level2_100?symbol=BTC-USDT", 4),
        (REST.book(BTC, 20), "v1/market/orderbook/level2_20?symbol=BTC-USDT", 2),
        (REST.book(BTC, 21), "v1/market/orderbook/level2_100?symbol=BTC-USDT", 4),
        (REST.book(BTC, 5000), "v1/market/orderbook/level2_100?symbol=BTC-USDT", 4),
        (REST.trades(BTC), "v1/market/histories?symbol=BTC-USDT", 3),
        (REST.ticker(BTC), "v1/market/stats?symbol=BTC-USDT", 15),
        (REST.tickers(Kind.SPOT, find), "v1/market/allTickers", 15),
        (
            REST.klines(BTC, KlineInterval.H4),
            "v1/market/candles?symbol=BTC-USDT&type=4hour",
            3,
        ),
        (REST.server_time(), "v1/timestamp", 3),
        (REST.ping(), "v1/timestamp", 3),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path_at_its_weight(
    request_: Request[Any], target: str, weight: int
) -> None:
    assert request_.target == f"/api/{target}"
    assert (request_.method, request_.endpoint) == ("GET", "rest")
    ((bucket, cost),) = request_.costs
    rate = VENUE.buckets[bucket]
    assert cost == weight
    assert rate.most_in(30.0) <= 2000


def test_only_as_many_rows_are_read_as_were_asked_for() -> None:
    trades = next(each for each in REPLIES if each.request.name == "trades")
    klines = next(each for each in REPLIES if each.request.name == "klines")
    (trade,) = REST.trades(BTC, 1).read(ok(trades.body))
    assert trade.trade_id == "10976028003549188"
    (kline,) = REST.klines(BTC, KlineInterval.M1, 1).read(ok(klines.body))
    assert (kline.open_ns, kline.closed) == (1782000060_000_000_000, None)


def test_what_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError, match="kucoin has no candles of 3d"):
        REST.klines(BTC, KlineInterval.D3)
    with pytest.raises(CodecUsageError):
        REST.tickers(Kind.PERPETUAL, find)


# What a row of the list means.


def listed(**changes: Any) -> Instrument:
    row = {**json.loads(ROW), **changes}
    (instrument,) = LIST.read(ok(body(json.dumps([row])))).instruments
    return instrument


@pytest.mark.parametrize(
    ("native", "base_currency", "symbol"),
    [
        ("BCHSV-USDT", "BSV", "BSV/USDT"),
        ("BCHSV-USDT", "BCHSV", "BSV/USDT"),
        ("LOKI-USDT", "OXEN", "OXEN/USDT"),
        ("KALT-USDT", "ALT", "ALT/USDT"),
        ("ALT-USDT", "ALT", "APTOSLAUNCHTOKEN/USDT"),
    ],
)
def test_asset_has_the_name_it_was_given_last_or_the_usual_one(
    native: str, base_currency: str, symbol: str
) -> None:
    instrument = listed(symbol=native, baseCurrency=base_currency)
    assert (instrument.native, instrument.symbol) == (native, symbol)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "trading"),
        ({"enableTrading": False}, "halted"),
        ({"callauctionIsEnabled": True}, "halted"),
    ],
)
def test_only_markets_that_trade_are_trading(changes: dict[str, bool], status: str) -> None:
    assert listed(**changes).status == status


@pytest.mark.parametrize(("fee_class", "fee"), [(1, "0.001"), (2, "0.002"), (3, "0.003")])
def test_kucoin_b1_fees_are_those_of_the_class_times_the_coefficient(
    fee_class: int, fee: str
) -> None:
    instrument = listed(feeCategory=fee_class)
    assert (instrument.maker_fee, instrument.taker_fee) == (Decimal(fee), Decimal(fee) / 2)


def test_fees_of_a_class_that_nobody_knows_are_not_known() -> None:
    instrument = listed(feeCategory=4)
    assert (instrument.maker_fee, instrument.taker_fee) == (None, None)


def test_row_without_increments_costs_no_other() -> None:
    rows = f"[{ROW.replace('0.00000001', '0')},{ROW}]"
    listing = LIST.read(ok(body(rows)))
    assert listing.instruments == [RULES]
    assert len(listing.odd) == 1


def test_market_that_was_not_traded_has_no_statistics() -> None:
    empty = dict.fromkeys(("last", "high", "low", "vol", "volValue", "changeRate", "buy", "sell"))
    row = {**json.loads(STATS), **empty}
    assert REST.ticker(BTC).read(ok(body(json.dumps(row)))) == Ticker(
        instrument=BTC, last=None, venue_ns=1782000012158_000_000, received_ns=RECEIVED_NS
    )


# Errors. They come with HTTP 200 as well.


def refused(status: int, content: bytes, **headers: str) -> ExchangeError:
    response = Response(
        status=status,
        body=content,
        received_ns=RECEIVED_NS,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(response)
    return caught.value


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        ("900001", "symbol not exists", InvalidSymbol),
        ("400100", "Unsupported trading pair.", InvalidSymbol),
        ("400100", "Bad parameter.", ExchangeError),
        ("400600", "Not yet.", TradingDisabled),
        ("500000", "Internal Server Error", VenueUnavailable),
        ("401000", "The interface has been deprecated", ExchangeError),
        ("429000", "Too Many Requests", RateLimited),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_code_tells_what_went_wrong(
    status: int, code: str, message: str, error: type[ExchangeError]
) -> None:
    caught = refused(status, json.dumps({"code": code, "msg": message}).encode())
    assert type(caught) is error
    assert (caught.venue, caught.code, caught.message) == ("kucoin", code, message)


@pytest.mark.parametrize(
    ("status", "content", "headers", "wait_s"),
    [
        (429, b'{"code":"429000","msg":"x"}', {"gw_ratelimit_reset": "1500"}, 1.5),
        (429, b"", {}, 30.0),
        (429, b"", {"gw_ratelimit_reset": "soon"}, 30.0),
        (200, b'{"code":"429000","msg":"x"}', {"gw_ratelimit_reset": "20"}, 0.02),
        (200, b'{"code":"429000","msg":"x"}', {"gw_ratelimit_reset": "9e9"}, 30.0),
        (403, b"error code: 1015", {}, 300.0),
    ],
)
def test_rate_limit_says_how_long_to_stay_away(
    status: int, content: bytes, headers: dict[str, str], wait_s: float
) -> None:
    caught = refused(status, content, **headers)
    assert isinstance(caught, RateLimited)
    assert caught.retry_after_s == wait_s


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (403, b"<html>Forbidden</html>", RateLimited),
        (404, b"", ExchangeError),
        (502, b"<html>Bad Gateway</html>", VenueUnavailable),
        (200, b"<html>Welcome</html>", VenueProtocolError),
        (200, b'{"code":"200000"}', VenueProtocolError),
        (200, b'{"code":"200000","data":null}', VenueProtocolError),
    ],
)
def test_answer_that_is_not_the_venues_is_an_exchange_error(
    status: int, content: bytes, error: type[ExchangeError]
) -> None:
    assert type(refused(status, content)) is error
