"""Real replies of Lighter, read value by value."""

from collections.abc import Callable
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import (
    BookSnapshot,
    Funding,
    FundingCharge,
    Kline,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.rest.request import Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

REST = VENUES["lighter"].rest
(LIST,) = REST.instruments()
ETH = market("ETH/USDC:USDC", "0", venue="lighter", funding_interval_s=3600.0)
SPOT = market("ETH/USDC", "2048", venue="lighter")
Sample = Callable[[str], bytes]


def candle(
    open_s: int, prices: tuple[float, float, float, float], volumes: tuple[float, float]
) -> Kline:
    opened, high, low, close = prices
    return Kline(
        instrument=ETH,
        interval=KlineInterval.M1,
        open_ns=open_s * 1_000_000_000,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volumes[0],
        quote_volume=volumes[1],
        closed=False,
        received_ns=RECEIVED_NS,
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        (
            "rest_order_book_details",
            LIST,
            Listing(
                [
                    market(
                        "ETH/USDC:USDC",
                        "0",
                        venue="lighter",
                        tick="0.01",
                        step="0.0001",
                        min_size="0.005",
                        min_notional="10",
                        funding_interval_s=3600.0,
                        maker_fee="0",
                        taker_fee="0",
                    )
                ]
            ),
        ),
        (
            "rest_order_book_details_ccxt",
            LIST,
            Listing(
                [
                    market(
                        "ETH/USDC:USDC",
                        "0",
                        venue="lighter",
                        tick="0.0001",
                        step="0.0001",
                        min_size="0.01",
                        min_notional="0.1",
                        funding_interval_s=3600.0,
                        maker_fee="0",
                        taker_fee="0.000001",
                    ),
                    market(
                        "ETH/USDC",
                        "2048",
                        venue="lighter",
                        tick="0.01",
                        step="0.0001",
                        min_size="0.0001",
                        min_notional="0.000001",
                        maker_fee="0",
                        taker_fee="0",
                    ),
                ]
            ),
        ),
        (
            "rest_order_book_details",
            REST.ticker(ETH),
            Ticker(
                instrument=ETH,
                last=2361.31,
                high=2398.0,
                low=2313.36,
                volume=195399.1521,
                quote_volume=460664167.955905,
                change=-0.5215684126709949 / 100,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_order_book_details_ccxt",
            REST.tickers(Kind.SPOT, Instruments([SPOT]).native),
            [
                Ticker(
                    instrument=SPOT,
                    last=2731.79,
                    high=3044.21,
                    low=2717.47,
                    volume=1203.0962,
                    quote_volume=3516374.947553,
                    change=-10.2389493724579 / 100,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "rest_order_book_details",
            REST.open_interest(ETH),
            OpenInterest(instrument=ETH, size=27350.8981, received_ns=RECEIVED_NS),
        ),
        (
            "rest_order_book_orders",
            REST.book(ETH),
            BookSnapshot(
                instrument=ETH,
                bids=[(2361.17, 3.4125)],
                asks=[(2361.32, 0.0317)],
                sequence=0,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_recent_trades",
            REST.trades(ETH),
            [
                Trade(
                    instrument=ETH,
                    price=2361.31,
                    size=0.0005,
                    side=Side.SELL,
                    trade_id="19211490282",
                    venue_ns=1777945103092648_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "rest_candles",
            REST.klines(ETH, KlineInterval.M1),
            [
                candle(1700000000, (2361.11, 2362.22, 2360.0, 2361.31), (1.2345, 2914.872195)),
                candle(1700000060, (2361.31, 2363.0, 2361.1, 2362.5), (0.5, 1181.905)),
            ],
        ),
        (
            "rest_funding_rates",
            REST.funding(ETH),
            Funding(
                instrument=ETH,
                rate=9.599999999999999e-05 / 8,
                interval_s=3600.0,
                next_ns=1700002800_000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_fundings",
            REST.funding_history(ETH),
            [
                FundingCharge(
                    instrument=ETH,
                    rate=rate,
                    charged_ns=at_s * 1_000_000_000,
                    received_ns=RECEIVED_NS,
                )
                for rate, at_s in ((0.0012 / 100, 1778702400), (-0.0002 / 100, 1778706000))
            ],
        ),
        ("rest_status", REST.server_time(), 1717777777_000_000_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Sample, file: str, request_: Request[Any], value: object
) -> None:
    assert request_.read(ok(sample(f"lighter/{file}.json"))) == value


@pytest.mark.recorded
def test_reply_of_old_has_no_mark_price(sample: Sample) -> None:
    with pytest.raises(VenueProtocolError):
        REST.mark_price(ETH).read(ok(sample("lighter/rest_order_book_details.json")))
