"""Real frames of Lighter, read value by value, and a recording of October 2025."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.books.order_book import OrderBook
from exchanges import VENUES
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Funding,
    Kline,
    Liquidation,
    MarkPrice,
    OpenInterest,
    StreamEvent,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from exchanges.venue import GuessedInstruments
from tests.exchanges.transcripts import RECEIVED_NS, market, snapshot

VENUE = VENUES["lighter"]
(PUBLIC, _) = VENUE.streams


def perpetual(base: str, native: str) -> Instrument:
    return market(f"{base}/USDC:USDC", native, venue="lighter", funding_interval_s=3600.0)


ETH, BTC, ADA, TEN = (
    perpetual(base, native)
    for base, native in (("ETH", "0"), ("BTC", "1"), ("ADA", "39"), ("EUR", "96"))
)
LIT = perpetual("LIT", "36")
USDC = market("USDC/USDC", "2048", venue="lighter")
Sample = Callable[[str], bytes]


def listening_codec() -> MarketCodec:
    known = Instruments([ETH, BTC, ADA, TEN, LIT, USDC])
    return VENUE.codec(PUBLIC, known, listening=True)


def statistics(
    instrument: Instrument,
    at_ms: int | None,
    ticker: tuple[float, float, float, float, float, float],
    perpetual: tuple[float, float, float, float, int],
) -> tuple[Event, ...]:
    """The events of one `market_stats`: last, high, low, volumes, percent; mark, index, open
    interest in dollars, percent an hour, and the hour of the next charge in seconds."""
    facts: dict[str, Any] = {
        "instrument": instrument,
        "venue_ns": at_ms and at_ms * 1_000_000,
        "received_ns": RECEIVED_NS,
    }
    mark, index, dollars, percent, next_s = perpetual
    return (
        _ticker(ticker, facts),
        MarkPrice(mark=mark, index=index, **facts),
        Funding(rate=percent / 100, interval_s=3600.0, next_ns=next_s * 1_000_000_000, **facts),
        OpenInterest(size=dollars / mark, value=dollars, **facts),
    )


def _ticker(
    numbers: tuple[float, float, float, float, float, float], facts: dict[str, Any]
) -> Ticker:
    last, high, low, volume, quote_volume, percent = numbers
    return Ticker(
        last=last,
        high=high,
        low=low,
        volume=volume,
        quote_volume=quote_volume,
        change=percent / 100,
        **facts,
    )


def top(
    instrument: Instrument, bid: float, bid_size: float, ask: float, ask_size: float, **facts: int
) -> Top:
    return Top(
        instrument=instrument,
        bid=bid,
        bid_size=bid_size,
        ask=ask,
        ask_size=ask_size,
        received_ns=RECEIVED_NS,
        **facts,
    )


def trade(
    instrument: Instrument, number: int, price: float, size: float, side: Side, at_us: int
) -> Trade:
    return Trade(
        instrument=instrument,
        price=price,
        size=size,
        side=side,
        trade_id=str(number),
        venue_ns=at_us * 1_000,
        received_ns=RECEIVED_NS,
    )


def candle(close: float, volume: float, quote_volume: float, at_ms: int) -> Kline:
    return Kline(
        instrument=ETH,
        interval=KlineInterval.M1,
        open_ns=1778821440000_000_000,
        open=2264.2,
        high=2264.34,
        low=2263.36,
        close=close,
        volume=volume,
        quote_volume=quote_volume,
        venue_ns=at_ms * 1_000_000,
        received_ns=RECEIVED_NS,
    )


# Documentation examples whose magnitudes are not to be believed are read by the same rules.
OF_DOCS = statistics(
    ETH,
    1774883844933,
    (2064.5, 2398.0, 2311.81, 199958.6931, 471193598.847246, 0.1685414778023213),
    (2064.47, 2064.48, 27250.8411, 0.000001, 1774890000),
)
DOCS_TRADE = trade(ETH, 16164557907, 2181.83, 0.1336, Side.SELL, 1773854156686065)
SPOT_TICKER = (
    _ticker(
        (1.000002, 1.000002, 0.999999, 1000.0, 1000.1, 1e-06),
        {
            "instrument": USDC,
            "venue_ns": 1774883844933_000_000,
            "received_ns": RECEIVED_NS,
        },
    ),
)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "events"),
    [
        ("ws_connected", ()),
        ("ws_ping", ()),
        ("ws_unsubscribed", ()),
        ("error_ws_invalid_channel", ()),
        (
            "ws_market_stats_live_eth",
            statistics(
                ETH,
                None,
                (3013.13, 3170.81, 2977.42, 643235.2763, 1983505435.673896, -0.3061987051035322),
                (3013.91, 3015.56, 122736286.659423, 0.0012, 1763535600),
            ),
        ),
        (
            "ws_market_stats_all_live",
            statistics(
                TEN,
                None,
                (1.15955, 1.16105, 1.15774, 117634224.1, 136339744.383989,
                 -0.004311757299805109),
                (1.15954, 1.15901, 19392952.26053, 0.0, 1763535600),
            ),
        ),
        (
            "ws_market_stats_subscribed_single",
            statistics(
                BTC,
                1780546209291,
                (64351.5, 67478.8, 61376.4, 23621.29428, 1531624159.687143, -4.366136694955931),
                (64356.3, 64400.1, 102123609.308856, -0.0028, 1780549200),
            ),
        ),
        ("ws_market_stats_update_single", OF_DOCS),
        ("ws_market_stats_update_all", OF_DOCS),
        ("ws_spot_market_stats_subscribed_single", SPOT_TICKER),
        ("ws_spot_market_stats_update_single", SPOT_TICKER),
        ("ws_spot_market_stats_update_all", SPOT_TICKER),
        (
            "ws_ticker_live_btc",
            (
                top(BTC, 63777.2, 2.4922, 63777.3, 0.0002, sequence=17926043680,
                    venue_ns=1785252530834835_000),
            ),
        ),
        (
            "ws_ticker_subscribed",
            (
                top(ETH, 2000.0, 0.02, 2325.0, 99.0, sequence=904895,
                    venue_ns=1778138260508118_000),
            ),
        ),
        (
            "ws_ticker_subscribed_empty",
            (
                top(ADA, 0.0, 0.0, float("inf"), 0.0, sequence=2475051,
                    venue_ns=1778138582640_000_000),
            ),
        ),
        (
            "ws_ticker_update",
            (
                top(ETH, 2064.3, 1.0392, 2064.48, 0.495, sequence=9182390020,
                    venue_ns=1774883844921166_000),
            ),
        ),
        ("ws_trade_live", (trade(LIT, 26412422124, 0.20382, 0.7, Side.BUY, 1785358835917189),)),
        ("ws_trade_update", (DOCS_TRADE,)),
        ("ws_trade_subscribed", ()),
        ("ws_candle_subscribed",
         (candle(2263.97, 13.223699999999997, 29934.600011999984, 1778821471842),)),
        ("ws_candle_update",
         (candle(2263.89, 13.224299999999998, 29935.958345999985, 1778821473331),)),
        (
            "ws_order_book_subscribed",
            (
                snapshot(ETH, 904845, [(2000.0, 0.02)], [(2325.0, 99.0), (2341.25, 340.1028)],
                         venue_ns=1778138389655150_000),
            ),
        ),
        (
            "ws_order_book_subscribed_empty",
            (snapshot(ADA, 0, [], [], venue_ns=1778138582602_000_000),),
        ),
    ],
)  # fmt: skip
def test_recorded_frame_is_read_value_by_value(
    sample: Sample, file: str, events: tuple[Event, ...]
) -> None:
    assert listening_codec().receive(sample(f"lighter/{file}.json"), RECEIVED_NS) == events


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "instrument", "trades"),
    [
        ("ws_trade_subscribed", ETH, [DOCS_TRADE]),
        (
            "ws_trades_with_liquidations",
            ETH,
            [trade(ETH, 526801155, 3028.85, 0.0346, Side.SELL, 1763623734215000)],
        ),
        (
            "ws_trade_subscribed_live_with_liquidation",
            LIT,
            [
                trade(LIT, 26218621834, 0.20039, 8215.3, Side.SELL, 1785193205753071),
                trade(LIT, 26412344671, 0.20393, 0.7, Side.BUY, 1785358775942778),
                trade(LIT, 26412385647, 0.20382, 0.7, Side.BUY, 1785358805929929),
            ],
        ),
    ],
)
def test_recorded_history_of_trades_as_if_it_were_news(
    sample: Sample, file: str, instrument: Instrument, trades: list[Trade]
) -> None:
    frame = sample(f"lighter/{file}.json").replace(b"subscribed/trade", b"update/trade")
    events = listening_codec().receive(frame, RECEIVED_NS)
    assert [event for event in events if isinstance(event, Trade)] == trades
    liquidations = [event for event in events if isinstance(event, Liquidation)]
    assert [(one.price, one.size, one.side) for one in liquidations] == (
        [(0.20039, 8215.3, Side.SELL)] if instrument is LIT else []
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "previous", "last", "bids", "asks", "venue_ns"),
    [
        ("ws_order_book_update", 9182389998, 9182390020, [], [(2064.54, 0.3285)],
         1774884082309144_000),
        ("ws_order_book_update_ccxt", 11413308, 11413309, [(2979.36, 0.0)],
         [(2979.64, 61.9487)], 1763448665923_000_000),
    ],
)  # fmt: skip
def test_recorded_update_follows_the_book_before_it(
    sample: Sample,
    file: str,
    previous: int,
    last: int,
    bids: list[tuple[float, float]],
    asks: list[tuple[float, float]],
    venue_ns: int,
) -> None:
    codec = listening_codec()
    frame = sample(f"lighter/{file}.json")
    codec.receive(frame, RECEIVED_NS)  # from now on the codec knows the market
    codec.start(snapshot(ETH, previous, [], []))
    assert codec.receive(frame, RECEIVED_NS) == (
        BookDelta(
            instrument=ETH,
            bids=bids,
            asks=asks,
            previous=previous,
            sequence=last,
            venue_ns=venue_ns,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
def test_recorded_sequence_makes_the_book_that_is_known_of_it(sample: Sample) -> None:
    """As a live connection reads it: six updates are linked by their nonces."""
    codec = VENUE.codec(PUBLIC, Instruments([LIT]))
    codec.subscribe([Topic(Channel.BOOK, LIT.symbol)])
    book = OrderBook(LIT)
    frames = json.loads(sample("lighter/ws_order_book_live_sequence.json"))
    assert len(frames) == 7
    for frame in frames:
        for event in codec.receive(json.dumps(frame), RECEIVED_NS):
            if isinstance(event, BookSnapshot | BookDelta | BookLost):
                book.apply(event)
    assert book.is_live
    assert book.sequence == frames[-1]["order_book"]["nonce"]
    assert (book.bids(1)[0][0], book.asks(1)[0][0]) == (0.2035, 0.20382)


# The recording.


def recording(shared: Path) -> Iterator[str]:
    file = shared / "captures" / "lighter.jsonl.gz"
    if not file.exists():
        pytest.skip(f"no recordings: {file} is missing")
    with gzip.open(file, "rt") as lines:
        for line in lines:
            yield json.loads(line)["data"]


@pytest.mark.recorded
def test_recording_replays_without_a_gap(shared: Path) -> None:
    """1500 updates, linked by offsets; each that removes a level removes one that was there."""
    codec = VENUE.codec(PUBLIC, GuessedInstruments(VENUE), listening=True)
    instrument = codec.wire.instruments.native(Kind.PERPETUAL, "0")
    assert instrument is not None
    book, told = OrderBook(instrument), dict[type[StreamEvent], int]()
    for frame in recording(shared):
        for event in codec.receive(frame, RECEIVED_NS):
            told[type(event)] = told.get(type(event), 0) + 1
            if not isinstance(event, BookSnapshot | BookDelta):
                continue
            if isinstance(event, BookDelta):
                sides = (book.bids(10_000), event.bids), (book.asks(10_000), event.asks)
                for levels, changes in sides:
                    gone = {price for price, size in changes if not size}
                    assert gone <= {price for price, _ in levels}
            book.apply(event)
            assert book.is_live
            assert book.bids(1)[0][0] < book.asks(1)[0][0]
    assert BookLost not in told
    assert (told[BookSnapshot], told[BookDelta], told[Trade]) == (1, 1500, 125)
    assert told[MarkPrice] == told[Funding] == told[OpenInterest] == told[Ticker]
