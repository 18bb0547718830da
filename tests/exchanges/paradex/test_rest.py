"""Paradex's public requests, checked against its REST document.

Real payloads are in `test_recorded.py`.
"""

import json
from decimal import Decimal
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import (
    AuthenticationError,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
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
from exchanges.market.units import Unit
from exchanges.replies.response import Response
from exchanges.rest.request import Listing, Request, Rows
from tests.exchanges.paradex.frames import AT_MS
from tests.exchanges.paradex.test_public import AT_NS, BTC, STAMPS
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

REST = VENUES["paradex"].rest
(LIST,) = REST.instruments()
HOUR_MS = 1699999200000


def row(**changes: object) -> dict[str, object]:
    return {
        "symbol": "BTC-USD-PERP",
        "base_currency": "BTC",
        "quote_currency": "USD",
        "settlement_currency": "USDC",
        "order_size_increment": "0.00001",
        "price_tick_size": "0.1",
        "min_notional": "10",
        "max_order_size": "100",
        "open_at": 1600000000000,
        "expiry_at": 0,
        "asset_kind": "PERP",
        "market_kind": "cross",
        "trading_mode": "STANDARD",
        "funding_period_hours": 8,
        "fee_config": {
            "api_fee": {"maker_fee": {"fee": "-0.00003"}, "taker_fee": {"fee": "0.00045"}}
        },
        **changes,
    }


def results(*rows: object) -> bytes:
    return json.dumps({"next": None, "prev": None, "results": rows}).encode()


def trade(**changes: object) -> dict[str, Any]:
    return {
        "id": "1795176000130201700000000001",
        "market": "BTC-USD-PERP",
        "side": "SELL",
        "size": "0.025",
        "price": "90000.5",
        "created_at": AT_MS,
        "trade_type": "FILL",
        **changes,
    }


def summary(**changes: object) -> dict[str, Any]:
    return {
        "symbol": "BTC-USD-PERP",
        "mark_price": "90000",
        "last_traded_price": "90002.5",
        "bid": "90000.5",
        "ask": "",
        "volume_24h": "125000000.75",
        "total_volume": "99000000000",
        "created_at": AT_MS,
        "underlying_price": "90010.25",
        "open_interest": "1500.5",
        "funding_rate": "0.0001",
        "price_change_rate_24h": "-0.0125",
        **changes,
    }


def funding(**changes: object) -> dict[str, Any]:
    return {
        "market": "BTC-USD-PERP",
        "funding_index": "20000.5",
        "funding_premium": "-4.5",
        "funding_rate": "-0.00005",
        "funding_rate_8h": "-0.0001",
        "funding_period_hours": 4,
        "created_at": AT_MS,
        **changes,
    }


RULES = {
    "tick": "0.1",
    "step": "0.00001",
    "min_size": "0.00001",
    "max_size": "100",
    "min_notional": "10",
    "funding_interval_s": 28800.0,
    "maker_fee": "-0.00003",
    "taker_fee": "0.00045",
}
TICKER = Ticker(
    instrument=BTC,
    last=90002.5,
    bid=90000.5,
    quote_volume=125000000.75,
    change=-0.0125,
    **STAMPS,
)


def sale(number: str, at_ns: int = AT_NS) -> Trade:
    return Trade(
        instrument=BTC,
        price=90000.5,
        size=0.025,
        side=Side.SELL,
        trade_id=number,
        venue_ns=at_ns,
        received_ns=RECEIVED_NS,
    )


REPLIES = (
    Reply(
        request=LIST,
        body=results(
            row(),
            row(symbol="BTC-USD-96000-C", asset_kind="PERP_OPTION"),
            row(symbol="ETH-USD", asset_kind="SPOT"),
            row(symbol="kBONK-USD-PERP", base_currency="kBONK", trading_mode="RFQ_ONLY"),
        ),
        value=Listing(
            [
                market("BTC/USD:USDC", "BTC-USD-PERP", venue="paradex", **RULES),
                market(
                    "kBONK/USD:USDC", "kBONK-USD-PERP", venue="paradex", status="halted", **RULES
                ).per_base_of(Unit("BONK", 1000)),
            ]
        ),
    ),
    Reply(
        request=REST.book(BTC, 2),
        body=b"""{"market":"BTC-USD-PERP","seq_no":7000000001,"last_updated_at":1795176000130,
        "asks":[["90001","0.5"],["90002.5","1"]],"bids":[["90000.5","1.5"]],
        "best_bid_api":["90000.5","1.5"]}""",
        value=BookSnapshot(
            instrument=BTC,
            bids=[(90000.5, 1.5)],
            asks=[(90001.0, 0.5), (90002.5, 1.0)],
            sequence=7000000001,
            **STAMPS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=results(
            trade(id="4"),
            trade(id="3", trade_type="LIQUIDATION"),
            trade(id="2", trade_type="RPI"),
            trade(id="1", created_at=AT_MS - 1),
        ),
        value=[sale("1", AT_NS - 1_000_000), sale("2"), sale("4")],
    ),
    Reply(
        request=REST.ticker(BTC),
        body=results(summary(symbol="ETH-USD-PERP"), summary()),
        value=TICKER,
    ),
    Reply(
        request=REST.tickers(Kind.PERPETUAL, Instruments([BTC]).native),
        body=results({"symbol": "BTC-USD-96000-C"}, summary()),
        value=[TICKER],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.M5, 1),
        body=results(
            [1699999800000, 90000, 90030, 89970, 90000, 45000],
            [1699999500000, 90000, 90000, 90000, 90000, 0],
        ),
        value=[
            Kline(
                instrument=BTC,
                interval=KlineInterval.M5,
                open_ns=1699999800_000_000_000,
                open=90000.0,
                high=90030.0,
                low=89970.0,
                close=90000.0,
                volume=0.5,
                quote_volume=45000.0,
                closed=False,
                received_ns=RECEIVED_NS,
            )
        ],
    ),
    Reply(
        request=REST.server_time(),
        body=b'{"server_time":"1700000000123"}',
        value=1700000000_123_000_000,
    ),
    Reply(request=REST.ping(), body=b'{"status":"ok"}', value=None),
    Reply(
        request=REST.funding(BTC),
        body=results(
            funding(funding_rate="0.9", created_at=AT_MS - 1),
            funding(),
            funding(funding_rate="0.9", created_at=AT_MS - 2),
        ),
        value=Funding(instrument=BTC, rate=-0.00005, interval_s=14400.0, next_ns=None, **STAMPS),
    ),
    Reply(
        # At a price of 90000 a unit has paid 0.45 dollars in an hour, then got 0.9 back; an hour
        # without a rate is in the next.
        request=REST.funding_history(BTC, 2),
        body=results(
            funding(funding_index="20000.01", created_at=HOUR_MS + 5000),
            funding(funding_index="20000.05", created_at=HOUR_MS + 1000),
            funding(funding_index="20000.95", created_at=HOUR_MS - 3600_000),
            funding(
                funding_index="20000.7",
                funding_rate="0",
                funding_premium="0",
                created_at=HOUR_MS - 2 * 3600_000,
            ),
            funding(funding_index="20000.5", created_at=HOUR_MS - 3 * 3600_000 + 59_999),
        ),
        value=[
            FundingCharge(instrument=BTC, rate=rate, charged_ns=at_ns, received_ns=RECEIVED_NS)
            for rate, at_ns in (
                ((20000.95 - 20000.5) / 90000, (HOUR_MS - 3600_000) * 1_000_000),
                ((20000.05 - 20000.95) / 90000, HOUR_MS * 1_000_000),
            )
        ],
    ),
    Reply(
        request=REST.mark_price(BTC),
        body=results(summary()),
        value=MarkPrice(instrument=BTC, mark=90000.0, index=90010.25, **STAMPS),
    ),
    Reply(
        request=REST.open_interest(BTC),
        body=results(summary()),
        value=OpenInterest(instrument=BTC, size=1500.5, value=135045000.0, **STAMPS),
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


def test_charge_that_nobody_pays_costs_no_charge_but_its_own() -> None:
    rows = [
        funding(funding_index=index, created_at=HOUR_MS + number * 3600_000)
        for number, index in enumerate(("20000", "20000.9", "1e9"))
    ]
    told = REST.funding_history(BTC).read(ok(results(*rows)))
    while told.more:
        told = told.more.read(ok(results()))
    assert [charge.charged_ns for charge in told] == [(HOUR_MS + 3600_000) * 1_000_000]
    assert [odd.native for odd in told.odd] == [BTC.native]


def test_lists_may_be_null() -> None:
    body = b'{"results":null}'
    assert REST.trades(BTC).read(ok(body)) == []
    assert REST.klines(BTC, KlineInterval.M1).read(ok(body)) == []
    assert REST.funding_history(BTC).read(ok(body)) == []
    with pytest.raises(VenueProtocolError):
        REST.funding(BTC).read(ok(body))


@pytest.mark.parametrize("ask", [REST.ticker, REST.mark_price, REST.open_interest])
def test_market_that_is_not_told_of_is_unknown(ask: Any) -> None:
    with pytest.raises(InvalidSymbol):
        ask(BTC).read(ok(results()))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.TRADING),
        ({"trading_mode": "RFQ_ONLY"}, Status.HALTED),
        ({"open_at": RECEIVED_NS // 1_000_000 + 1}, Status.HALTED),
        ({"expiry_at": RECEIVED_NS // 1_000_000 - 1}, Status.DELISTED),
        ({"expiry_at": RECEIVED_NS // 1_000_000 + 1}, Status.TRADING),
    ],
)
def test_market_trades_from_its_opening_to_its_end(
    changes: dict[str, object], status: Status
) -> None:
    (instrument,) = LIST.read(ok(results(row(**changes)))).instruments
    assert instrument.status is status


@pytest.mark.parametrize(
    "changes",
    [
        {"price_tick_size": "0"},
        {"order_size_increment": "NaN"},
        {"settlement_currency": ""},
        {"min_notional": "-1"},
        {"funding_period_hours": 1000},
        {"fee_config": {"api_fee": {"maker_fee": {"fee": "free"}, "taker_fee": {"fee": "0"}}}},
    ],
)
def test_rule_that_no_market_can_have_is_not_taken(changes: dict[str, object]) -> None:
    with pytest.raises(VenueProtocolError):
        LIST.read(ok(results(row(**changes))))


def test_makers_may_be_paid_and_fees_unknown() -> None:
    paid, unknown = LIST.read(ok(results(row(), row(symbol="X", fee_config=None)))).instruments
    assert (paid.maker_fee, paid.taker_fee) == (Decimal("-0.00003"), Decimal("0.00045"))
    assert (unknown.maker_fee, unknown.taker_fee) == (None, None)


@pytest.mark.parametrize(
    ("ask", "row_"),
    [
        (REST.mark_price, summary(mark_price="")),
        (REST.mark_price, summary(mark_price="0")),
        (REST.mark_price, summary(underlying_price="1e16")),
        (REST.open_interest, summary(open_interest="-1")),
        (REST.open_interest, summary(open_interest="1e17", mark_price="1e14")),
        (REST.ticker, summary(price_change_rate_24h="NaN")),
        (REST.ticker, summary(price_change_rate_24h="1e6")),
        (REST.ticker, summary(price_change_rate_24h="much")),
        (REST.funding, funding(funding_rate="NaN")),
        (REST.funding, funding(funding_rate="2000")),
        (REST.funding, funding(funding_period_hours=200)),
        (REST.trades, trade(size="0")),
        (REST.trades, trade(price="inf")),
    ],
)
def test_state_that_cannot_be_is_a_protocol_error(ask: Any, row_: object) -> None:
    with pytest.raises(VenueProtocolError):
        ask(BTC).read(ok(results(row_)))


# What a request asks.


@pytest.mark.parametrize(
    ("request_", "target"),
    [
        (LIST, "/v1/markets"),
        (REST.book(BTC), "/v1/orderbook/BTC-USD-PERP"),
        (REST.book(BTC, 20), "/v1/orderbook/BTC-USD-PERP?depth=20"),
        (REST.book(market("A/USD:USDC", "A/B?")), "/v1/orderbook/A%2FB%3F"),
        (REST.trades(BTC, 5000), "/v1/trades?market=BTC-USD-PERP&page_size=1000"),
        (REST.ticker(BTC), "/v1/markets/summary?market=BTC-USD-PERP"),
        (REST.tickers(Kind.PERPETUAL, lambda *_: None), "/v1/markets/summary?market=ALL"),
        (
            REST.klines(BTC, KlineInterval.H1, 10),
            "/v1/markets/klines?symbol=BTC-USD-PERP&resolution=60"
            "&start_at=1699964000000&end_at=1700000000000",
        ),
        (
            REST.funding(BTC),
            "/v1/funding/data?market=BTC-USD-PERP&page_size=1000&start_at=1699999400000",
        ),
        (
            REST.funding_history(BTC, 10),
            "/v1/funding/data?market=BTC-USD-PERP&page_size=100"
            "&start_at=1699999200000&end_at=1699999260000",
        ),
        (REST.mark_price(BTC), "/v1/markets/summary?market=BTC-USD-PERP"),
        (REST.open_interest(BTC), "/v1/markets/summary?market=BTC-USD-PERP"),
        (REST.server_time(), "/v1/system/time"),
        (REST.ping(), "/v1/system/state"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path(request_: Request[Any], target: str) -> None:
    assert request_.at(RECEIVED_NS).target == target


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        REST.klines(BTC, KlineInterval.D1)


def test_paradex_c18_hours_are_asked_for_one_after_the_other() -> None:
    request: Request[Rows[FundingCharge]] | None = REST.funding_history(BTC, 2)
    starts = []
    while request:
        target = request.at(RECEIVED_NS).target
        starts.append(int(target.partition("start_at=")[2].partition("&")[0]))
        request = request.read(ok(results())).more
    assert starts == [HOUR_MS, HOUR_MS - 3600_000, HOUR_MS - 2 * 3600_000]


@pytest.mark.parametrize(("wanted", "asked"), [(0, 25), (1, 2), (1000, 169)])
def test_paradex_c18_there_is_a_most_of_hours(wanted: int, asked: int) -> None:
    request: Request[Rows[FundingCharge]] | None = REST.funding_history(BTC, wanted)
    count = 0
    while request:
        request, count = request.read(ok(results())).more, count + 1
    assert count == asked


def test_paradex_c18_row_that_cannot_be_read_is_told_once() -> None:
    request = REST.funding_history(BTC, 1)
    bad = funding(funding_rate="2000")
    with pytest.raises(VenueProtocolError):
        request.read(ok(results(bad)))
    first = request.read(ok(results(bad, funding())))
    assert len(first.odd) == 1
    assert first.more
    assert first.more.read(ok(results(funding()))).odd == ()


# Errors.


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"error":"INVALID_SYMBOL","message":"?","data":null}', InvalidSymbol),
        (404, b'{"error":"MARKET_NOT_FOUND","message":"?"}', InvalidSymbol),
        (400, b'{"error":"MARKET_NOT_OPEN","message":null}', TradingDisabled),
        (403, b'{"error":"GEO_IP_BLOCK","message":"?"}', PermissionDenied),
        (400, b'{"error":"NOT_ONBOARDED","message":"?"}', AuthenticationError),
        (404, b'{"error":"NOT_FOUND","message":"?"}', ExchangeError),
        (503, b'{"error":"SERVICE_UNAVAILABLE","message":"?"}', VenueUnavailable),
        (429, b"", RateLimited),
        (403, b"<html>", RateLimited),
        (502, b"<html>", VenueUnavailable),
    ],
)
def test_answer_tells_what_went_wrong(status: int, body: bytes, error: type[ExchangeError]) -> None:
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(Response(status=status, body=body, received_ns=RECEIVED_NS))
    assert type(caught.value) is error
    assert caught.value.venue == "paradex"
