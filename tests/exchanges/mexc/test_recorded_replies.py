"""Replies of MEXC as they were recorded, read value by value."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from exchanges.errors import (
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
)
from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.rest.request import Listing, Request
from tests.exchanges.mexc.test_rest import BTC, LIST, REST, refused, rules
from tests.exchanges.transcripts import RECEIVED_NS, ok

METAL = rules(
    "METAL/USDT", "METALUSDT", tick="0.00001", step="0.01", min_size="0.1", min_notional="1"
)


@pytest.mark.recorded
def test_recorded_list_is_read_value_by_value(sample: Callable[[str], bytes]) -> None:
    request = REST.recognise("https://api.mexc.com/api/v3/exchangeInfo", lambda *_: None)
    assert request is not None
    brock = rules(
        "BROCK/USDT",
        "BROCKUSDT",
        tick="0.00001",
        step="0.01",
        min_notional="1",
        maker_fee="0.0005",
    )
    assert request.read(ok(sample("mexc/rest_instruments.json"))) == Listing([brock])


@pytest.mark.recorded
def test_recorded_row_of_2025_is_read_value_by_value(sample: Callable[[str], bytes]) -> None:
    body = b'{"symbols":[%s]}' % sample("mexc/rest_instrument_2025_docs.json")
    assert LIST.read(ok(body)).instruments == [METAL]


TICKER_OF_2022 = Ticker(
    instrument=BTC,
    last=46263.71,
    bid=46260.38,
    ask=46260.41,
    high=47550.01,
    low=45555.5,
    volume=1732.461487,
    quote_volume=None,
    change=0.00400048,
    venue_ns=1641349582808_000_000,
    received_ns=RECEIVED_NS,
)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        (
            "rest_order_book",
            REST.book(BTC),
            BookSnapshot(
                instrument=BTC,
                bids=[(15.0, 49999.0)],
                asks=[(14.0, 1.0)],
                sequence=1112416,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_trades",
            REST.trades(BTC),
            [
                Trade(
                    instrument=BTC,
                    price=3219.58,
                    size=0.09293,
                    side=Side.SELL,
                    venue_ns=1737623988876_000_000,
                    received_ns=RECEIVED_NS,
                ),
                Trade(
                    instrument=BTC,
                    price=3219.58,
                    size=0.04757,
                    side=Side.BUY,
                    venue_ns=1737623988881_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ],
        ),
        (
            "rest_klines",
            REST.klines(BTC, KlineInterval.M1),
            [
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.M1,
                    open_ns=1640804880000_000_000,
                    open=47482.36,
                    high=47482.36,
                    low=47416.57,
                    close=47436.1,
                    volume=3.550717,
                    quote_volume=168387.3,
                    closed=True,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        ("rest_ticker_24hr", REST.ticker(BTC), TICKER_OF_2022),
        ("rest_server_time", REST.server_time(), 1645539742000_000_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Callable[[str], bytes], file: str, request_: Request[Any], value: object
) -> None:
    assert request_.read(ok(sample(f"mexc/{file}.json"))) == value


@pytest.mark.recorded
def test_recorded_tickers_of_several_markets_are_of_the_same_form(
    sample: Callable[[str], bytes],
) -> None:
    rows = json.loads(sample("mexc/rest_tickers_24hr.json"))
    assert [row["symbol"] for row in rows] == ["BTCUSDT", "ETHUSDT"]
    for row in rows:
        assert REST.ticker(BTC).read(ok(json.dumps(row).encode())) == TICKER_OF_2022


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "code", "error"),
    [
        ("error_bad_symbol", "10007", InvalidSymbol),
        ("error_bad_parameters", "-1128", ExchangeError),
        ("error_api_pair_not_allowed", "70011", PermissionDenied),
    ],
)
def test_recorded_error_is_told_in_the_words_of_the_venue(
    sample: Callable[[str], bytes], file: str, code: str, error: type[ExchangeError]
) -> None:
    body = sample(f"mexc/{file}.json")
    caught = refused(400, body)
    assert type(caught) is error
    assert (caught.code, caught.message) == (code, json.loads(body)["msg"])
