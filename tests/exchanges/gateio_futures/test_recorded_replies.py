"""Real replies about Gate.io's perpetuals, read value by value."""

from collections.abc import Callable
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import ExchangeError
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
from exchanges.market.instrument import Instrument
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Request
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

VENUE = VENUES["gateio_futures"]
REST = VENUE.rest
Sample = Callable[[str], bytes]


def perpetual(base: str, contract_size: str, **facts: Any) -> Instrument:
    symbol, native = f"{base}/USDT:USDT", f"{base}_USDT"
    return market(symbol, native, venue="gateio_futures", contract_size=contract_size, **facts)


BTC = perpetual("BTC", "0.0001")


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        (
            "rest_order_book",
            REST.book(BTC),
            BookSnapshot(
                instrument=BTC,
                bids=[(1.17, 150 * 0.0001), (1.16, 203 * 0.0001)],
                asks=[(1.52, 100 * 0.0001), (1.53, 40 * 0.0001)],
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
                    price=100.123,
                    size=100 * 0.0001,
                    side=Side.SELL,
                    trade_id="121234231",
                    venue_ns=1514764800_000_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "rest_tickers",
            REST.ticker(BTC),
            Ticker(
                instrument=BTC,
                last=6432.0,
                bid=34089.7,
                ask=34217.9,
                high=6790.0,
                low=6278.0,
                volume=184040233284 * 0.0001,
                quote_volume=184040233284.0,
                change=4.43 / 100,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_tickers",
            REST.mark_price(BTC),
            MarkPrice(instrument=BTC, mark=6534.0, index=6531.0, received_ns=RECEIVED_NS),
        ),
        (
            "rest_tickers",
            REST.open_interest(BTC),
            OpenInterest(
                instrument=BTC,
                size=32323904 * 0.0001,
                value=32323904 * 0.0001 * 6534,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_klines",
            REST.klines(BTC, KlineInterval.M1),
            [
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.M1,
                    open_ns=1539852480_000_000_000,
                    open=1.032,
                    high=1.032,
                    low=1.032,
                    close=1.032,
                    volume=97151 * 0.0001,
                    quote_volume=3580.0,
                    closed=True,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "rest_contract",
            REST.funding(BTC),
            Funding(
                instrument=BTC,
                rate=0.002053,
                interval_s=28_800,
                next_ns=1610035200_000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_contract_recent",
            REST.funding(BTC),
            Funding(
                instrument=BTC,
                rate=-0.003216,
                interval_s=28_800,
                next_ns=1784131200_000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        *(
            (
                file,
                REST.funding_history(BTC),
                [
                    FundingCharge(
                        instrument=BTC, rate=rate, charged_ns=at_ns, received_ns=RECEIVED_NS
                    )
                ],
            )
            for file, rate, at_ns in (
                ("rest_funding_rate_history", 0.000157, 1543968000_000_000_000),
                ("rest_funding_rate_history_live", 0.00002, 1785542401_000_000_000),
            )
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Sample, file: str, request_: Request[Any], value: object
) -> None:
    assert request_.read(ok(sample(f"gateio_futures/{file}.json"))) == value


EIGHT_HOURS = {"funding_interval_s": 28_800.0}
TENTHS = {"step": "10", "min_size": "10"}  # of contracts of a hundred
OF_2023 = {**EIGHT_HOURS, "tick": "0.0001"}


def of_size(base: str, size: str, max_size: str, **facts: Any) -> Instrument:
    """A contract that is traded one by one."""
    return perpetual(base, size, **{"step": size, "min_size": size, "max_size": max_size, **facts})


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "instruments"),
    [
        ("rest_contract", [of_size("BTC", "0.0001", "100", tick="0.1", **EIGHT_HOURS)]),
        (
            "rest_contract_recent",
            [of_size("0G", "1", "450000", tick="0.0001", **EIGHT_HOURS)],
        ),
        (
            "rest_instruments_decimal",
            [of_size("LAB", "100", "120000", tick="0.00001", **EIGHT_HOURS, **TENTHS)],
        ),
        (
            "rest_instruments_capture_2023",
            [
                of_size(
                    "ETH",
                    "0.01",
                    "10000",
                    **{**OF_2023, "tick": "0.05"},
                ),
                of_size("OMG", "1", "1000000", **OF_2023),
                of_size("BTC", "0.0001", "100", **{**OF_2023, "tick": "0.1"}),
                of_size("WOO", "1", "1000000", **OF_2023),
                of_size("DOGE", "10", "10000000", **{**OF_2023, "tick": "0.000001"}),
            ],
        ),
    ],
)
def test_recorded_list_is_read_value_by_value(
    sample: Sample, file: str, instruments: list[Instrument]
) -> None:
    body = sample(f"gateio_futures/{file}.json")
    (list_,) = REST.instruments()
    assert list_.read(ok(body if body.startswith(b"[") else b"[%s]" % body)).instruments == (
        instruments
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("error_limit_too_large", "Invalid request parameter `limit` value: 1001"),
        ("error_funding_range", "from time exceeds 180-day limit"),
    ],
)
def test_recorded_error_is_told_in_the_words_of_the_venue(
    sample: Sample, file: str, message: str
) -> None:
    body = sample(f"gateio_futures/{file}.json")
    with pytest.raises(ExchangeError) as caught:
        REST.funding_history(BTC).read(Response(status=400, body=body, received_ns=RECEIVED_NS))
    assert (caught.value.code, caught.value.message) == ("INVALID_PARAM_VALUE", message)
