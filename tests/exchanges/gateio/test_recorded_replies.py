"""Replies of Gate.io as they were recorded, read value by value."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind, Status
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.rest.request import Listing, Request
from tests.exchanges.gateio.test_rest import BTC, LIST, REST, refused, rules
from tests.exchanges.transcripts import RECEIVED_NS, ok

ETH_USDT_2021 = rules(
    "ETH/USDT", "ETH_USDT", tick="0.01", step="0.0001", min_size="0.001", min_notional="1"
)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "instruments"),
    [
        (
            "rest_instruments",
            [
                rules(
                    "ETH/USDT",
                    "ETH_USDT",
                    tick="0.000001",
                    step="0.001",
                    min_size="0.001",
                    max_size="10000",
                    min_notional="1.0",
                )
            ],
        ),
        (
            "rest_instruments_capture_2021",
            [
                rules(
                    "SAL/USDT",
                    "SAL_USDT",
                    tick="0.001",
                    step="0.0001",
                    min_notional="1",
                    status=Status.HALTED,
                ),
                ETH_USDT_2021,
                rules("OMG/USDT", "OMG_USDT", tick="0.001", step="0.001", min_notional="1"),
                rules("NEO/BTC", "NEO_BTC", tick="1e-7", step="0.001", min_notional="0.0001"),
                rules(
                    "BTC/USDT",
                    "BTC_USDT",
                    tick="0.01",
                    step="0.0001",
                    min_size="0.0001",
                    min_notional="1",
                ),
                rules("QTUM3S/USDT", "QTUM3S_USDT", tick="1e-6", step="0.01", min_notional="1"),
            ],
        ),
    ],
)
def test_recorded_list_is_read_value_by_value(
    sample: Callable[[str], bytes], file: str, instruments: list[Instrument]
) -> None:
    assert LIST.read(ok(sample(f"gateio/{file}.json"))).instruments == instruments


@pytest.mark.recorded
def test_recorded_recent_row_is_read_value_by_value(sample: Callable[[str], bytes]) -> None:
    body = b"[%s]" % sample("gateio/rest_instrument_recent.json")
    assert LIST.read(ok(body)).instruments == [
        rules(
            "QTUM/ETH",
            "QTUM_ETH",
            tick="1e-6",
            step="0.001",
            min_size="0.01",
            min_notional="0.001",
        )
    ]


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        (
            "rest_order_book",
            REST.book(BTC),
            BookSnapshot(
                instrument=BTC,
                bids=[(1.17, 201.863), (1.16, 725.464)],
                asks=[(1.52, 1.151), (1.53, 1.218)],
                sequence=123456,
                window=100,
                venue_ns=1623898993123_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_trades",
            REST.trades(BTC),
            [
                Trade(
                    instrument=BTC,
                    price=0.03,
                    size=0.15,
                    side=Side.BUY,
                    trade_id="1232893232",
                    venue_ns=1548000000123_456_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "rest_tickers",
            REST.ticker(BTC),
            Ticker(
                instrument=BTC,
                last=2.46140352,
                bid=2.4606821,
                ask=2.477,
                high=2.7431,
                low=1.9863,
                volume=656614.0845820589,
                quote_volume=1602221.66468375534639404191,
                change=-8.91 / 100,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_klines",
            REST.klines(BTC, KlineInterval.H1),
            [
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.H1,
                    open_ns=1717246800_000_000_000,
                    open=67715.1,
                    high=67839.9,
                    low=67715.0,
                    close=67772.5,
                    volume=17.0779,
                    quote_volume=1157762.868212,
                    closed=True,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        ("rest_server_time", REST.server_time(), 1731447921098_000_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Callable[[str], bytes], file: str, request_: Request[Any], value: object
) -> None:
    assert request_.read(ok(sample(f"gateio/{file}.json"))) == value


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "label", "message"),
    [
        ("error_invalid_param", "INVALID_PARAM_VALUE", "Invalid parameter `text` with value: abc"),
        (
            "error_min_notional",
            "INVALID_PARAM_VALUE",
            "Your order size 0.003749448 USDT is too small. The minimum is 3 USDT",
        ),
        ("error_no_change", "NO_CHANGE", "No change is made"),
        (
            "error_post_only_would_fill",
            "POC_FILL_IMMEDIATELY",
            "Order would match and take immediately so its cancelled",
        ),
        ("error_price_threshold", "PRICE_THRESHOLD_EXCEEDED", ": 0.45288"),
    ],
)
def test_recorded_error_is_told_in_the_words_of_the_venue(
    sample: Callable[[str], bytes], file: str, label: str, message: str
) -> None:
    caught = refused(400, sample(f"gateio/{file}.json"))
    assert (caught.code, caught.message) == (label, message)


@pytest.mark.recorded
def test_recorded_urls_are_recognised(sample: Callable[[str], bytes]) -> None:
    request = REST.recognise("https://api.gateio.ws/api/v4/spot/currency_pairs", lambda *_: None)
    assert request is not None
    listing = request.read(ok(sample("gateio/rest_instruments_capture_2021.json")))
    assert isinstance(listing, Listing)
    eth = listing.instruments[1]
    assert eth == ETH_USDT_2021
    assert eth.tick == Decimal("0.01")
    assert eth.kind is Kind.SPOT
