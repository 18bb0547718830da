"""Real payloads of Aster, read value by value; there is no recording of it."""

from collections.abc import Callable
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import InvalidSymbol
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    FundingCharge,
    Kline,
    Liquidation,
    MarkPrice,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Request
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

VENUE = VENUES["aster"]
REST = VENUE.rest
BTC = market("BTC/USDT:USDT", "BTCUSDT", venue="aster", funding_interval_s=28_800.0)
BNB = market("BNB/USDT:USDT", "BNBUSDT", venue="aster")
Sample = Callable[[str], bytes]


def listening_codec() -> MarketCodec:
    return VENUE.codec(VENUE.streams[0], Instruments([BTC, BNB]), listening=True)


def combined(sample: Sample, file: str, stream: str) -> str:
    """A sample, which is what a raw stream would send, as a combined one sends it."""
    data = sample(f"aster/{file}.json").decode()
    return f'{{"stream":"{stream}","data":{data}}}'


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "stream", "events"),
    [
        (
            "ws_agg_trade",
            "btcusdt@aggTrade",
            (
                Trade(
                    instrument=BTC,
                    price=0.001,
                    size=100.0,
                    side=Side.SELL,
                    trade_id="5933014",
                    venue_ns=123456785_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_agg_trade_live",
            "btcusdt@aggTrade",
            (
                Trade(
                    instrument=BTC,
                    price=114783.7,
                    size=0.02,
                    side=Side.BUY,
                    trade_id="20505890",
                    venue_ns=1754551358528_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_book_ticker",
            "bnbusdt@bookTicker",
            (
                Top(
                    instrument=BNB,
                    bid=25.3519,
                    bid_size=31.21,
                    ask=25.3652,
                    ask_size=40.66,
                    sequence=400900217,
                    venue_ns=1568014460893_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_book_ticker_live",
            "btcusdt@bookTicker",
            (
                Top(
                    instrument=BTC,
                    bid=122046.7,
                    bid_size=1.084,
                    ask=122046.8,
                    ask_size=0.001,
                    sequence=157240846459,
                    venue_ns=1754896692926_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_ticker_24h",
            "btcusdt@ticker",
            (
                Ticker(
                    instrument=BTC,
                    last=0.0025,
                    high=0.0025,
                    low=0.001,
                    volume=10000.0,
                    quote_volume=18.0,
                    change=2.5,
                    venue_ns=123456789_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_kline",
            "btcusdt@kline_1m",
            (
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.M1,
                    open_ns=123400000_000_000,
                    open=0.001,
                    high=0.0025,
                    low=0.0015,
                    close=0.002,
                    volume=1000.0,
                    quote_volume=1.0,
                    trades=100,
                    closed=False,
                    venue_ns=123456789_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_mark_price",
            "btcusdt@markPrice@1s",
            (
                MarkPrice(
                    instrument=BTC,
                    mark=11794.15,
                    index=11784.62659091,
                    venue_ns=1562305380000_000_000,
                    received_ns=RECEIVED_NS,
                ),
                Funding(
                    instrument=BTC,
                    rate=0.00038167,
                    interval_s=28_800.0,
                    next_ns=1562306400000_000_000,
                    venue_ns=1562305380000_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_liquidation",
            "btcusdt@forceOrder",
            (
                Liquidation(
                    instrument=BTC,
                    price=9910.0,
                    size=0.014,
                    side=Side.SELL,
                    venue_ns=1568014460893_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_payload_is_read_value_by_value(
    sample: Sample, file: str, stream: str, events: tuple[Event, ...]
) -> None:
    codec = listening_codec()
    assert codec.receive(combined(sample, file, stream), RECEIVED_NS) == events


@pytest.mark.recorded
@pytest.mark.parametrize("file", ["ws_subscribe_ack", "ws_list_subscriptions"])
def test_recorded_answer_to_nobody_says_nothing(sample: Sample, file: str) -> None:
    assert listening_codec().receive(sample(f"aster/{file}.json"), RECEIVED_NS) == ()


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "base", "update"),
    [
        (
            "ws_diff_depth",
            149,
            BookDelta(
                instrument=BTC,
                bids=[(0.0024, 10.0)],
                asks=[(0.0026, 100.0)],
                previous=149,
                sequence=160,
                venue_ns=123456789_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "ws_diff_depth_live",
            156391348236,
            BookDelta(
                instrument=BTC,
                bids=[(114988.3, 0.147)],
                asks=[(114988.4, 1.06)],
                previous=156391348236,
                sequence=156391349814,
                venue_ns=1754556878284_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ],
)
def test_recorded_update_follows_the_book_before_it(
    sample: Sample, file: str, base: int, update: BookDelta
) -> None:
    codec = listening_codec()
    frame = combined(sample, file, "btcusdt@depth@100ms")
    assert codec.receive(frame, RECEIVED_NS) == ()
    start = BookSnapshot(instrument=BTC, bids=[], asks=[], sequence=base, received_ns=RECEIVED_NS)
    assert codec.start(start) == (start, update)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "request_", "value"),
    [
        (
            "rest_order_book",
            REST.book(BTC),
            BookSnapshot(
                instrument=BTC,
                bids=[(4.0, 431.0)],
                asks=[(4.000002, 12.0)],
                sequence=1027024,
                venue_ns=1589436922972_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_trades",
            REST.trades(BTC),
            [
                Trade(
                    instrument=BTC,
                    price=4.000001,
                    size=12.0,
                    side=Side.SELL,
                    trade_id="28457",
                    venue_ns=1499865549590_000_000,
                    received_ns=RECEIVED_NS,
                )
            ],
        ),
        (
            "rest_ticker_24h",
            REST.ticker(BTC),
            Ticker(
                instrument=BTC,
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
        (
            "rest_klines",
            REST.klines(BTC, KlineInterval.W1),
            [
                Kline(
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
            ],
        ),
        ("rest_time", REST.server_time(), 1499827319559_000_000),
        (
            "rest_premium_index",
            REST.funding(BTC),
            Funding(
                instrument=BTC,
                rate=0.00038246,
                interval_s=28_800.0,
                next_ns=1597392000000_000_000,
                venue_ns=1597370495002_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_premium_index_2025",
            REST.mark_price(BTC),
            MarkPrice(
                instrument=BTC,
                mark=106729.84047826,
                index=106775.72673913,
                venue_ns=1750146970000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "rest_funding_info",
            REST.funding_intervals(),
            [("INJUSDT", 28_800), ("ZORAUSDT", 14_400)],
        ),
        ("rest_funding_info_2025", REST.funding_intervals(), [("INJUSDT", 28_800)]),
        (
            "rest_funding_rate_history",
            REST.funding_history(BTC),
            [
                FundingCharge(instrument=BTC, rate=rate, charged_ns=at_ns, received_ns=RECEIVED_NS)
                for rate, at_ns in (
                    (-0.0375, 1570608000000_000_000),
                    (0.0001, 1570636800000_000_000),
                )
            ],
        ),
        (
            "rest_exchange_info",
            REST.instruments()[0],
            [
                market(
                    "BLZ/USDT:USDT",  # the names of the example do not fit each other
                    "DOGEUSDT",
                    venue="aster",
                    tick="0.0001",
                    step="1",
                    min_size="1",
                    max_size="10000000",
                    min_notional="1",
                )
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_reply_is_read_value_by_value(
    sample: Sample, file: str, request_: Request[Any], value: object
) -> None:
    answer = request_.read(ok(sample(f"aster/{file}.json")))
    assert getattr(answer, "instruments", answer) == value


@pytest.mark.recorded
def test_recorded_error_is_told_in_the_words_of_the_venue(sample: Sample) -> None:
    body = sample("aster/error_invalid_symbol.json")
    with pytest.raises(InvalidSymbol, match=r"Invalid symbol\."):
        REST.book(BTC).read(Response(status=400, body=body, received_ns=RECEIVED_NS))
