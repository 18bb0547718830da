"""Binance's public requests, checked against "General" and "Market data endpoints"."""

from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import (
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
from exchanges.market.instrument import Instrument, Instruments, Kind, Status
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Effect, Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

REST = VENUES["binance"].rest
SPOT_LIST, PERPETUAL_LIST = REST.instruments()
BTC = market("BTC/USDT", "BTCUSDT", venue="binance")
PERP = market("BTC/USDT:USDT", "BTCUSDT", venue="binance", funding_interval_s=14_400.0)
LISTED = market("NEW/USDT:USDT", "NEWUSDT", venue="binance")  # of which no fundingInfo was read


def rules(
    symbol: str,
    native: str,
    tick: str,
    step: str,
    sizes: tuple[str, str],
    min_notional: str,
    **facts: Any,
) -> Instrument:
    min_size, max_size = sizes
    return market(
        symbol,
        native,
        venue="binance",
        tick=tick,
        step=step,
        min_size=min_size,
        max_size=max_size,
        min_notional=min_notional,
        **facts,
    )


REPLIES = (
    Reply(
        request=SPOT_LIST,
        body=b"""{"timezone":"UTC","serverTime":1634942465856,"symbols":[{"symbol":"BTCUSDT",
        "status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","filters":[
        {"filterType":"PRICE_FILTER","minPrice":"0.01000000","maxPrice":"1000000.00000000",
        "tickSize":"0.01000000"},
        {"filterType":"LOT_SIZE","minQty":"0.00001000","maxQty":"9000.00000000",
        "stepSize":"0.00001000"},
        {"filterType":"MARKET_LOT_SIZE","minQty":"0.00000000","maxQty":"112.21108820",
        "stepSize":"0.00000000"},
        {"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true,
        "maxNotional":"9000000.00000000","applyMaxToMarket":false,"avgPriceMins":5}]}]}""",
        value=Listing([rules("BTC/USDT", "BTCUSDT", "0.01", "0.00001", ("0.00001", "9000"), "5")]),
    ),
    Reply(
        request=PERPETUAL_LIST,
        body=b"""{"timezone":"UTC","symbols":[{"symbol":"1000PEPEUSDT","contractType":"PERPETUAL",
        "status":"TRADING","baseAsset":"1000PEPE","quoteAsset":"USDT","marginAsset":"USDT",
        "pricePrecision":7,"quantityPrecision":0,"filters":[
        {"filterType":"PRICE_FILTER","minPrice":"0.0000001","maxPrice":"200",
        "tickSize":"0.0000001"},
        {"filterType":"LOT_SIZE","minQty":"1","maxQty":"100000000","stepSize":"1"},
        {"filterType":"MIN_NOTIONAL","notional":"5"}]},
        {"symbol":"BTCUSDT_261225","contractType":"CURRENT_QUARTER","status":"TRADING",
        "baseAsset":"BTC","quoteAsset":"USDT","marginAsset":"USDT","filters":[]},
        {"symbol":"TSLAUSDT","contractType":"TRADIFI_PERPETUAL","status":"TRADING",
        "baseAsset":"TSLA","quoteAsset":"USDT","marginAsset":"USDT","filters":[]}]}""",
        value=Listing(
            [
                rules(
                    "PEPE/USDT:USDT",
                    "1000PEPEUSDT",
                    "0.0000000001",
                    "1000",
                    ("1000", "100000000000"),
                    "5",
                    contract_size="1000",
                    multiplier=1000,
                    traded_as="1000PEPE",
                )
            ]
        ),
    ),
    Reply(
        request=REST.book(BTC),
        body=b"""{"lastUpdateId":1027024,"bids":[["60000.40000000","0.43100000"],
        ["60000.30000000","1.00000000"]],"asks":[["60000.50000000","0.12000000"]]}""",
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.4, 0.431), (60000.3, 1.0)],
            asks=[(60000.5, 0.12)],
            sequence=1027024,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.book(PERP),
        body=b"""{"lastUpdateId":1027024,"E":1589436922972,"T":1589436922959,
        "bids":[["60000.40","0.431"]],"asks":[]}""",
        value=BookSnapshot(
            instrument=PERP,
            bids=[(60000.4, 0.431)],
            asks=[],
            sequence=1027024,
            venue_ns=1589436922972_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=b"""[{"id":28457,"price":"60000.40000000","qty":"0.12000000","quoteQty":"7200.048",
        "time":1499865549590,"isBuyerMaker":true,"isBestMatch":true},
        {"id":28458,"price":"60000.50000000","qty":"0.01000000","quoteQty":"600.005",
        "time":1499865549591,"isBuyerMaker":false,"isBestMatch":true}]""",
        value=[
            Trade(
                instrument=BTC,
                price=60000.4,
                size=0.12,
                side=Side.SELL,
                trade_id="28457",
                venue_ns=1499865549590_000_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=60000.5,
                size=0.01,
                side=Side.BUY,
                trade_id="28458",
                venue_ns=1499865549591_000_000,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(
        request=REST.ticker(BTC),
        body=b"""{"symbol":"BTCUSDT","priceChange":"-940.0","priceChangePercent":"-1.500",
        "weightedAvgPrice":"60500.1","prevClosePrice":"61000.0","lastPrice":"60000.4",
        "lastQty":"0.2","bidPrice":"60000.3","bidQty":"1","askPrice":"60000.5","askQty":"2",
        "openPrice":"60940.4","highPrice":"61500.0","lowPrice":"59500.0","volume":"8913.3",
        "quoteVolume":"539254650.0","openTime":1499783499040,"closeTime":1499869899040,
        "firstId":1,"lastId":76,"count":76}""",
        value=Ticker(
            instrument=BTC,
            last=60000.4,
            bid=60000.3,
            ask=60000.5,
            high=61500.0,
            low=59500.0,
            volume=8913.3,
            quote_volume=539254650.0,
            change=-0.015,
            venue_ns=1499869899040_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.M1),
        # The first candle has ended by our clock, the second has not.
        body=b"""[[1699999920000,"60000.1","60010.0","59990.0","60000.4","1.5",1699999979999,
        "90000.3",308,"0.7","42000.1","0"],
        [1699999980000,"60000.4","60020.0","60000.4","60015.0","0.5",1700000039999,
        "30000.2",12,"0.2","12000.1","0"]]""",
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
                trades=308,
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
                trades=12,
                closed=False,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(
        request=REST.server_time(),
        body=b'{"serverTime":1499827319559}',
        value=1499827319559_000_000,
    ),
    Reply(request=REST.ping(), body=b"{}", value=None),
    Reply(
        request=REST.funding(PERP),
        body=b"""{"symbol":"BTCUSDT","markPrice":"60000.63104562","indexPrice":"59990.80495970",
        "estimatedSettlePrice":"59991.16138815","lastFundingRate":"-0.00038246",
        "interestRate":"0.00010000","nextFundingTime":1597392000000,"time":1597370495002}""",
        value=Funding(
            instrument=PERP,
            rate=-0.00038246,
            interval_s=14_400.0,
            next_ns=1597392000000_000_000,
            venue_ns=1597370495002_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.funding(LISTED),
        body=b"""{"symbol":"NEWUSDT","markPrice":"0.15","indexPrice":"0.16",
        "lastFundingRate":"0.0001","nextFundingTime":1597392000000,"time":1597370495002}""",
        value=Funding(
            instrument=LISTED,
            rate=0.0001,
            interval_s=None,  # fundingInfo was not asked, or did not answer
            next_ns=1597392000000_000_000,
            venue_ns=1597370495002_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.funding_history(PERP),
        body=b"""[{"symbol":"BTCUSDT","fundingRate":"-0.03750000","fundingTime":1570608000000,
        "markPrice":""},{"symbol":"BTCUSDT","fundingRate":"0.00010000",
        "fundingTime":1570636800000,"markPrice":"34287.54619963"}]""",
        value=[
            FundingCharge(
                instrument=PERP,
                rate=rate,
                charged_ns=at_ns,
                received_ns=RECEIVED_NS,
            )
            for rate, at_ns in (
                (-0.0375, 1570608000000_000_000),
                (0.0001, 1570636800000_000_000),
            )
        ],
    ),
    Reply(
        request=REST.tickers(Kind.PERPETUAL, Instruments([PERP]).native),
        body=b"""[{"symbol":"NOPEUSDT"},{"symbol":"BTCUSDT","priceChangePercent":"-2.5",
        "lastPrice":"60000.1","highPrice":"61000","lowPrice":"59000","volume":"100.5",
        "quoteVolume":"6000000.5","closeTime":1499869899040}]""",
        value=[
            Ticker(
                instrument=PERP,
                last=60000.1,
                high=61000.0,
                low=59000.0,
                volume=100.5,
                quote_volume=6000000.5,
                change=-0.025,
                venue_ns=1499869899040_000_000,
                received_ns=RECEIVED_NS,
            )
        ],
    ),
    Reply(
        request=REST.mark_price(PERP),
        body=b"""{"symbol":"BTCUSDT","markPrice":"60000.63104562","indexPrice":"59990.80495970",
        "estimatedSettlePrice":"59991.16138815","lastFundingRate":"0.00038246",
        "interestRate":"0.00010000","nextFundingTime":1597392000000,"time":1597370495002}""",
        value=MarkPrice(
            instrument=PERP,
            mark=60000.63104562,
            index=59990.8049597,
            venue_ns=1597370495002_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.open_interest(PERP),
        body=b'{"openInterest":"10659.509","symbol":"BTCUSDT","time":1589437530011}',
        value=OpenInterest(
            instrument=PERP,
            size=10659.509,
            venue_ns=1589437530011_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


def test_funding_intervals_are_listed_in_hours() -> None:
    request = REST.funding_intervals()
    assert request is not None
    body = (
        b'[{"symbol":"BLZUSDT","fundingIntervalHours":4},{"symbol":"X","fundingIntervalHours":1}]'
    )
    assert request.read(ok(body)) == [("BLZUSDT", 14_400.0), ("X", 3_600.0)]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("TRADING", Status.TRADING),
        ("HALT", Status.HALTED),
        ("BREAK", Status.HALTED),
        ("CANCEL_ONLY", Status.HALTED),
        ("PENDING_TRADING", Status.HALTED),
        ("CLOSE", Status.DELISTED),
        ("SETTLING", Status.DELISTED),
        ("a status of next year", Status.HALTED),
    ],
)
def test_only_trading_markets_take_part(status: str, expected: Status) -> None:
    body = b"""{"symbols":[{"symbol":"BTCUSDT","status":"%s","baseAsset":"BTC",
    "quoteAsset":"USDT","filters":[{"filterType":"PRICE_FILTER","tickSize":"0.01"},
    {"filterType":"LOT_SIZE","stepSize":"0.01","minQty":"0.01","maxQty":"100"}]}]}"""
    (instrument,) = SPOT_LIST.read(ok(body % status.encode())).instruments
    assert instrument.status is expected


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-0.01"])
def test_rule_that_no_market_can_have_is_not_taken(number: str) -> None:
    body = b"""{"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC",
    "quoteAsset":"USDT","filters":[{"filterType":"PRICE_FILTER","tickSize":"%s"}]}]}"""
    with pytest.raises(VenueProtocolError):
        SPOT_LIST.read(ok(body % number.encode()))


# What a request asks and what it costs, as the tables of endpoints say.


@pytest.mark.parametrize(
    ("request_", "target"),
    [
        (SPOT_LIST, "/api/v3/exchangeInfo?showPermissionSets=false"),
        (REST.book(BTC), "/api/v3/depth?symbol=BTCUSDT&limit=1000"),
        (REST.trades(BTC, 500), "/api/v3/trades?symbol=BTCUSDT&limit=500"),
        (REST.ticker(BTC), "/api/v3/ticker/24hr?symbol=BTCUSDT"),
        (
            REST.klines(BTC, KlineInterval.MO1, 50),
            "/api/v3/klines?symbol=BTCUSDT&interval=1M&limit=50",
        ),
        (REST.server_time(), "/api/v3/time"),
        (REST.ping(), "/api/v3/ping"),
        (PERPETUAL_LIST, "/fapi/v1/exchangeInfo"),
        (REST.book(PERP), "/fapi/v1/depth?symbol=BTCUSDT&limit=1000"),
        (REST.trades(PERP, 500), "/fapi/v1/trades?symbol=BTCUSDT&limit=500"),
        (REST.ticker(PERP), "/fapi/v1/ticker/24hr?symbol=BTCUSDT"),
        (
            REST.klines(PERP, KlineInterval.M1, 50),
            "/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=50",
        ),
        (REST.funding(PERP), "/fapi/v1/premiumIndex?symbol=BTCUSDT"),
        (REST.funding_history(PERP, 5000), "/fapi/v1/fundingRate?symbol=BTCUSDT&limit=1000"),
        (REST.tickers(Kind.SPOT, lambda *_: None), "/api/v3/ticker/24hr"),
        (REST.tickers(Kind.PERPETUAL, lambda *_: None), "/fapi/v1/ticker/24hr"),
        (REST.mark_price(PERP), "/fapi/v1/premiumIndex?symbol=BTCUSDT"),
        (REST.open_interest(PERP), "/fapi/v1/openInterest?symbol=BTCUSDT"),
        (REST.funding_intervals(), "/fapi/v1/fundingInfo"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path(request_: Request[Any], target: str) -> None:
    assert request_.target == target
    assert request_.endpoint == ("spot_rest" if target.startswith("/api/") else "um_rest")
    assert (request_.method, request_.effect) == ("GET", Effect.READ)


@pytest.mark.parametrize(
    ("request_", "bucket", "weight"),
    [
        (SPOT_LIST, "spot_weight", 20),
        (REST.book(BTC, 1), "spot_weight", 5),
        (REST.book(BTC, 100), "spot_weight", 5),
        (REST.book(BTC, 101), "spot_weight", 25),
        (REST.book(BTC, 1000), "spot_weight", 50),
        (REST.book(BTC, 5000), "spot_weight", 250),
        (REST.book(BTC, 9999), "spot_weight", 250),
        (REST.trades(BTC), "spot_weight", 25),
        (REST.ticker(BTC), "spot_weight", 2),
        (REST.klines(BTC, KlineInterval.M1, 1000), "spot_weight", 2),
        (REST.server_time(), "spot_weight", 1),
        (REST.ping(), "spot_weight", 1),
        (PERPETUAL_LIST, "um_weight", 1),
        (REST.book(PERP, 5), "um_weight", 2),
        (REST.book(PERP, 50), "um_weight", 2),
        (REST.book(PERP, 100), "um_weight", 5),
        (REST.book(PERP, 500), "um_weight", 10),
        (REST.book(PERP, 1000), "um_weight", 20),
        (REST.trades(PERP), "um_weight", 5),
        (REST.ticker(PERP), "um_weight", 1),
        (REST.klines(PERP, KlineInterval.M1, 100), "um_weight", 2),
        (REST.klines(PERP, KlineInterval.M1, 500), "um_weight", 5),
        (REST.klines(PERP, KlineInterval.M1, 1000), "um_weight", 5),
        (REST.klines(PERP, KlineInterval.M1, 1500), "um_weight", 10),
        (REST.funding(PERP), "um_weight", 1),
        (REST.mark_price(PERP), "um_weight", 1),
        (REST.open_interest(PERP), "um_weight", 1),
        (REST.funding_intervals(), "um_funding", 1),
    ],
    ids=lambda value: value.target if isinstance(value, Request) else "",
)
def test_request_costs_its_documented_weight(
    request_: Request[Any], bucket: str, weight: float
) -> None:
    assert request_.costs == ((bucket, weight),)


@pytest.mark.parametrize(
    ("instrument", "depth", "limit"),
    [(PERP, 1, "5"), (PERP, 5, "5"), (PERP, 6, "10"), (PERP, 51, "100"), (PERP, 5000, "1000")],
)
def test_perpetual_book_is_asked_for_in_a_depth_that_is_allowed(
    instrument: Instrument, depth: int, limit: str
) -> None:
    assert dict(REST.book(instrument, depth).query)["limit"] == limit


# Errors.


def refused(status: int, body: bytes, **headers: str) -> ExchangeError:
    response = Response(status=status, body=body, received_ns=RECEIVED_NS, headers=headers)
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(response)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, -1121, InvalidSymbol),
        (503, -1000, VenueUnavailable),
        (503, -1001, VenueUnavailable),
        (503, -1006, VenueUnavailable),
        (503, -1007, VenueUnavailable),
        (503, -1008, VenueUnavailable),
        (400, -1003, RateLimited),
        (400, -1102, ExchangeError),
    ],
)
def test_code_tells_what_went_wrong(status: int, code: int, error: type[ExchangeError]) -> None:
    caught = refused(status, b'{"code":%d,"msg":"Words of the venue."}' % code)
    assert type(caught) is error
    assert (caught.venue, caught.code, caught.message) == (
        "binance",
        str(code),
        "Words of the venue.",
    )
    assert caught.asked == "GET /api/v3/depth"


@pytest.mark.parametrize("status", [429, 418])
def test_ban_says_how_long_it_lasts(status: int) -> None:
    body = b'{"code":-1003,"msg":"Way too many requests; IP banned until 1700000120000."}'
    caught = refused(status, body, **{"retry-after": "120"})
    assert isinstance(caught, RateLimited)
    assert caught.retry_after_s == 120.0


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, b"<html><body>403 Forbidden</body></html>", RateLimited),
        (403, b'{"message":"Forbidden"}', RateLimited),
        (404, b"", ExchangeError),
        (502, b"<html>Bad Gateway</html>", VenueUnavailable),
        (502, b'{"message":"Internal server error"}', VenueUnavailable),
        (503, b'{"code":', VenueUnavailable),
    ],
)
def test_answer_of_a_gateway_in_between_is_an_exchange_error(
    status: int, body: bytes, error: type[ExchangeError]
) -> None:
    assert type(refused(status, body)) is error
