"""Real replies of Backpack, read value by value."""

from collections.abc import Callable
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import ExchangeError, InvalidSymbol
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
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Request
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

VENUE = VENUES["backpack"]
REST = VENUE.rest
AAVE = market("AAVE/USDC", "AAVE_USDC", venue="backpack")
BTC = market("BTC/USDC:USDC", "BTC_USDC_PERP", venue="backpack", funding_interval_s=3600.0)
# RECEIVED_NS lies before these payloads; what is past or future depends on it.
OF_2026_NS = 1_790_137_000_000_000_000
Sample = Callable[[str], bytes]


RULES = {"tick": "0.01", "step": "0.01", "min_size": "0.01"}


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        (
            "rest_depth",
            REST.book(BTC),
            BookSnapshot(
                instrument=BTC,
                bids=[(12.9, 1.0), (1.0, 0.38647)],
                asks=[(118318.3, 0.00633), (118567.2, 0.0845)],
                sequence=1504999670,
                venue_ns=1753102447307501_000,
                received_ns=OF_2026_NS,
            ),
        ),
        (
            "rest_trades",
            REST.trades(BTC),
            [
                Trade(
                    instrument=BTC,
                    price=117427.6,
                    size=0.00016,
                    side=Side.BUY,
                    trade_id="8721563",
                    venue_ns=1753123916819_000_000,
                    received_ns=OF_2026_NS,
                )
            ],
        ),
        (
            "rest_ticker",
            REST.ticker(AAVE),
            Ticker(
                instrument=AAVE,
                last=317.14,
                high=337.99,
                low=300.01,
                volume=65.823,
                quote_volume=21584.32278,
                change=317.14 / 327.38 - 1,
                received_ns=OF_2026_NS,
            ),
        ),
        (
            "rest_klines",
            REST.klines(BTC, KlineInterval.M3),
            [
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.M3,
                    open_ns=1752930540_000_000_000,
                    open=118238.0,
                    high=118297.6,
                    low=118237.5,
                    close=118294.6,
                    volume=0.03473,
                    quote_volume=4106.558156,
                    trades=12,
                    closed=True,
                    received_ns=OF_2026_NS,
                )
            ],
        ),
        (
            "rest_mark_prices",
            REST.mark_price(BTC),
            MarkPrice(
                instrument=BTC,
                mark=118343.51853741,
                index=118333.18643195,
                received_ns=OF_2026_NS,
            ),
        ),
        (
            "rest_funding_rates_ccxt",
            REST.funding_history(BTC),
            [
                FundingCharge(
                    instrument=BTC,
                    rate=0.0001,
                    charged_ns=1753142400_000_000_000,
                    received_ns=OF_2026_NS,
                )
            ],
        ),
        (
            "rest_funding_rates_live",
            REST.funding_history(BTC),
            [
                FundingCharge(instrument=BTC, rate=rate, charged_ns=at_ns, received_ns=OF_2026_NS)
                for rate, at_ns in (
                    (0.000010077, 1790132400_000_000_000),
                    (0.0000125, 1790136000_000_000_000),
                )
            ],
        ),
        (
            "rest_open_interest",
            REST.open_interest(BTC),
            OpenInterest(
                instrument=BTC,
                size=1273.85214,
                venue_ns=1753105735301_000_000,
                received_ns=OF_2026_NS,
            ),
        ),
        (
            "rest_markets",
            REST.instruments()[0],
            [
                market("SOL/USDC", "SOL_USDC", venue="backpack", **RULES),
                market(
                    "SOL/USDC:USDC",
                    "SOL_USDC_PERP",
                    venue="backpack",
                    funding_interval_s=28_800.0,
                    **RULES,
                ),
            ],
        ),
        ("rest_status", REST.ping(), None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Sample, file: str, request_: Request[Any], value: object
) -> None:
    body = sample(f"backpack/{file}.json")
    if isinstance(value, list) or file == "rest_mark_prices":
        body = body if body.startswith(b"[") else b"[%s]" % body  # one of a list
    answer = request_.read(Response(status=200, body=body, received_ns=OF_2026_NS))
    assert getattr(answer, "instruments", answer) == value


@pytest.mark.recorded
def test_recorded_rate_is_the_one_that_was_to_be_charged_then(sample: Sample) -> None:
    body = b"[%s]" % sample("backpack/rest_mark_prices.json")
    assert REST.funding(BTC).read(ok(body)) == Funding(
        instrument=BTC,
        rate=0.0001,
        interval_s=3600.0,
        next_ns=1753113600000_000_000,
        received_ns=RECEIVED_NS,
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "error", "message"),
    [
        ("error_invalid_market_symbol", InvalidSymbol, "Invalid market symbol"),
        ("error_resource_not_found", ExchangeError, "Not Found"),
        ("error_invalid_order", ExchangeError, "Invalid order"),
    ],
)
def test_recorded_error_is_told_in_the_words_of_the_venue(
    sample: Sample, file: str, error: type[ExchangeError], message: str
) -> None:
    body = sample(f"backpack/{file}.json")
    with pytest.raises(ExchangeError) as caught:
        REST.book(BTC).read(Response(status=400, body=body, received_ns=RECEIVED_NS))
    assert (type(caught.value), caught.value.message) == (error, message)
