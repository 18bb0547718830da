"""OKX's public requests, checked against "Market Data" and "Public Data".

What a row of the instrument lists means is in `test_replies.py`, real payloads are in
`test_recorded_replies.py`.
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
from exchanges.market.instrument import Kind
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Effect, Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

VENUE = VENUES["okx"]
REST = VENUE.rest
SPOT_LIST, SWAP_LIST = REST.instruments()
BTC = market("BTC/USDT", "BTC-USDT", venue="okx")
SWAP = market("BTC/USDT:USDT", "BTC-USDT-SWAP", venue="okx", contract_size="0.01")
INVERSE = market("BTC/USD:BTC", "BTC-USD-SWAP", venue="okx", contract_size="100", inverse=True)


REPLIES = (
    Reply(
        request=SPOT_LIST,
        body=b"""{"code":"0","msg":"","data":[{"alias":"","baseCcy":"BTC","category":"1",
        "ctMult":"","ctType":"","ctVal":"","ctValCcy":"","instFamily":"","instId":"BTC-USDT",
        "instType":"SPOT","instCategory":"1","lotSz":"0.00000001","maxLmtAmt":"1000000",
        "maxLmtSz":"9999999999","minSz":"0.00001","quoteCcy":"USDT","settleCcy":"",
        "state":"live","tickSz":"0.1","uly":"","instIdCode":1000000000}]}""",
        value=Listing(
            [
                market(
                    "BTC/USDT",
                    "BTC-USDT",
                    venue="okx",
                    tick="0.1",
                    step="0.00000001",
                    min_size="0.00001",
                    max_size="9999999999",
                )
            ]
        ),
    ),
    Reply(
        request=SWAP_LIST,
        body=b"""{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"ETH-USDT-SWAP",
        "instIdCode":10461,"instFamily":"ETH-USDT","uly":"ETH-USDT","baseCcy":"","quoteCcy":"",
        "ctType":"linear","ctVal":"0.1","ctMult":"1","ctValCcy":"ETH","settleCcy":"USDT",
        "tickSz":"0.01","lotSz":"0.01","minSz":"0.01","maxLmtSz":"100000000","lever":"100",
        "instCategory":"1","state":"live"},{"instType":"SWAP","instId":"BTC-USD-SWAP",
        "instFamily":"BTC-USD","uly":"BTC-USD","baseCcy":"","quoteCcy":"","ctType":"inverse",
        "ctVal":"100","ctMult":"1","ctValCcy":"USD","settleCcy":"BTC","tickSz":"0.1",
        "lotSz":"1","minSz":"1","maxLmtSz":"","instCategory":"1","state":"suspend"}]}""",
        value=Listing(
            [
                market(
                    "ETH/USDT:USDT",
                    "ETH-USDT-SWAP",
                    venue="okx",
                    contract_size="0.1",
                    tick="0.01",
                    step="0.001",
                    min_size="0.001",
                    max_size="10000000",
                ),
                market(
                    "BTC/USD:BTC",
                    "BTC-USD-SWAP",
                    venue="okx",
                    contract_size="100",
                    inverse=True,
                    tick="0.1",
                    step="0",  # what a contract is in base units depends on the price
                    status="halted",
                ),
            ]
        ),
    ),
    Reply(
        request=REST.book(BTC),
        body=b"""{"code":"0","msg":"","data":[{"asks":[["60000.9","0.60038921","0","1"]],
        "bids":[["60000.4","0.30178218","0","2"],["60000.3","1","0","1"]],
        "ts":"1782000000396","seqId":3235851742}]}""",
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.4, 0.30178218), (60000.3, 1.0)],
            asks=[(60000.9, 0.60038921)],
            sequence=3235851742,
            venue_ns=1782000000396_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.book(SWAP, 1),
        # A reply from before 2026, when it had no id.
        body=b"""{"code":"0","msg":"","data":[{"asks":[["60000.9","150","0","1"]],"bids":[],
        "ts":"1629966436396"}]}""",
        value=BookSnapshot(
            instrument=SWAP,
            bids=[],
            asks=[(60000.9, 1.5)],
            sequence=0,
            venue_ns=1629966436396_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        # The newest comes first on the wire, the oldest in our list.
        body=b"""{"code":"0","msg":"","data":[{"instId":"BTC-USDT","side":"sell","sz":"0.00001",
        "px":"60000.4","source":"0","tradeId":"242720720","ts":"1782000006974"},
        {"instId":"BTC-USDT","side":"buy","sz":"0.25","px":"60000.9","source":"0",
        "tradeId":"242720719","ts":"1782000001568"}]}""",
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
                (60000.9, 0.25, Side.BUY, "242720719", 1782000001568_000_000),
                (60000.4, 0.00001, Side.SELL, "242720720", 1782000006974_000_000),
            )
        ],
    ),
    Reply(
        request=REST.trades(INVERSE),
        body=b"""{"code":"0","msg":"","data":[{"instId":"BTC-USD-SWAP","side":"buy","sz":"1000",
        "px":"50000","tradeId":"1","ts":"1782000006974"}]}""",
        value=[
            Trade(
                instrument=INVERSE,
                price=50000.0,
                size=2.0,
                side=Side.BUY,
                trade_id="1",
                venue_ns=1782000006974_000_000,
                received_ns=RECEIVED_NS,
            )
        ],
    ),
    Reply(
        request=REST.ticker(SWAP),
        body=b"""{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP",
        "last":"60000.4","lastSz":"0.1","askPx":"60000.9","askSz":"11","bidPx":"60000.3",
        "bidSz":"5","open24h":"80000.5333333333","high24h":"81000","low24h":"59000",
        "volCcy24h":"2222","vol24h":"222200","sodUtc0":"2222","sodUtc8":"2222",
        "ts":"1782000006085"}]}""",
        value=Ticker(
            instrument=SWAP,
            last=60000.4,
            bid=60000.3,
            ask=60000.9,
            high=81000.0,
            low=59000.0,
            volume=2222.0,
            change=60000.4 / 80000.5333333333 - 1,
            venue_ns=1782000006085_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.tickers(Kind.SPOT, lambda kind, name: BTC if name == "BTC-USDT" else None),
        body=b"""{"code":"0","msg":"","data":[{"instType":"SPOT","instId":"BTC-USDT",
        "last":"60000.4","askPx":"60000.5","bidPx":"60000.3","open24h":"60000.4",
        "high24h":"61000","low24h":"59000","volCcy24h":"6000040","vol24h":"100",
        "ts":"1782000006085"},{"instType":"SPOT","instId":"NEW-USDT","last":"","askPx":"",
        "bidPx":"","open24h":"","high24h":"","low24h":"","volCcy24h":"0","vol24h":"0",
        "ts":"1782000006085"}]}""",
        value=[
            Ticker(
                instrument=BTC,
                last=60000.4,
                bid=60000.3,
                ask=60000.5,
                high=61000.0,
                low=59000.0,
                volume=100.0,
                quote_volume=6000040.0,
                change=0.0,
                venue_ns=1782000006085_000_000,
                received_ns=RECEIVED_NS,
            )
        ],
    ),
    Reply(
        request=REST.funding_history(SWAP, 2),
        body=b"""{"code":"0","msg":"","data":[{"formulaType":"withRate",
        "fundingRate":"0.0001","fundingTime":"1782028800000","instId":"BTC-USDT-SWAP",
        "instType":"SWAP","method":"current_period","realizedRate":"0.00011"},
        {"formulaType":"withRate","fundingRate":"-0.0002","fundingTime":"1782000000000",
        "instId":"BTC-USDT-SWAP","instType":"SWAP","method":"current_period",
        "realizedRate":"-0.0002"}]}""",
        value=[
            FundingCharge(
                instrument=SWAP,
                rate=rate,
                charged_ns=charged_ms * 1_000_000,
                received_ns=RECEIVED_NS,
            )
            for rate, charged_ms in ((-0.0002, 1782000000000), (0.00011, 1782028800000))
        ],
    ),
    Reply(
        request=REST.klines(SWAP, KlineInterval.M1),
        body=b"""{"code":"0","msg":"","data":[["1782000060000","60000.4","60020","60000.4",
        "60015","50","0.5","30000.2","0"],["1782000000000","60000.1","60010","59990","60000.4",
        "150","1.5","90000.3","1"]]}""",
        value=[
            Kline(
                instrument=SWAP,
                interval=KlineInterval.M1,
                open_ns=1782000000000_000_000,
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
                instrument=SWAP,
                interval=KlineInterval.M1,
                open_ns=1782000060000_000_000,
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
        body=b'{"code":"0","msg":"","data":[{"ts":"1782000006085"}]}',
        value=1782000006085_000_000,
    ),
    Reply(
        request=REST.ping(),
        body=b'{"code":"0","msg":"","data":[{"ts":"1782000006085"}]}',
        value=None,
    ),
    Reply(
        request=REST.funding(SWAP),
        body=b"""{"code":"0","msg":"","data":[{"formulaType":"noRate",
        "fundingRate":"-0.0000182221218054","fundingTime":"1782000000000","impactValue":"",
        "instId":"BTC-USDT-SWAP","instType":"SWAP","interestRate":"","maxFundingRate":"0.00375",
        "method":"current_period","minFundingRate":"-0.00375","nextFundingRate":"",
        "nextFundingTime":"1782014400000","premium":"0.0000910113652644",
        "settFundingRate":"0.0000145824401745","settState":"settled","ts":"1781998686291"}]}""",
        value=Funding(
            instrument=SWAP,
            rate=-0.0000182221218054,
            interval_s=14_400.0,
            next_ns=1782000000000_000_000,
            venue_ns=1781998686291_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.mark_price(SWAP),
        body=b"""{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP",
        "markPx":"60000.15","ts":"1782000006085"}]}""",
        value=MarkPrice(
            instrument=SWAP,
            mark=60000.15,
            venue_ns=1782000006085_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.open_interest(SWAP),
        body=b"""{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP",
        "oi":"55555","oiCcy":"555.55","oiUsd":"33333083.34","ts":"1782000006085"}]}""",
        value=OpenInterest(
            instrument=SWAP,
            size=555.55,
            value=33333083.34,
            venue_ns=1782000006085_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


# What a request asks and what it costs, as the tables of endpoints say.


@pytest.mark.parametrize(
    ("request_", "target", "in_two_seconds"),
    [
        (SPOT_LIST, "public/instruments?instType=SPOT", 20),
        (SWAP_LIST, "public/instruments?instType=SWAP", 20),
        (REST.book(BTC), "market/books?instId=BTC-USDT&sz=400", 40),
        (REST.book(BTC, 1), "market/books?instId=BTC-USDT&sz=1", 40),
        (REST.book(BTC, 5000), "market/books?instId=BTC-USDT&sz=400", 40),
        (REST.trades(SWAP, 500), "market/trades?instId=BTC-USDT-SWAP&limit=500", 100),
        (REST.trades(SWAP, 501), "market/trades?instId=BTC-USDT-SWAP&limit=500", 100),
        (REST.ticker(BTC), "market/ticker?instId=BTC-USDT", 20),
        (
            REST.klines(BTC, KlineInterval.H4, 300),
            "market/candles?instId=BTC-USDT&bar=4H&limit=300",
            40,
        ),
        (
            REST.klines(BTC, KlineInterval.D1, 1000),
            "market/candles?instId=BTC-USDT&bar=1Dutc&limit=300",
            40,
        ),
        (REST.server_time(), "public/time", 10),
        (REST.ping(), "public/time", 10),
        (REST.funding(SWAP), "public/funding-rate?instId=BTC-USDT-SWAP", 10),
        (REST.mark_price(SWAP), "public/mark-price?instId=BTC-USDT-SWAP&instType=SWAP", 10),
        (REST.open_interest(SWAP), "public/open-interest?instId=BTC-USDT-SWAP&instType=SWAP", 20),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path_within_its_limit(
    request_: Request[Any], target: str, in_two_seconds: int
) -> None:
    assert request_.target == f"/api/v5/{target}"
    assert (request_.method, request_.endpoint) == ("GET", "rest")
    assert request_.effect is Effect.READ
    ((bucket, cost),) = request_.costs
    rate = VENUE.buckets[bucket]
    assert cost == 1
    assert rate.most_in(2.0) <= in_two_seconds


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError, match="okx has no candles of 3h"):
        REST.klines(BTC, KlineInterval.H3)


# Errors. They come with HTTP 200 as well.


def refused(status: int, body: bytes, **headers: str) -> ExchangeError:
    response = Response(status=status, body=body, received_ns=RECEIVED_NS, headers=headers)
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(response)
    return caught.value


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("51001", InvalidSymbol),
        ("51015", InvalidSymbol),
        ("50001", VenueUnavailable),
        ("50004", VenueUnavailable),
        ("50013", VenueUnavailable),
        ("50026", VenueUnavailable),
        ("50011", RateLimited),
        ("50061", RateLimited),
        ("50040", RateLimited),
        ("51000", ExchangeError),
        ("99999", ExchangeError),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 503])
def test_code_tells_what_went_wrong(status: int, code: str, error: type[ExchangeError]) -> None:
    body = {"code": code, "msg": "Words of the venue.", "data": []}
    caught = refused(status, json.dumps(body).encode())
    assert type(caught) is error
    assert (caught.venue, caught.code, caught.message) == ("okx", code, "Words of the venue.")
    assert caught.asked == "GET /api/v5/market/books"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"code":"50011","msg":"Too Many Requests","data":[]}'),
        (429, b'{"code":"50011","msg":"Too Many Requests"}'),
        (429, b'{"code":"50999","msg":"a code of next year"}'),
        (429, b"<html>429 Too Many Requests</html>"),
        (429, b""),
        (429, b"{"),
        (429, b'{"code":"0"}'),
    ],
)
def test_rate_limit_is_over_after_its_window(status: int, body: bytes) -> None:
    caught = refused(status, body)
    assert isinstance(caught, RateLimited)
    assert caught.retry_after_s == 2.0


def test_busy_venue_has_not_counted_our_requests() -> None:
    caught = refused(429, b'{"code":"50013","msg":"busy"}')
    assert isinstance(caught, VenueUnavailable)
    assert caught.code == "50013"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, b"<html><body>403 Forbidden</body></html>", RateLimited),
        (404, b"", ExchangeError),
        (404, b'{"message":"Not Found"}', ExchangeError),
        (502, b"<html>Bad Gateway</html>", VenueUnavailable),
        (503, b'{"code":', VenueUnavailable),
        (200, b"<html>Welcome</html>", VenueProtocolError),
        (200, b'{"code":"0","msg":"","data":[]}', VenueProtocolError),
        (200, b'{"code":"0","msg":""}', VenueProtocolError),
        (200, b'{"msg":"","data":[]}', VenueProtocolError),
    ],
)
def test_answer_that_is_not_the_venues_is_an_exchange_error(
    status: int, body: bytes, error: type[ExchangeError]
) -> None:
    assert type(refused(status, body)) is error
