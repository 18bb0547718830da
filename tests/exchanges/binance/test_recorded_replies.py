"""Replies of Binance as they were recorded, read value by value."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from exchanges.errors import (
    InvalidSymbol,
    VenueProtocolError,
)
from exchanges.market.events import (
    BookSnapshot,
    Funding,
    Kline,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.rest.request import Listing, Request
from tests.exchanges.binance.test_rest import (
    BTC,
    PERP,
    PERPETUAL_LIST,
    REST,
    SPOT_LIST,
    refused,
    rules,
)
from tests.exchanges.transcripts import RECEIVED_NS, ok


@pytest.mark.recorded
def test_recorded_error_is_read(sample: Callable[[str], bytes]) -> None:
    caught = refused(400, sample("binance/error_invalid_symbol.json"))
    assert isinstance(caught, InvalidSymbol)
    assert (caught.code, caught.message) == ("-1121", "Invalid symbol.")


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "instruments"),
    [
        (
            "rest_exchange_info_with_filters",
            SPOT_LIST,
            [
                rules("BTC/USDT", "BTCUSDT", "0.01", "0.00001", ("0.00001", "9000"), "10"),
                rules("ETH/USDT", "ETHUSDT", "0.01", "0.0001", ("0.0001", "9000"), "10"),
            ],
        ),
        (
            "um_rest_exchange_info_live",
            PERPETUAL_LIST,
            [
                rules("BTC/USDT:USDT", "BTCUSDT", "0.1", "0.001", ("0.001", "1000"), "10"),
                rules("ETH/USDT:USDT", "ETHUSDT", "0.01", "0.001", ("0.001", "10000"), "10"),
            ],
        ),
        (
            "um_rest_exchange_info",
            PERPETUAL_LIST,
            [rules("BLZ/USDT:USDT", "BLZUSDT", "0.0001", "1", ("1", "10000000"), "5")],
        ),
    ],
)
def test_recorded_list_of_instruments_is_read_rule_by_rule(
    sample: Callable[[str], bytes],
    file: str,
    request_: Request[Listing],
    instruments: list[Instrument],
) -> None:
    assert request_.read(ok(sample(f"binance/{file}.json"))).instruments == instruments


def test_documented_row_without_filters_is_no_market(sample: Callable[[str], bytes]) -> None:
    with pytest.raises(VenueProtocolError, match="ETHBTC: no increment"):
        SPOT_LIST.read(ok(sample("binance/rest_exchange_info.json")))


TOY_KLINE = Kline(
    instrument=BTC,
    interval=KlineInterval.W1,
    open_ns=1499040000000_000_000,
    open=0.0163479,
    high=0.8,
    low=0.015758,
    close=0.015771,
    volume=148976.11427815,
    quote_volume=2434.19055334,
    trades=308,
    closed=True,
    received_ns=RECEIVED_NS,
)
TOY_TRADE = Trade(
    instrument=BTC,
    price=4.000001,
    size=12.0,
    side=Side.SELL,
    trade_id="28457",
    venue_ns=1499865549590_000_000,
    received_ns=RECEIVED_NS,
)
TOY_BOOK = BookSnapshot(
    instrument=BTC,
    bids=[(4.0, 431.0)],
    asks=[(4.000002, 12.0)],
    sequence=1027024,
    received_ns=RECEIVED_NS,
)
TOY_PERP_BOOK = BookSnapshot(
    instrument=PERP,
    bids=[(4.0, 431.0)],
    asks=[(4.000002, 12.0)],
    sequence=1027024,
    venue_ns=1589436922972_000_000,
    received_ns=RECEIVED_NS,
)
TOY_MARK = MarkPrice(
    instrument=PERP,
    mark=11793.63104562,
    index=11781.8049597,
    venue_ns=1597370495002_000_000,
    received_ns=RECEIVED_NS,
)
TOY_FUNDING = Funding(
    instrument=PERP,
    rate=0.00038246,
    interval_s=14_400.0,
    next_ns=1597392000000_000_000,
    venue_ns=1597370495002_000_000,
    received_ns=RECEIVED_NS,
)
TOY_INTEREST = OpenInterest(
    instrument=PERP,
    size=10659.509,
    venue_ns=1589437530011_000_000,
    received_ns=RECEIVED_NS,
)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        ("rest_time", REST.server_time(), 1499827319559_000_000),
        ("rest_depth", REST.book(BTC), TOY_BOOK),
        ("um_rest_depth", REST.book(PERP), TOY_PERP_BOOK),
        ("um_rest_depth_live", REST.book(PERP), TOY_PERP_BOOK),
        ("rest_trades", REST.trades(BTC), [TOY_TRADE]),
        ("um_rest_recent_trades", REST.trades(BTC), [TOY_TRADE]),
        ("rest_klines", REST.klines(BTC, KlineInterval.W1), [TOY_KLINE]),
        ("um_rest_klines", REST.klines(BTC, KlineInterval.W1), [TOY_KLINE]),
        ("um_rest_premium_index", REST.mark_price(PERP), TOY_MARK),
        ("um_rest_premium_index_live", REST.mark_price(PERP), TOY_MARK),
        ("um_rest_premium_index", REST.funding(PERP), TOY_FUNDING),
        ("um_rest_premium_index_live", REST.funding(PERP), TOY_FUNDING),
        ("um_rest_open_interest", REST.open_interest(PERP), TOY_INTEREST),
        ("um_rest_open_interest_live", REST.open_interest(PERP), TOY_INTEREST),
        ("um_rest_funding_info", REST.funding_intervals(), [("BLZUSDT", 28_800.0)]),
        (
            "rest_ticker_24h",
            REST.ticker(BTC),
            Ticker(
                instrument=BTC,
                last=4.000002,
                bid=4.0,
                ask=4.000002,
                high=100.0,
                low=0.1,
                volume=8913.3,
                quote_volume=15.3,
                change=-95.96 / 100,
                venue_ns=1499869899040_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "um_rest_ticker_24h",
            REST.ticker(PERP),
            Ticker(
                instrument=PERP,
                last=4.000002,
                high=100.0,
                low=0.1,
                volume=8913.3,
                quote_volume=15.3,
                change=-95.96 / 100,
                venue_ns=1499869899040_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Callable[[str], bytes], file: str, request_: Request[Any], value: object
) -> None:
    assert request_.read(ok(sample(f"binance/{file}.json"))) == value


@pytest.mark.recorded
def test_recorded_live_book_is_read_level_by_level(sample: Callable[[str], bytes]) -> None:
    snapshot = REST.book(BTC).read(ok(sample("binance/rest_depth_live.json")))
    assert snapshot.sequence == 14527958487
    assert snapshot.bids == [
        (60650.0, 0.00213),
        (60648.08, 0.06346),
        (60648.01, 0.0643),
        (60648.0, 0.09332),
        (60647.53, 0.19622),
        (60647.52, 0.03),
        (60646.55, 0.06431),
        (60643.57, 0.08904),
        (60643.56, 0.00203),
        (60639.93, 0.07282),
    ]
    assert snapshot.asks == [
        (60650.01, 0.61982),
        (60653.68, 0.00696),
        (60653.69, 0.00026),
        (60656.89, 0.01),
        (60657.87, 0.02),
        (60657.99, 0.04993),
        (60658.0, 0.02),
        (60659.0, 0.12244),
        (60659.71, 0.35691),
        (60659.94, 0.9617),
    ]


@pytest.mark.recorded
def test_recorded_live_trades_are_read_one_by_one(sample: Callable[[str], bytes]) -> None:
    trades = REST.trades(BTC).read(ok(sample("binance/rest_trades_live.json")))
    read = [
        (trade.trade_id, trade.price, trade.size, trade.side, trade.venue_ns) for trade in trades
    ]
    assert read == [
        ("1111468873", 60650.0, 0.02924, Side.SELL, 1634942949263_000_000),
        ("1111468874", 60650.01, 0.00082, Side.BUY, 1634942949287_000_000),
        ("1111468875", 60650.01, 0.011, Side.BUY, 1634942949583_000_000),
        ("1111468876", 60650.0, 0.00738, Side.SELL, 1634942949873_000_000),
        ("1111468877", 60650.01, 0.00025, Side.BUY, 1634942949950_000_000),
        ("1111468878", 60650.02, 0.001, Side.BUY, 1634942949950_000_000),
        ("1111468879", 60655.0, 0.011, Side.BUY, 1634942949950_000_000),
        ("1111468880", 60654.99, 0.00623, Side.SELL, 1634942949986_000_000),
        ("1111468881", 60654.99, 0.00445, Side.SELL, 1634942950034_000_000),
        ("1111468882", 60654.99, 0.00997, Side.SELL, 1634942950067_000_000),
    ]


@pytest.mark.recorded
def test_recorded_live_candles_are_read_one_by_one(sample: Callable[[str], bytes]) -> None:
    body = sample("binance/rest_klines_live.json")
    candles = REST.klines(BTC, KlineInterval.M1).read(ok(body))
    first, last = candles[0], candles[-1]
    assert [candle.open_ns for candle in candles] == [
        (1634943780 + 60 * number) * 1_000_000_000 for number in range(10)
    ]
    assert (first.open, first.high, first.low, first.close) == (
        60685.22,
        60729.84,
        60670.9,
        60719.27,
    )
    assert (first.volume, first.quote_volume, first.trades) == (21.63272, 1313200.0134041, 617)
    assert (last.open, last.high, last.low, last.close) == (60739.85,) * 4
    assert (last.volume, last.quote_volume, last.trades) == (0.04734, 2875.424499, 7)
    assert all(candle.closed for candle in candles)


@pytest.mark.recorded
def test_recorded_perpetual_list_is_recognised_as_one(sample: Callable[[str], bytes]) -> None:
    request = REST.recognise("https://fapi.binance.com/fapi/v1/exchangeInfo", lambda *_: None)
    assert request is not None
    listing = request.read(ok(sample("binance/um_rest_exchange_info.json")))
    assert isinstance(listing, Listing)
    (instrument,) = listing.instruments
    assert instrument.symbol == "BLZ/USDT:USDT"
    assert instrument.kind is Kind.PERPETUAL
    assert instrument.tick == Decimal("0.0001")
