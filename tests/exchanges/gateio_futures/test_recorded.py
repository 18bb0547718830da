"""Real frames of Gate.io's perpetuals, read value by value, and a session of May 2023.

Replies are in `test_recorded_replies.py`.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.books.order_book import OrderBook
from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings
from actors.recording.format import RecordedFrame
from actors.recording.replay import Replay
from exchanges import VENUES
from exchanges.errors import InvalidSymbol
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Kline,
    Level,
    Liquidation,
    MarkPrice,
    OpenInterest,
    StreamEvent,
    Subscription,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from exchanges.venue import GuessedInstruments
from tests.exchanges.transcripts import RECEIVED_NS, AnError, market, ok, send_all, stream_of

VENUE = VENUES["gateio_futures"]
REST = VENUE.rest
STREAM = stream_of(VENUE, "stream")
Sample = Callable[[str], bytes]


def perpetual(base: str, contract_size: str, **facts: Any) -> Instrument:
    symbol, native = f"{base}/USDT:USDT", f"{base}_USDT"
    return market(symbol, native, venue="gateio_futures", contract_size=contract_size, **facts)


BTC = perpetual("BTC", "0.0001")
ETH = perpetual("ETH", "0.01")
# Some examples are about a contract in dollars, whose sizes are counted differently.
USD = market("BTC/USD:USD", "BTC_USD", venue="gateio_futures", contract_size="2")


def listening_codec() -> MarketCodec:
    return VENUE.codec(STREAM, Instruments([BTC, ETH, USD]), listening=True)


CANDLE = Kline(
    instrument=ETH,
    interval=KlineInterval.M5,
    open_ns=1545129300_000_000_000,
    open=94.3,
    high=96.9,
    low=89.5,
    close=95.4,
    volume=27525555.5 * 0.01,
    venue_ns=1542162490123_000_000,
    received_ns=RECEIVED_NS,
)
TICKER_NS = 1541659086123_000_000


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "events"),
    [
        (
            "ws_book_ticker",
            (
                Top(
                    instrument=ETH,
                    bid=54696.6,
                    bid_size=37000.5 * 0.01,
                    ask=54696.7,
                    ask_size=47061.2 * 0.01,
                    sequence=2517661076,
                    venue_ns=1615366379123_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_book_ticker_live_integer_sizes",
            (
                Top(
                    instrument=BTC,
                    bid=62914.2,
                    bid_size=20884 * 0.0001,
                    ask=62914.3,
                    ask_size=33644 * 0.0001,
                    sequence=120900607904,
                    venue_ns=1785548245214_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        ("ws_trades", ()),  # an internal one
        (
            "ws_tickers",
            (
                Ticker(
                    instrument=ETH,
                    last=118.4,
                    high=132.5,
                    low=99.2,
                    volume=745487577 * 0.01,
                    quote_volume=1665006.0,
                    change=0.77 / 100,
                    venue_ns=TICKER_NS,
                    received_ns=RECEIVED_NS,
                ),
                OpenInterest(
                    instrument=ETH,
                    size=73648.5 * 0.01,
                    value=73648.5 * 0.01 * 118.35,
                    venue_ns=TICKER_NS,
                    received_ns=RECEIVED_NS,
                ),
                MarkPrice(
                    instrument=ETH,
                    mark=118.35,
                    index=118.36,
                    venue_ns=TICKER_NS,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        ("ws_candlesticks", (CANDLE, CANDLE)),
        (
            "ws_public_liquidates",
            (
                Liquidation(
                    instrument=BTC,
                    price=215.1,
                    size=124.5 * 0.0001,
                    side=Side.SELL,
                    venue_ns=1541486601123_000_000,
                    received_ns=RECEIVED_NS,
                ),
                Liquidation(
                    instrument=BTC,
                    price=215.2,
                    size=10.5 * 0.0001,
                    side=Side.SELL,
                    venue_ns=1541486601456_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_obu_full",
            (
                BookSnapshot(
                    instrument=ETH,
                    bids=[(54672.1, 58794.5 * 0.01)],
                    asks=[(54742.0, 95.2 * 0.01)],
                    sequence=2517661113,
                    window=50,
                    venue_ns=1615366381417_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_order_book_all",
            (
                BookSnapshot(
                    instrument=USD,
                    bids=[(97.1, 4490.0), (97.1, 4490.0)],
                    asks=[(97.1, 4490.0), (97.1, 4490.0)],
                    sequence=93973511,
                    venue_ns=1541500161123_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_payload_is_read_value_by_value(
    sample: Sample, file: str, events: tuple[Event, ...]
) -> None:
    codec = listening_codec()
    assert codec.receive(sample(f"gateio_futures/{file}.json"), RECEIVED_NS) == events


@pytest.mark.recorded
def test_recorded_trade_would_be_one_if_it_had_met_the_book(sample: Sample) -> None:
    frame = sample("gateio_futures/ws_trades.json").replace(b"true", b"false")
    assert listening_codec().receive(frame, RECEIVED_NS) == (
        Trade(
            instrument=ETH,
            price=96.4,
            size=108.5 * 0.01,
            side=Side.SELL,
            trade_id="27753479",
            venue_ns=1545136464123_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "instrument", "first", "bids", "asks", "last", "venue_ms"),
    [
        (
            "ws_order_book_update",
            ETH,
            2517661101,
            [(54672.1, 0.0), (54664.5, 58794.5 * 0.01)],
            [(54743.6, 0.0), (54742.0, 95.2 * 0.01)],
            2517661113,
            1615366381417,
        ),
        (
            "ws_order_book_update_integer_sizes",
            USD,
            2517661101,
            [(54672.1, 0.0), (54664.5, 117588.0)],
            [(54743.6, 0.0), (54742.0, 190.0)],
            2517661113,
            1615366381417,
        ),
        (
            "ws_order_book_update_live_integer_sizes",
            BTC,
            120900607897,
            [(62914.2, 21129 * 0.0001)],
            [],
            120900607901,
            1785548245213,
        ),
    ],
)
def test_recorded_changes_follow_the_book_before_them(
    sample: Sample,
    file: str,
    instrument: Instrument,
    first: int,
    bids: list[Level],
    asks: list[Level],
    last: int,
    venue_ms: int,
) -> None:
    codec = listening_codec()
    assert codec.receive(sample(f"gateio_futures/{file}.json"), RECEIVED_NS) == ()
    before = BookSnapshot(
        instrument=instrument, bids=[], asks=[], sequence=first - 1, received_ns=RECEIVED_NS
    )
    assert codec.start(before) == (
        before,
        BookDelta(
            instrument=instrument,
            bids=bids,
            asks=asks,
            previous=first - 1,
            sequence=last,
            venue_ns=venue_ms * 1_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
def test_recorded_refusal_names_no_request_and_says_nothing(sample: Sample) -> None:
    """Both are answers to logged-in requests, of which nothing here is known."""
    codec = VENUE.codec(STREAM, Instruments([BTC]))
    codec.subscribe([Topic(Channel.TRADES, BTC.symbol)])
    send_all(codec)
    for file in ("error_ws_unknown_contract", "error_ws_invalid_key"):
        assert codec.receive(sample(f"gateio_futures/{file}.json"), RECEIVED_NS) == ()
    named = json.loads(sample("gateio_futures/error_ws_unknown_contract.json")) | {"id": 1}
    (refusal,) = codec.receive(json.dumps(named), RECEIVED_NS)
    assert isinstance(refusal, Subscription)
    assert refusal.state is SubscriptionState.REFUSED
    assert refusal.error == AnError(InvalidSymbol, "unknown contract BTC_USDT_20220318", "2")


# A session of 2023.


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "base", "stale", "last", "best"),
    [
        ("WOO", 536375580, 3, 536376123, ((0.2101, 2803.0), (0.2104, 2000.0))),
        ("QUICK", 124930263, 3, 124930286, ((56.91, 100.0), (57.0, 46.0))),
    ],
)
def test_recorded_synchronisation_ends_with_the_stated_book(
    sample: Sample,
    file: str,
    base: int,
    stale: int,
    last: int,
    best: tuple[Level, Level],
) -> None:
    replay = json.loads(sample(f"gateio_futures/replay_book_sync_{file}_USDT.json"))
    instruments = GuessedInstruments(VENUE)
    codec = VENUE.codec(STREAM, instruments, listening=True)
    fetched = replay["rest_snapshot"]
    request = REST.recognise(fetched["url"], instruments.native)
    assert request is not None
    start = request.read(ok(json.dumps(fetched["body"]).encode()))
    assert isinstance(start, BookSnapshot)
    assert start.sequence == base
    frames = [json.dumps(frame["frame"]) for frame in replay["frames"]]
    late = [frame["received_at"] > fetched["received_at"] for frame in replay["frames"]]
    events: list[StreamEvent] = []
    for frame in frames[: late.index(True)]:
        assert codec.receive(frame, RECEIVED_NS) == ()
    events += codec.start(start)
    for frame in frames[late.index(True) :]:
        events += codec.receive(frame, RECEIVED_NS)
    book = OrderBook(start.instrument)
    for event in events:
        assert isinstance(event, BookSnapshot | BookDelta | BookLost)
        book.apply(event)
    assert len(events) == 1 + len(frames) - stale
    assert (book.is_live, book.sequence) == (True, last)
    assert (book.bids(1)[0], book.asks(1)[0]) == best  # in contracts: there is no list here


@pytest.mark.recorded
def test_recorded_connection_is_read_to_its_last_frame(sample: Sample) -> None:
    codec = VENUE.codec(STREAM, GuessedInstruments(VENUE), listening=True)
    lines = sample("gateio_futures/capture_2023_ws.jsonl").splitlines()
    events: list[StreamEvent] = []
    for line in lines:
        events += codec.receive(json.dumps(json.loads(line)["frame"]), RECEIVED_NS)
    told = [type(event) for event in events]
    assert (len(lines), told.count(Top), told.count(Kline), len(told)) == (450, 75, 1, 76)


@pytest.mark.recorded
def test_recorded_session_keeps_all_its_books_without_a_gap(shared: Path) -> None:
    file = shared / "captures" / "gateio-futures.jsonl.gz"
    if not file.exists():
        pytest.skip(f"no recordings: {file} is missing")
    replay = Replay(DetectorSettings(), AssetIdentity({}, Comparable.SAME_SYMBOL), lambda *_: 0.001)
    lines = gzip.decompress(file.read_bytes()).splitlines()
    records = [msgspec.json.decode(line, type=RecordedFrame) for line in lines]
    for record in sorted(records, key=lambda record: record.ts):
        replay.feed(record)
    report = replay.report()
    assert (report["frames"], report["unparsed"]) == (483, 0)
    assert all(book["live"] and not book["gaps"] + book["resyncs"] for book in report["books"])
    ended = {
        book["symbol"]: (book["sequence"], book["bids"][0], book["asks"][0])
        for book in report["books"]
    }
    # Sizes are base units: the recording begins with the list of contracts.
    assert ended == {
        "DIA/USDT:USDT": (58251407, (0.285, 1203.0), (0.2891, 2916.0)),
        "FRONT/USDT:USDT": (244770089, (0.1703, 2013.0), (0.1727, 1985.0)),
        "LIT/USDT:USDT": (943784239, (0.8323, 479.0), (0.8361, 479.0)),
        "OMG/USDT:USDT": (3132789386, (0.7703, 42.0), (0.7711, 129.0)),
        "PHB/USDT:USDT": (6160440, (0.7383, 678.0), (0.7393, 677.0)),
        "QUICK/USDT:USDT": (124930286, (56.91, 1.0), (57.0, 0.46)),
        "RDNT/USDT:USDT": (203083479, (0.297, 500.0), (0.2974, 63.0)),
        "SFP/USDT:USDT": (489455956, (0.4071, 981.0), (0.4081, 3527.0)),
        "WOO/USDT:USDT": (536376123, (0.2101, 2803.0), (0.2104, 2000.0)),
        "ZRX/USDT:USDT": (571312382, (0.2232, 1597.0), (0.2237, 6893.0)),
    }
