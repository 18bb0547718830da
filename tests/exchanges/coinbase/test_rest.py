"""Coinbase's public requests, checked against its REST documentation.

Real payloads are in `test_recorded.py`.
"""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.errors import (
    AuthenticationError,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    VenueProtocolError,
    VenueUnavailable,
)
from exchanges.market.events import BookSnapshot, Funding, Kline, OpenInterest, Ticker, Trade
from exchanges.market.instrument import Instruments, Kind, Status
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, Reply, market, ok

REST = VENUES["coinbase"].rest
SPOT, FUTURES = REST.instruments()
BTC = market("BTC/USD", "BTC-USD", venue="coinbase")
PERP = market("BTC/USD:USD", "BIP-20DEC30-CDE", venue="coinbase", contract_size="0.01")


def row(**changes: object) -> dict[str, object]:
    return {
        "product_id": "BTC-USD",
        "price": "60000.5",
        "price_percentage_change_24h": "-0.5",
        "volume_24h": "11005.5",
        "base_increment": "0.00000001",
        "quote_increment": "0.01",
        "quote_min_size": "1",
        "quote_max_size": "150000000",
        "base_min_size": "0.0001",
        "base_max_size": "3400",
        "is_disabled": False,
        "status": "online",
        "cancel_only": False,
        "limit_only": False,
        "post_only": False,
        "trading_disabled": False,
        "auction_mode": False,
        "product_type": "SPOT",
        "quote_currency_id": "USD",
        "base_currency_id": "BTC",
        "alias": "",
        "view_only": False,
        "price_increment": "0.01",
        "product_venue": "CBE",
        "approximate_quote_24h_volume": "660335502.75",
        "best_bid_price": "",
        "best_ask_price": "60001",
        **changes,
    }


def future(details: dict[str, object] | None = None, **changes: object) -> dict[str, object]:
    facts = {
        "contract_size": "0.01",
        "contract_root_unit": "BTC",
        "contract_expiry_type": "EXPIRING",
        "perpetual_details": {"open_interest": "183283", "funding_rate": ""},
        "funding_interval": "3600s",
        "open_interest": "183283",
        "funding_rate": "-0.000013",
        # 1700000000 is 2023-11-14 22:13:20 UTC.
        "funding_time": "2023-11-14T22:00:00Z",
    }
    product: dict[str, object] = {
        "product_id": "BIP-20DEC30-CDE",
        "product_type": "FUTURE",
        "status": "",
        "base_increment": "1",
        "base_min_size": "1",
        "base_max_size": "5000",
        "quote_min_size": "0",
        "price_increment": "5",
        "base_currency_id": "",
        "product_venue": "FCM",
        "future_product_details": {**facts, **(details or {})},
    }
    return row(**{**product, **changes})


def products(*rows: dict[str, object]) -> bytes:
    return json.dumps({"products": rows, "num_products": len(rows), "pagination": None}).encode()


def one(product: dict[str, object]) -> bytes:
    return json.dumps(product).encode()


BTC_RULES = market(
    "BTC/USD",
    "BTC-USD",
    venue="coinbase",
    tick="0.01",
    step="0.00000001",
    min_size="0.0001",
    max_size="3400",
    min_notional="1",
)
PERP_RULES = market(
    "BTC/USD:USD",
    "BIP-20DEC30-CDE",
    venue="coinbase",
    tick="5",
    step="0.01",
    min_size="0.01",
    max_size="50",
    contract_size="0.01",
    funding_interval_s=3600.0,
)
TICKER = Ticker(
    instrument=BTC,
    last=60000.5,
    ask=60001.0,
    volume=11005.5,
    quote_volume=660335502.75,
    change=-0.005,
    received_ns=RECEIVED_NS,
)


REPLIES = (
    Reply(
        request=SPOT,
        body=products(
            row(),
            row(product_id="BTC-USDC", quote_currency_id="USDC", alias="BTC-USD"),
            row(product_id="CGLD-USD", base_currency_id="CGLD", auction_mode=True),
        ),
        value=Listing(
            [
                BTC_RULES,
                replace(
                    BTC_RULES,
                    symbol="BTC/USDC",
                    native="BTC-USDC",
                    quote="USDC",
                    book_of="BTC-USD",
                ),
                market(
                    "CELO/USD",
                    "CGLD-USD",
                    venue="coinbase",
                    tick="0.01",
                    step="0.00000001",
                    min_size="0.0001",
                    max_size="3400",
                    min_notional="1",
                    status=Status.HALTED,
                ),
            ]
        ),
    ),
    Reply(
        request=FUTURES,
        body=products(
            future(),
            future(
                {"funding_rate": "", "funding_interval": None},
                product_id="BIT-24APR26-CDE",
                display_name="BTC 24 APR 26",
            ),
        ),
        value=Listing([PERP_RULES]),
    ),
    Reply(
        request=REST.book(PERP),
        body=b"""{"pricebook":{"product_id":"BIP-20DEC30-CDE","bids":[{"price":"60000",
        "size":"25"}],"asks":[{"price":"60005","size":"1"},{"price":"60010","size":"2"}],
        "time":"2023-11-14T22:13:19.5Z"},"last":"60000"}""",
        value=BookSnapshot(
            instrument=PERP,
            bids=[(60000.0, 0.25)],
            asks=[(60005.0, 0.01), (60010.0, 0.02)],
            sequence=0,
            venue_ns=1699999999_500_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.trades(BTC),
        body=b"""{"trades":[{"trade_id":"10","product_id":"BTC-USD","price":"60000.5",
        "size":"0.5","time":"2023-11-14T22:13:19Z","side":"SELL","bid":"","ask":""},
        {"trade_id":"9","product_id":"BTC-USD","price":"60000","size":"0.25",
        "time":"2023-11-14T22:13:18Z","side":"BUY","bid":"","ask":""}],"best_bid":"60000",
        "best_ask":"60000.5"}""",
        value=[
            Trade(
                instrument=BTC,
                price=60000.0,
                size=0.25,
                side=Side.SELL,
                trade_id="9",
                venue_ns=1699999998_000_000_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=60000.5,
                size=0.5,
                side=Side.BUY,
                trade_id="10",
                venue_ns=1699999999_000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ],
    ),
    Reply(request=REST.ticker(BTC), body=one(row()), value=TICKER),
    Reply(
        request=REST.tickers(Kind.SPOT, Instruments([BTC, PERP]).native),
        body=products(row(), {"product_id": "NOPE-USD"}, {"product_id": "BTC-USDC"}),
        value=[TICKER],
    ),
    Reply(
        request=REST.klines(PERP, KlineInterval.H1, 1),
        body=b"""{"candles":[{"start":"1699999200","low":"59990","high":"60080","open":"60001",
        "close":"60005","volume":"50"},{"start":"1699995600","low":"1","high":"1","open":"1",
        "close":"1","volume":"1"}]}""",
        value=[
            Kline(
                instrument=PERP,
                interval=KlineInterval.H1,
                open_ns=1699999200_000_000_000,
                open=60001.0,
                high=60080.0,
                low=59990.0,
                close=60005.0,
                volume=0.5,
                closed=False,
                received_ns=RECEIVED_NS,
            )
        ],
    ),
    Reply(
        request=REST.server_time(),
        body=b'{"iso":"2023-11-14T22:13:20Z","epochSeconds":"1700000000","epochMillis":"1700000000123"}',
        value=1700000000123_000_000,
    ),
    Reply(request=REST.ping(), body=b'{"epochMillis":"1700000000123"}', value=None),
    Reply(
        request=REST.funding(PERP),
        body=one(future()),
        value=Funding(
            instrument=PERP,
            rate=-0.000013,
            interval_s=3600.0,
            next_ns=1700002800_000_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
    Reply(
        request=REST.open_interest(PERP),
        body=one(future({"open_interest": "200"}, price="60000")),
        value=OpenInterest(instrument=PERP, size=2.0, value=120000.0, received_ns=RECEIVED_NS),
    ),
)


@pytest.mark.parametrize("reply", REPLIES, ids=str)
def test_reply_becomes_a_value(reply: Reply) -> None:
    assert reply.request.read(ok(reply.body)) == reply.value


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "delisted"}, Status.DELISTED),
        ({"status": "offline"}, Status.HALTED),
        *(
            ({flag: True}, Status.HALTED)
            for flag in (
                "trading_disabled",
                "is_disabled",
                "cancel_only",
                "limit_only",
                "post_only",
                "view_only",
                "auction_mode",
            )
        ),
    ],
)
def test_only_unrestricted_markets_take_part(changes: dict[str, object], status: Status) -> None:
    (instrument,) = SPOT.read(ok(products(row(**changes)))).instruments
    assert instrument.status is status


@pytest.mark.parametrize(("details", "name"), [({}, "BTC PERP"), ({"funding_rate": ""}, "")])
def test_coinbase_c2_international_perpetuals_are_traded_elsewhere(
    details: dict[str, object], name: str
) -> None:
    gone = future(
        {"contract_size": "1", **details},
        product_id="BTC-PERP-INTX",
        product_venue="INTX",
        quote_currency_id="USDC",
        display_name=name,
    )
    assert FUTURES.read(ok(products(gone))) == Listing([])


@pytest.mark.parametrize(
    ("details", "name", "interval_s"),
    [
        ({"funding_rate": ""}, "BTC PERP", 3600.0),
        ({"funding_rate": None}, "", 3600.0),
        ({"funding_interval": None}, "BTC PERP", None),
    ],
)
def test_coinbase_c5_perpetual_without_a_rate_is_still_one(
    details: dict[str, object], name: str, interval_s: float | None
) -> None:
    listing = FUTURES.read(ok(products(future(details, display_name=name))))
    assert listing.instruments == [replace(PERP_RULES, funding_interval_s=interval_s)]


@pytest.mark.parametrize(
    "details", [{"funding_rate": ""}, {"funding_rate": None}, {"funding_time": None}]
)
def test_coinbase_c5_rate_that_is_not_told_is_none(details: dict[str, object]) -> None:
    with pytest.raises(VenueUnavailable):
        REST.funding(PERP).read(ok(one(future(details))))


@pytest.mark.parametrize(("is_open", "status"), [(True, Status.TRADING), (False, Status.HALTED)])
def test_coinbase_c6_market_whose_session_is_closed_is_halted(
    is_open: bool, status: Status
) -> None:
    row = future(fcm_trading_session_details={"is_session_open": is_open})
    (instrument,) = FUTURES.read(ok(products(row))).instruments
    assert instrument.status is status


@pytest.mark.parametrize(
    "details", [{"non_crypto": True}, {"futures_asset_type": "FUTURES_ASSET_TYPE_METALS"}]
)
def test_coinbase_c9_futures_on_no_coin_are_left_out(details: dict[str, object]) -> None:
    row = future({"contract_root_unit": "SPX", **details}, display_name="SPX PERP")
    assert FUTURES.read(ok(products(row))) == Listing([])


def test_products_of_other_types_are_left_out() -> None:
    assert SPOT.read(ok(products(row(product_type="EVENT")))) == Listing([])


@pytest.mark.parametrize(
    "product",
    [
        row(price_increment="NaN"),
        row(base_increment="-1"),
        row(base_currency_id=""),
        row(product_type="FUTURE"),
        future({"funding_interval": "0s"}),
        future({"funding_interval": "NaN"}),
        future({"funding_interval": "often"}),
        future({"contract_size": "-1"}),
    ],
)
def test_product_that_cannot_be_is_not_taken(product: dict[str, object]) -> None:
    with pytest.raises(VenueProtocolError):
        SPOT.read(ok(products(product)))


def test_rate_of_an_interval_that_is_over_is_out_of_date() -> None:
    body = one(future({"funding_time": "2023-11-14T21:00:00Z"}))
    with pytest.raises(VenueUnavailable):
        REST.funding(PERP).read(ok(body))


def test_interval_of_funding_is_never_a_guess() -> None:
    with pytest.raises(VenueProtocolError):
        REST.funding(PERP).read(ok(one(future({"funding_interval": ""}))))


@pytest.mark.parametrize("ask", [REST.mark_price, REST.funding_history])
def test_what_the_venue_does_not_tell_cannot_be_asked_for(ask: Any) -> None:
    with pytest.raises(CodecUsageError):
        ask(PERP)


# What a request asks and what it costs.


@pytest.mark.parametrize(
    ("request_", "target"),
    [
        (SPOT, "market/products?product_type=SPOT"),
        (FUTURES, "market/products?product_type=FUTURE"),
        (REST.book(BTC), "market/product_book?product_id=BTC-USD"),
        (REST.book(BTC, 20), "market/product_book?product_id=BTC-USD&limit=20"),
        (REST.trades(BTC, 5000), "market/products/BTC-USD/ticker?limit=1000"),
        (REST.ticker(PERP), "market/products/BIP-20DEC30-CDE"),
        (
            REST.tickers(Kind.PERPETUAL, lambda *_: None),
            "market/products?product_type=FUTURE",
        ),
        (
            REST.klines(BTC, KlineInterval.M1, 5000),
            "market/products/BTC-USD/candles?granularity=ONE_MINUTE&limit=349"
            "&start=1699979060&end=1700000000",
        ),
        (REST.funding(PERP), "market/products/BIP-20DEC30-CDE"),
        (REST.open_interest(PERP), "market/products/BIP-20DEC30-CDE"),
        (REST.server_time(), "time"),
        (REST.ping(), "time"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_request_goes_to_the_documented_path(request_: Request[Any], target: str) -> None:
    assert request_.at(RECEIVED_NS).target == f"/api/v3/brokerage/{target}"
    assert request_.costs == (("requests", 1),)


def test_request_about_a_market_says_so() -> None:
    for request in (REST.book(BTC), REST.trades(BTC), REST.ticker(BTC)):
        assert request.instrument is BTC


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        REST.klines(BTC, KlineInterval.M3)


# Errors.


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, b'{"errors":[{"id":"not_found","message":"Not found"}]}', InvalidSymbol),
        (404, b'{"error":"NOT_FOUND","error_details":"","message":"?"}', InvalidSymbol),
        (400, b'{"error":"INVALID_PRODUCT_ID","message":"?"}', InvalidSymbol),
        (400, b'{"error":"INVALID_ARGUMENT","message":"?"}', ExchangeError),
        (403, b'{"error":"PERMISSION_DENIED","message":"?"}', PermissionDenied),
        (401, b'{"errors":[{"id":"invalid_token","message":"?"}]}', AuthenticationError),
        (401, b'{"errors":[{"id":"authentication_error","message":"request timestamp expired"}]}',
         TimestampError),
        (401, b"Unauthorized", ExchangeError),
        (429, b'{"errors":[{"id":"rate_limit_exceeded","message":"?"}]}', RateLimited),
        (403, b'{"errors":[{"id":"rate_limit_exceeded","message":"?"}]}', RateLimited),
        (500, b'{"errors":[{"id":"internal_server_error","message":"?"}]}', VenueUnavailable),
        (502, b"<html>", VenueUnavailable),
    ],
)  # fmt: skip
def test_answer_tells_what_went_wrong(status: int, body: bytes, error: type[ExchangeError]) -> None:
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(Response(status=status, body=body, received_ns=RECEIVED_NS))
    assert type(caught.value) is error
    assert caught.value.venue == "coinbase"
