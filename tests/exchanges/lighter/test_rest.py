"""Lighter's public requests, checked against its REST document.

Real payloads are in `test_recorded_replies.py`.
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
from exchanges.lighter.market_data import kind_of
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
from exchanges.rest.request import Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

REST = VENUES["lighter"].rest
(LIST,) = REST.instruments()
BTC = market("BTC/USDC:USDC", "1", venue="lighter", funding_interval_s=3600.0)
SPOT = market("ETH/USDC", "2048", venue="lighter")


def row(**changes: object) -> dict[str, object]:
    return {
        "symbol": "BTC",
        "market_id": 1,
        "market_type": "perp",
        "status": "active",
        "taker_fee": "0.0280",
        "is_taker_fee_enabled": True,
        "maker_fee": "0.0040",
        "is_maker_fee_enabled": False,
        "min_base_amount": "0.00020",
        "min_quote_amount": "10.000000",
        "order_quote_limit": "281474976.710655",
        "size_decimals": 5,
        "price_decimals": 1,
        "last_trade_price": 60000.5,
        "daily_base_token_volume": 195399.5,
        "daily_quote_token_volume": 11723970000.25,
        "daily_price_low": 59000,
        "daily_price_high": 61000.5,
        "daily_price_change": -0.5,
        "open_interest": 2000.5,
        "mark_price": "60000.0",
        "index_price": "60010.5",
        "market_config": {"force_reduce_only": False, "trading_hours": ""},
        **changes,
    }


def spot_row(**changes: object) -> dict[str, object]:
    return row(symbol="ETH/USDC", market_id=2048, market_type="spot", **changes)


def details(*rows: dict[str, object], spot: list[dict[str, object]] | None = None) -> bytes:
    reply = {"code": 200, "order_book_details": rows, "spot_order_book_details": spot}
    return json.dumps(reply).encode()


RULES = {
    "tick": "0.1",
    "step": "0.00001",
    "min_size": "0.0002",
    "min_notional": "10",
    "maker_fee": "0",
    "taker_fee": "0.00028",
}
TICKER: dict[str, Any] = {
    "last": 60000.5,
    "high": 61000.5,
    "low": 59000.0,
    "volume": 195399.5,
    "quote_volume": 11723970000.25,
    "change": -0.005,
    "received_ns": RECEIVED_NS,
}


REPLIES = (
    Reply(
        request=LIST,
        body=details(
            row(),
            row(symbol="1000PEPE", market_id=4, market_config={"force_reduce_only": True}),
            row(symbol="OPTION", market_id=9000, market_type="binary_options"),
            spot=[spot_row(status="inactive")],
        ),
        value=Listing(
            [
                market("BTC/USDC:USDC", "1", venue="lighter", funding_interval_s=3600.0, **RULES),
                market(
                    "1000PEPE/USDC:USDC",
                    "4",
                    venue="lighter",
                    funding_interval_s=3600.0,
                    status=Status.HALTED,
                    **RULES,
                ).per_base_of(Unit("PEPE", 1000)),
                market("ETH/USDC", "2048", venue="lighter", status=Status.HALTED, **RULES),
            ]
        ),
    ),
    Reply(
        request=REST.book(BTC, 2),
        # Orders of one price are one level; there are more bids than these.
        body=b"""{"code":200,"total_asks":2,"asks":[{"order_index":1,"price":"60001.0",
        "remaining_base_amount":"0.10000"},{"order_index":2,"price":"60001.0",
        "remaining_base_amount":"0.20000"}],"total_bids":5,"bids":[{"price":"60000.0",
        "remaining_base_amount":"1.00000"},{"price":"59999.5",
        "remaining_base_amount":"0.50000"},{"price":"59999.0",
        "remaining_base_amount":"0.25000"}]}""",
        value=BookSnapshot(
            instrument=BTC,
            bids=[(60000.0, 1.0), (59999.5, 0.5)],
            asks=[(60001.0, 0.3)],
            sequence=0,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=b"""{"code":200,"trades":[{"trade_id":9,"type":"market-settlement","size":"1",
        "price":"60000","is_maker_ask":true,"timestamp":1699999999500},{"trade_id":8,
        "trade_id_str":"8","type":"trade","market_id":1,"size":"0.5","price":"60000.5",
        "is_maker_ask":true,"timestamp":1699999999500,"transaction_time":1699999999500123},
        {"trade_id":7,"type":"liquidation","size":"0.25","price":"60000",
        "timestamp":1699999999000}]}""",
        value=[
            Trade(
                instrument=BTC,
                price=60000.0,
                size=0.25,
                side=Side.SELL,
                trade_id="7",
                venue_ns=1699999999_000_000_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=60000.5,
                size=0.5,
                side=Side.BUY,
                trade_id="8",
                venue_ns=1699999999_500_123_000,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(
        request=REST.ticker(BTC),
        body=details(row(market_id=2, last_trade_price=1), row()),
        value=Ticker(instrument=BTC, **TICKER),
    ),
    Reply(
        request=REST.tickers(Kind.SPOT, Instruments([BTC, SPOT]).native),
        body=details(spot=[{"market_id": 2049}, spot_row()]),
        value=[Ticker(instrument=SPOT, **TICKER)],
    ),
    Reply(
        request=REST.klines(BTC, KlineInterval.H1, 1),
        body=b"""{"code":200,"r":"1h","c":[{"t":1699995600000,"o":60000,"h":60000,"l":60000,
        "c":60000},{"t":1699999200000,"o":60001,"h":60080.5,"l":59990,"c":60005,"v":0.5,
        "V":30000.5,"i":9}]}""",
        value=[
            Kline(
                instrument=BTC,
                interval=KlineInterval.H1,
                open_ns=1699999200_000_000_000,
                open=60001.0,
                high=60080.5,
                low=59990.0,
                close=60005.0,
                volume=0.5,
                quote_volume=30000.5,
                closed=False,
                received_ns=RECEIVED_NS,
            )
        ],
    ),
    Reply(
        request=REST.server_time(),
        body=b'{"status":"1","network_id":"1","timestamp":"1700000000"}',
        value=1700000000_000_000_000,
    ),
    Reply(request=REST.ping(), body=b'{"status":1,"timestamp":1700000000}', value=None),
    Reply(
        request=REST.funding(BTC),
        # Fractions for eight hours; 1700000000 is 2023-11-14 22:13:20 UTC.
        body=b"""{"code":200,"funding_rates":[{"market_id":1,"exchange":"elsewhere",
        "symbol":"BTC","rate":0.5},{"market_id":0,"exchange":"lighter","symbol":"ETH",
        "rate":0.25},{"market_id":1,"exchange":"lighter","symbol":"BTC","rate":-0.0001}]}""",
        value=Funding(
            instrument=BTC,
            rate=-0.0000125,
            interval_s=3600.0,
            next_ns=1700002800_000_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.funding_history(BTC),
        body=b"""{"code":200,"resolution":"1h","fundings":[{"timestamp":1699999200,
        "value":"0.02","rate":"0.0002","direction":"short"},{"timestamp":1699995600,
        "value":"0.03","rate":"0.0012","direction":"long"}]}""",
        value=[
            FundingCharge(instrument=BTC, rate=rate, charged_ns=at_ns, received_ns=RECEIVED_NS)
            for rate, at_ns in (
                (0.0012 / 100, 1699995600_000_000_000),
                (-0.0002 / 100, 1699999200_000_000_000),
            )
        ],
    ),
    Reply(
        request=REST.mark_price(BTC),
        body=details(row()),
        value=MarkPrice(instrument=BTC, mark=60000.0, index=60010.5, received_ns=RECEIVED_NS),
    ),
    Reply(
        request=REST.open_interest(BTC),
        body=details(row()),
        value=OpenInterest(instrument=BTC, size=2000.5, value=120030000.0, received_ns=RECEIVED_NS),
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


def test_level_that_may_not_be_whole_is_left_out() -> None:
    """The reply ends among the orders of a price."""
    body = {
        "code": 200,
        "total_bids": 3,
        "bids": [{"price": price, "remaining_base_amount": "1"} for price in ("60000", "59999")],
        "total_asks": 0,
        "asks": None,
    }
    book = REST.book(BTC).read(ok(json.dumps(body).encode()))
    assert (book.bids, book.asks) == ([(60000.0, 1.0)], [])


def test_lists_may_be_null() -> None:
    assert LIST.read(ok(b'{"code":200,"order_book_details":null}')) == Listing([])
    assert REST.trades(BTC).read(ok(b'{"code":200,"trades":null}')) == []
    assert REST.klines(BTC, KlineInterval.M1).read(ok(b'{"code":200,"c":null}')) == []
    assert REST.funding_history(BTC).read(ok(b'{"code":200,"fundings":null}')) == []


def test_open_interest_has_no_value_without_a_mark_price() -> None:
    body = details(row(mark_price=None))
    assert REST.open_interest(BTC).read(ok(body)).value is None


@pytest.mark.parametrize("ask", [REST.ticker, REST.mark_price, REST.open_interest, REST.funding])
def test_market_that_is_not_told_of_is_unknown(ask: Any) -> None:
    with pytest.raises(InvalidSymbol):
        ask(BTC).read(ok(b'{"code":200,"funding_rates":null}'))


@pytest.mark.parametrize("status", ["inactive", "settled", "in-settlement", "new"])
def test_only_active_markets_take_part(status: str) -> None:
    (instrument,) = LIST.read(ok(details(row(status=status)))).instruments
    assert instrument.status is Status.HALTED


@pytest.mark.parametrize(
    "changes",
    [
        {"price_decimals": -1},
        {"size_decimals": 31},
        {"min_base_amount": "NaN"},
        {"min_quote_amount": "-1"},
        {"taker_fee": "free"},
    ],
)
def test_rule_that_no_market_can_have_is_not_taken(changes: dict[str, object]) -> None:
    with pytest.raises(VenueProtocolError):
        LIST.read(ok(details(row(**changes))))


def test_fees_are_per_cent_and_none_where_they_are_not_enabled() -> None:
    (instrument,) = LIST.read(ok(details(row(is_maker_fee_enabled=True)))).instruments
    assert (instrument.maker_fee, instrument.taker_fee) == (Decimal("0.00004"), Decimal("0.00028"))


# What a request asks and what it costs.


@pytest.mark.parametrize(
    ("request_", "target", "cost"),
    [
        (LIST, "/api/v1/orderBookDetails?filter=all", 1),
        (REST.book(BTC), "/api/v1/orderBookOrders?market_id=1&limit=250", 1),
        (REST.book(BTC, 20), "/api/v1/orderBookOrders?market_id=1&limit=250", 1),
        (REST.trades(BTC, 5000), "/api/v1/recentTrades?market_id=1&limit=100", 1.5),
        (REST.ticker(BTC), "/api/v1/orderBookDetails?market_id=1", 1),
        (
            REST.tickers(Kind.PERPETUAL, lambda *_: None),
            "/api/v1/orderBookDetails?filter=perp",
            1,
        ),
        (
            REST.klines(BTC, KlineInterval.M5, 5000),
            "/api/v1/candles?market_id=1&resolution=5m&count_back=500"
            "&start_timestamp=1699850000000&end_timestamp=1700000000000",
            1,
        ),
        (REST.funding(BTC), "/api/v1/funding-rates", 1),
        (
            REST.funding_history(BTC, 10),
            "/api/v1/fundings?market_id=1&resolution=1h&count_back=10"
            "&start_timestamp=1699964000000&end_timestamp=1700000000000",
            1,
        ),
        (REST.mark_price(BTC), "/api/v1/orderBookDetails?market_id=1", 1),
        (REST.open_interest(BTC), "/api/v1/orderBookDetails?market_id=1", 1),
        (REST.server_time(), "/", 1),
        (REST.ping(), "/", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path(
    request_: Request[Any], target: str, cost: float
) -> None:
    assert request_.at(RECEIVED_NS).target == target
    assert request_.costs == (("requests", cost),)


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        REST.klines(BTC, KlineInterval.M3)


@pytest.mark.parametrize(
    ("native", "kind"),
    [
        ("0", Kind.PERPETUAL),
        ("254", Kind.PERPETUAL),
        ("2048", Kind.SPOT),
        ("4094", Kind.SPOT),
        ("all", Kind.PERPETUAL),
    ],
)
def test_number_tells_the_kind(native: str, kind: Kind) -> None:
    assert kind_of(native) is kind


# Errors.


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"code":21602,"message":"invalid market index"}', InvalidSymbol),
        (400, b'{"code":"21621","message":"?"}', InvalidSymbol),
        (400, b'{"code":20001,"message":"invalid param"}', AuthenticationError),
        (400, b'{"code":21511,"message":"?"}', PermissionDenied),
        (400, b'{"code":21605,"message":"?"}', TradingDisabled),
        (400, b'{"code":29404,"message":"not found"}', ExchangeError),
        (200, b'{"code":29500,"message":null}', VenueUnavailable),
        (400, b'{"code":23000,"message":"Too Many Requests!"}', RateLimited),
        (429, b"", RateLimited),
        (403, b"<html>", RateLimited),
        (502, b"<html>", VenueUnavailable),
    ],
)
def test_answer_tells_what_went_wrong(status: int, body: bytes, error: type[ExchangeError]) -> None:
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(Response(status=status, body=body, received_ns=RECEIVED_NS))
    assert type(caught.value) is error
    assert caught.value.venue == "lighter"
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after_s == 60.0


# What later clients know of a market.


def test_lighter_c14_streams_are_opened_as_by_a_reader_whatever_its_country() -> None:
    for urls in VENUES["lighter"].endpoints.values():
        assert urls["public"].endswith("/stream?readonly=true")
        assert urls["derivatives"] == urls["public"]


def test_lighter_c15_frozen_market_is_halted() -> None:
    (frozen,) = LIST.read(ok(details(row(is_frozen=True)))).instruments
    (other,) = LIST.read(ok(details(row(is_frozen=False)))).instruments
    assert (frozen.status, other.status) == (Status.HALTED, Status.TRADING)


@pytest.mark.parametrize("multiplier", ["1", "1.0", "0", ""])
def test_lighter_c15_multiplier_of_one_or_none_is_that_of_every_market(multiplier: str) -> None:
    (instrument,) = LIST.read(ok(details(row(multiplier=multiplier)))).instruments
    assert instrument.step == Decimal("0.00001")


def test_lighter_c15_market_in_a_unit_that_nobody_explains_is_told_as_odd() -> None:
    listing = LIST.read(ok(details(row(), row(symbol="X", market_id=7, multiplier="1000"))))
    assert [one.native for one in listing.instruments] == ["1"]
    ((native, reason),) = [(odd.native, odd.reason) for odd in listing.odd]
    assert (native, "multiplier of 1000" in reason) == ("7", True)


def test_lighter_c15_hidden_market_is_a_market() -> None:
    hidden = {"force_reduce_only": False, "trading_hours": "", "hidden": True}
    assert len(LIST.read(ok(details(row(market_config=hidden)))).instruments) == 1
