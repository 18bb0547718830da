"""Real frames of Binance, read value by value.

They are those of the raw streams; a combined stream wraps them.
"""

import json
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from exchanges.market.events import (
    BookDelta,
    Event,
    Funding,
    Kline,
    Liquidation,
    MarkPrice,
    Notice,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from tests.exchanges.binance.markets import BNB, BTC, PERP, TRADES, listening_codec, wanting_codec
from tests.exchanges.transcripts import RECEIVED_NS, market, news, send_all, snapshot

BNB_USDT = market("BNB/USDT", "BNBUSDT", venue="binance")
BNB_PERP = market("BNB/USDT:USDT", "BNBUSDT", venue="binance")

# The documentation uses the same toy numbers in several chapters.
TOY_TRADE = Trade(
    instrument=BNB,
    price=0.001,
    size=100.0,
    side=Side.SELL,
    trade_id="12345",
    venue_ns=1672515782136_000_000,
    received_ns=RECEIVED_NS,
)

TOY_PERP_TRADE = Trade(
    instrument=PERP,
    price=0.001,
    size=100.0,
    side=Side.SELL,
    trade_id="5933014",
    venue_ns=123456785_000_000,
    received_ns=RECEIVED_NS,
)

TOY_TOP = Top(
    instrument=BNB_USDT,
    bid=25.3519,
    bid_size=31.21,
    ask=25.3652,
    ask_size=40.66,
    sequence=400900217,
    received_ns=RECEIVED_NS,
)

TOY_KLINE = Kline(
    instrument=BNB,
    interval=KlineInterval.M1,
    open_ns=1672515780000_000_000,
    open=0.001,
    high=0.0025,
    low=0.0015,
    close=0.002,
    volume=1000.0,
    quote_volume=1.0,
    trades=100,
    closed=False,
    venue_ns=1672515782136_000_000,
    received_ns=RECEIVED_NS,
)


def wrapped(stream: str, payload: bytes) -> bytes:
    return b'{"stream":"%s","data":%s}' % (stream.encode(), payload)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "stream", "name", "events"),
    [
        ("ws_trade", "spot_stream", "bnbbtc@trade", (TOY_TRADE,)),
        ("ws_agg_trade", "spot_stream", "bnbbtc@aggTrade", (TOY_TRADE,)),
        ("um_ws_trade", "um_public", "btcusdt@trade", (TOY_PERP_TRADE,)),
        ("um_ws_agg_trade", "um_market", "btcusdt@aggTrade", (TOY_PERP_TRADE,)),
        ("ws_book_ticker", "spot_stream", "bnbusdt@bookTicker", (TOY_TOP,)),
        (
            "um_ws_book_ticker",
            "um_public",
            "bnbusdt@bookTicker",
            (replace(TOY_TOP, instrument=BNB_PERP, venue_ns=1568014460893_000_000),),
        ),
        (
            "ws_ticker_24h",
            "spot_stream",
            "bnbbtc@ticker",
            (
                Ticker(
                    instrument=BNB,
                    last=0.0025,
                    bid=0.0024,
                    ask=0.0026,
                    high=0.0025,
                    low=0.001,
                    volume=10000.0,
                    quote_volume=18.0,
                    change=2.5,
                    venue_ns=1672515782136_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "um_ws_ticker",
            "um_market",
            "btcusdt@ticker",
            (
                Ticker(
                    instrument=PERP,
                    last=16584.6,
                    high=16764.89,
                    low=16456.51,
                    volume=122474.816,
                    quote_volume=2036102085.697464,
                    change=-0.00786,
                    venue_ns=1672515782136_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        ("ws_kline", "spot_stream", "bnbbtc@kline_1m", (TOY_KLINE,)),
        (
            "um_ws_kline",
            "um_market",
            "btcusdt@kline_1m",
            (
                replace(
                    TOY_KLINE,
                    instrument=PERP,
                    open_ns=1638747660000_000_000,
                    venue_ns=1638747660000_000_000,
                ),
            ),
        ),
        (
            "um_ws_mark_price",
            "um_market",
            "btcusdt@markPrice@1s",
            (
                MarkPrice(
                    instrument=PERP,
                    mark=11794.15,
                    index=11784.62659091,
                    venue_ns=1562305380000_000_000,
                    received_ns=RECEIVED_NS,
                ),
                Funding(
                    instrument=PERP,
                    rate=0.00038167,
                    interval_s=28_800.0,
                    next_ns=1562306400000_000_000,
                    venue_ns=1562305380000_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "um_ws_liquidation",
            "um_market",
            "btcusdt@forceOrder",
            (
                Liquidation(
                    instrument=PERP,
                    price=9910.12345678,
                    size=0.014,
                    side=Side.SELL,
                    venue_ns=1568014460893_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
    ],
)
def test_recorded_payload_is_read_value_by_value(
    sample: Callable[[str], bytes],
    file: str,
    stream: str,
    name: str,
    events: tuple[Event, ...],
) -> None:
    codec = listening_codec(stream, BTC, BNB, BNB_USDT, PERP, BNB_PERP)
    assert codec.receive(wrapped(name, sample(f"binance/{file}.json")), RECEIVED_NS) == events


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "stream", "name", "instrument", "previous", "venue_ns"),
    [
        ("ws_book_diff_depth", "spot_stream", "bnbbtc@depth", BNB, 156, 1672515782136_000_000),
        ("um_ws_depth_update", "um_public", "btcusdt@depth", PERP, 149, 123456789_000_000),
    ],
)
def test_recorded_depth_event_follows_the_book_before_it(
    sample: Callable[[str], bytes],
    file: str,
    stream: str,
    name: str,
    instrument: Instrument,
    previous: int,
    venue_ns: int,
) -> None:
    codec = listening_codec(stream, instrument)
    assert codec.receive(wrapped(name, sample(f"binance/{file}.json")), RECEIVED_NS) == ()
    before = snapshot(instrument, previous, [(0.0023, 5.0)], [(0.0026, 1.0)])
    after = BookDelta(
        instrument=instrument,
        bids=[(0.0024, 10.0)],
        asks=[(0.0026, 100.0)],
        previous=previous,
        sequence=160,
        venue_ns=venue_ns,
        received_ns=RECEIVED_NS,
    )
    assert codec.start(before) == (before, after)


@pytest.mark.recorded
def test_recorded_conversation_about_subscriptions(sample: Callable[[str], bytes]) -> None:
    codec = wanting_codec("spot_stream", TRADES)
    (frame,) = send_all(codec)
    documented = json.loads(sample("binance/ws_subscribe_request.json"))
    assert json.loads(frame) == {**documented, "params": ["btcusdt@trade"]}
    assert codec.receive(sample("binance/ws_subscribe_ack.json"), RECEIVED_NS) == (
        news(BTC, TRADES, SubscriptionState.SUBSCRIBED),
    )


@pytest.mark.recorded
def test_recorded_end_of_the_connection_is_told(sample: Callable[[str], bytes]) -> None:
    frame = sample("binance/ws_server_shutdown_combined.json")
    (notice,) = wanting_codec("spot_stream").receive(frame, RECEIVED_NS)
    assert isinstance(notice, Notice)
