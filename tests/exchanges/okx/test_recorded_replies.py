"""Real replies of OKX, read value by value. They are examples of its documentation.

Several chapters of it use the same toy numbers.
"""

from collections.abc import Callable
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.market.events import (
    BookSnapshot,
    Funding,
    Kline,
    Level,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.rest.request import Listing, Request
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

REST = VENUES["okx"].rest
SPOT_LIST, SWAP_LIST = REST.instruments()
BTC = market("BTC/USDT", "BTC-USDT", venue="okx")
SWAP = market("BTC/USDT:USDT", "BTC-USDT-SWAP", venue="okx", contract_size="0.01")
INVERSE = market("BTC/USD:BTC", "BTC-USD-SWAP", venue="okx", contract_size="100", inverse=True)

Sample = Callable[[str], bytes]


def rules(symbol: str, native: str, tick: str, step: str, sizes: tuple[str, str]) -> Instrument:
    min_size, max_size = sizes
    facts = {"tick": tick, "step": step, "min_size": min_size, "max_size": max_size}
    return market(symbol, native, venue="okx", **facts)


def swap_rules(base: str, value: str, tick: str, step: str, max_size: str) -> Instrument:
    return market(
        f"{base}/USDT:USDT",
        f"{base}-USDT-SWAP",
        venue="okx",
        contract_size=value,
        tick=tick,
        step=step,
        min_size=step,
        max_size=max_size,
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "instruments"),
    [
        (
            "rest_instruments_spot",
            SPOT_LIST,
            [rules("BTC/USDT", "BTC-USDT", "0.1", "0.00000001", ("0.00001", "9999999999"))],
        ),
        (
            "rest_instruments_spot_live",
            SPOT_LIST,
            [
                rules("BTC/USD", "BTC-USD", "0.1", "0.00000001", ("0.00001", "9999999999")),
                rules("ETH/USD", "ETH-USD", "0.01", "0.000001", ("0.0001", "999999999999")),
                rules("SOL/USD", "SOL-USD", "0.01", "0.000001", ("0.001", "999999999999")),
                rules("XRP/USD", "XRP-USD", "0.0001", "0.000001", ("1", "999999999999")),
            ],
        ),
        (
            "rest_instruments_swap",
            SWAP_LIST,
            [
                market(
                    "BTC/USD:BTC",
                    "BTC-USD-SWAP",
                    venue="okx",
                    contract_size="100",
                    inverse=True,
                    tick="0.1",
                    step="0",
                ),
                swap_rules("ETH", "0.1", "0.01", "0.001", "10000000"),
                swap_rules("BTC", "0.01", "0.1", "0.0001", "1000000"),
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_list_of_instruments_is_read_rule_by_rule(
    sample: Sample,
    file: str,
    request_: Request[Listing],
    instruments: list[Instrument],
) -> None:
    assert request_.read(ok(sample(f"okx/{file}.json"))).instruments == instruments


def trade(price: float, trade_id: str, venue_ms: int) -> Trade:
    return Trade(
        instrument=BTC,
        price=price,
        size=0.00001,
        side=Side.SELL,
        trade_id=trade_id,
        venue_ns=venue_ms * 1_000_000,
        received_ns=RECEIVED_NS,
    )


def candle(prices: tuple[float, ...], values: tuple[float, float], closed: bool) -> Kline:
    opened, high, low, close = prices
    volume, quote_volume = values
    return Kline(
        instrument=BTC,
        interval=KlineInterval.M1,
        open_ns=1597026383085_000_000,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        quote_volume=quote_volume,
        closed=closed,
        received_ns=RECEIVED_NS,
    )


def book(bids: list[Level], asks: list[Level], venue_ms: int) -> BookSnapshot:
    return BookSnapshot(
        instrument=BTC,
        bids=bids,
        asks=asks,
        sequence=0,
        venue_ns=venue_ms * 1_000_000,
        received_ns=RECEIVED_NS,
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        ("rest_time", REST.server_time(), 1597026383085_000_000),
        ("rest_time", REST.ping(), None),
        (
            "rest_books",
            REST.book(BTC, 1),
            book([(41006.3, 0.30178218)], [(41006.8, 0.60038921)], 1629966436396),
        ),
        (
            "rest_order_book_live",
            REST.book(BTC),
            book(
                [(41006.7, 0.487921), (41006.6, 0.2397), (41006.5, 1.125)],
                [(41006.8, 0.60038921), (41006.9, 0.30178218), (41007.0, 2.0584253)],
                1704067200000,
            ),
        ),
        (
            "rest_trades",
            REST.trades(BTC),
            [
                trade(29964.1, "242720719", 1654161641568),
                trade(29963.2, "242720720", 1654161646974),
            ],
        ),
        (
            "rest_ticker",
            REST.ticker(INVERSE),
            Ticker(
                instrument=INVERSE,
                last=9999.99,
                bid=8888.88,
                ask=9999.99,
                high=10000.0,
                low=8888.88,
                volume=2222.0,
                change=9999.99 / 9000 - 1,
                venue_ns=1597026383085_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_candles",
            REST.klines(BTC, KlineInterval.M1),
            [
                candle((3.731, 3.799, 3.494, 3.72), (24912403.0, 37632347.24399722), True),
                candle((3.721, 3.743, 3.677, 3.708), (8422410.0, 12698348.04828491), False),
            ],
        ),
        (
            "rest_funding_rate",
            REST.funding(SWAP),
            Funding(
                instrument=SWAP,
                rate=0.0000182221218054,
                interval_s=28_800.0,
                next_ns=1743609600000_000_000,
                venue_ns=1743588686291_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_mark_price",
            REST.mark_price(SWAP),
            MarkPrice(
                instrument=SWAP,
                mark=200.0,
                venue_ns=1597026383085_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_open_interest",
            REST.open_interest(SWAP),
            OpenInterest(
                instrument=SWAP,
                size=555.55,
                value=50000.0,
                venue_ns=1597026383085_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Sample, file: str, request_: Request[Any], value: object
) -> None:
    assert request_.read(ok(sample(f"okx/{file}.json"))) == value
