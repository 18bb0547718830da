"""Real replies of HTX, read value by value: examples of its documentation and of libraries."""

from collections.abc import Callable
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.market.events import (
    BookSnapshot,
    Funding,
    FundingCharge,
    Kline,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.rest.request import Request
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

REST = VENUES["htx"].rest
_, SWAP_LIST = REST.instruments()

BTC = market("BTC/USDT", "btcusdt", venue="htx")
BTC_SWAP = market("BTC/USDT:USDT", "BTC-USDT", venue="htx", contract_size="0.001")

Sample = Callable[[str], bytes]


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        (
            "rest_depth",
            REST.book(BTC, 5),
            BookSnapshot(
                instrument=BTC,
                bids=[
                    (49790.87, 0.779876),
                    (49785.9, 0.000182),
                    (49784.48, 0.002758),
                    (49784.29, 0.05),
                    (49783.06, 0.005038),
                ],
                asks=[
                    (49790.88, 2.980472),
                    (49790.89, 0.006613),
                    (49792.16, 0.080302),
                    (49792.67, 0.030112),
                    (49793.23, 0.043103),
                ],
                sequence=136107114472,
                window=150,
                venue_ns=1629790438215_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_ticker_merged",
            REST.ticker(BTC),
            Ticker(
                instrument=BTC,
                last=49820.92,
                bid=49819.48,
                ask=49819.49,
                high=50500.0,
                low=48767.0,
                volume=12055.365781937457,
                quote_volume=598561868.5709001,
                change=49820.92 / 50080 - 1,
                venue_ns=1629788763750_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_trades",
            REST.trades(BTC),
            [
                Trade(
                    instrument=BTC,
                    price=price,
                    size=size,
                    side=Side.BUY,
                    trade_id=trade_id,
                    venue_ns=venue_ms * 1_000_000,
                    received_ns=RECEIVED_NS,
                )
                for price, size, trade_id, venue_ms in (
                    (49651.35, 0.00083, "102517381180", 1629793656198),
                    (49655.0, 0.01125, "102517381181", 1629793656198),
                    (49656.4, 0.000124, "102517381182", 1629793656939),
                )
            ],
        ),
        (
            "rest_klines",
            REST.klines(BTC, KlineInterval.M5),
            [
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.M5,
                    open_ns=open_s * 1_000_000_000,
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
                for open_s, prices, volume, quote_volume, trades, closed in (
                    (
                        1629768900,
                        (48994.61, 49072.46, 48966.72, 49056.37),
                        30.72223099519689,
                        1505870.732227976,
                        1504,
                        True,
                    ),
                    (
                        1629769200,
                        (49056.37, 49056.38, 49022.86, 49025.51),
                        3.946281917950917,
                        193489.67275732,
                        196,
                        None,
                    ),
                )
            ],
        ),
        (
            "swap_rest_funding_rate_v5",
            REST.funding(BTC_SWAP),
            Funding(
                instrument=BTC_SWAP,
                rate=0.000083024939363172,
                interval_s=28_800.0,
                next_ns=1781251200000_000_000,
                venue_ns=1781235318758_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "swap_rest_funding_history_v5",
            REST.funding_history(BTC_SWAP),
            [
                FundingCharge(
                    instrument=BTC_SWAP,
                    rate=0.0001,
                    charged_ns=1603296000000_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "swap_rest_open_interest_v5",
            REST.open_interest(BTC_SWAP),
            OpenInterest(
                instrument=BTC_SWAP,
                size=32476.092 / 2,
                value=2063137924.9668 / 2,
                venue_ns=1781327941440_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "swap_rest_depth",  # of a dated future; the form is the same
            REST.book(BTC_SWAP),
            BookSnapshot(
                instrument=BTC_SWAP,
                bids=[(48596.4, 90 * 0.001), (48585.7, 180 * 0.001)],
                asks=[(48611.5, 741 * 0.001), (48635.2, 792 * 0.001)],
                sequence=1638754215,
                window=150,
                venue_ns=1638754215640_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Sample, file: str, request_: Request[Any], value: object
) -> None:
    assert request_.read(ok(sample(f"htx/{file}.json"))) == value


@pytest.mark.recorded
def test_recorded_list_of_contracts_has_one_perpetual(sample: Sample) -> None:
    listing = SWAP_LIST.read(ok(sample("htx/swap_rest_contract_info.json")))
    assert listing.odd == ()
    assert listing.instruments == [
        market(
            "BTC/USDT:USDT",
            "BTC-USDT",
            venue="htx",
            tick="0.1",
            step="0.001",
            min_size="0.001",
            contract_size="0.001",
        )
    ]
