"""Real frames and sessions of Gate.io, read value by value."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings
from actors.recording.format import RecordedFrame
from actors.recording.replay import Replay
from exchanges.errors import ExchangeError, InvalidSymbol
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Kline,
    Level,
    StreamEvent,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.venue import GuessedInstruments
from tests.exchanges.gateio.frames import (
    BOOK,
    BTC,
    ETH,
    STREAM,
    VENUE,
    XRP,
    listening_codec,
    wanting_codec,
)
from tests.exchanges.transcripts import RECEIVED_NS, AnError, news, send_all, snapshot, stream_of


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "events"),
    [
        (
            "ws_trades",
            (
                Trade(
                    instrument=ETH,
                    price=0.4705,
                    size=16.47,
                    side=Side.SELL,
                    trade_id="309143071",
                    venue_ns=1606292218213_458_000,  # ...213.4578 ms
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_tickers",
            (
                Ticker(
                    instrument=ETH,
                    last=70775.2,
                    bid=70773.0,
                    ask=70773.1,
                    high=71366.0,
                    low=69336.2,
                    volume=4643.108806389,
                    quote_volume=328461488.44111,
                    change=1.618 / 100,
                    venue_ns=1717595233666_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_candlesticks",
            (
                Kline(
                    instrument=ETH,
                    interval=KlineInterval.M1,
                    open_ns=1606292580_000_000_000,
                    open=19128.1,
                    high=19128.1,
                    low=19128.1,
                    close=19128.1,
                    volume=3.8283,
                    quote_volume=2362.32035,
                    closed=True,
                    venue_ns=1606292600376_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_book_ticker",
            (
                Top(
                    instrument=ETH,
                    bid=19177.79,
                    bid_size=0.0003341504,
                    ask=19179.38,
                    ask_size=0.09,
                    sequence=48733182,
                    venue_ns=1606293275123_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_obu_full",
            (
                snapshot(
                    BTC,
                    73777715168,
                    [(104027.1, 509392.0), (104027.0, 477932.0)],
                    [(104027.2, 44617.0), (104027.4, 39322.0)],
                    window=50,
                    venue_ns=1747054612673_000_000,
                ),
            ),
        ),
        (
            "ws_obu_full_live",
            (
                snapshot(
                    XRP,
                    9649549324,
                    [(1.414, 1397.899)],
                    [(1.415, 17344.926)],
                    window=50,
                    venue_ns=1777275365213_000_000,
                ),
            ),
        ),
        (
            "ws_order_book_update_full",
            (
                snapshot(
                    BTC,
                    48776306,
                    [(19137.74, 0.0001), (19088.37, 0.0)],
                    [(19137.75, 0.6135)],
                    window=100,
                    venue_ns=1606294781123_000_000,
                ),
            ),
        ),
        (
            "ws_order_book",
            (
                snapshot(
                    ETH,
                    48791820,
                    [
                        (19079.55, 0.0195),
                        (19079.07, 0.7341),
                        (19076.23, 0.00011808),
                        (19073.9, 0.105),
                        (19068.83, 0.1009),
                    ],
                    [
                        (19080.24, 0.1638),
                        (19080.91, 0.1366),
                        (19080.92, 0.01),
                        (19081.29, 0.01),
                        (19083.8, 0.097),
                    ],
                    window=0,
                    venue_ns=1606295412123_000_000,
                ),
            ),
        ),
        ("ws_pong", ()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_payload_is_read_value_by_value(
    sample: Callable[[str], bytes], file: str, events: tuple[Event, ...]
) -> None:
    codec = listening_codec(BTC, ETH, XRP)
    assert codec.receive(sample(f"gateio/{file}.json"), RECEIVED_NS) == events


@pytest.mark.recorded
def test_recorded_changes_follow_the_recorded_book(sample: Callable[[str], bytes]) -> None:
    codec = listening_codec(BTC)
    codec.receive(sample("gateio/ws_obu_full.json"), RECEIVED_NS)
    assert codec.receive(sample("gateio/ws_obu_delta.json"), RECEIVED_NS) == (
        BookDelta(
            instrument=BTC,
            bids=[(104024.5, 10343.0), (104014.5, 509392.0)],
            asks=[(104027.2, 0.0), (104027.4, 0.0)],
            previous=73777715168,
            sequence=73777715212,
            venue_ns=1747054612695_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
def test_recorded_older_changes_follow_the_book_before_them(
    sample: Callable[[str], bytes],
) -> None:
    codec = listening_codec(ETH)
    assert codec.receive(sample("gateio/ws_order_book_update.json"), RECEIVED_NS) == ()
    before = snapshot(ETH, 48776300, [], [], window=100)
    assert codec.start(before) == (
        before,
        BookDelta(
            instrument=ETH,
            bids=[(19137.74, 0.0001), (19088.37, 0.0)],
            asks=[(19137.75, 0.6135)],
            previous=48776300,
            sequence=48776306,
            venue_ns=1606294781123_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "error"),
    [
        (
            "error_ws_unknown_pair",
            AnError(InvalidSymbol, "unknown currency pair: LUNARLENS_USDT", "2"),
        ),
        (
            "error_ws_duplicate_subscription",
            AnError(ExchangeError, "Alert sub ob.BTC_USDT.400", "2"),
        ),
    ],
)
def test_recorded_refusal_is_told_in_the_words_of_the_venue(
    sample: Callable[[str], bytes], file: str, error: AnError
) -> None:
    codec = wanting_codec(BOOK)
    send_all(codec)  # the request of the id that the recorded answers name
    lost, refused = BookLost, news(BTC, BOOK, SubscriptionState.REFUSED, error)
    events = codec.receive(sample(f"gateio/{file}.json"), RECEIVED_NS)
    assert [event for event in events if not isinstance(event, lost)] == [refused]


@pytest.mark.recorded
@pytest.mark.parametrize("file", ["ws_subscribe_ack", "ws_unsubscribe_ack"])
def test_recorded_answer_to_nobody_says_nothing(sample: Callable[[str], bytes], file: str) -> None:
    assert listening_codec(BTC).receive(sample(f"gateio/{file}.json"), RECEIVED_NS) == ()


class PlainBook:
    """A book as the documentation describes it, without windows and without speed."""

    def __init__(self) -> None:
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self.sequence = 0
        self.applied = 0

    def apply(self, event: StreamEvent) -> None:
        match event:
            case BookSnapshot():
                self.bids, self.asks = dict(event.bids), dict(event.asks)
            case BookDelta():
                assert event.previous == self.sequence
                self.bids.update(event.bids)
                self.asks.update(event.asks)
                self.applied += 1
            case _:
                raise AssertionError(f"unexpected {event}")
        self.sequence = event.sequence

    @property
    def best(self) -> tuple[Level, Level]:
        bid = max(price for price, size in self.bids.items() if size)
        ask = min(price for price, size in self.asks.items() if size)
        return (bid, self.bids[bid]), (ask, self.asks[ask])


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "base", "stale", "applied", "last", "best"),
    [
        ("NEO_BTC", 31244065, 3, 36, 31244121, ((0.0018659, 0.5), (0.001873, 5.24738))),
        ("DIS_USDT", 1750468, 0, 17, 1750488, ((121.5, 0.148), (122.23, 0.00896999))),
    ],
)
def test_recorded_synchronisation_ends_with_the_stated_book(
    sample: Callable[[str], bytes],
    file: str,
    base: int,
    stale: int,
    applied: int,
    last: int,
    best: tuple[Level, Level],
) -> None:
    replay = json.loads(sample(f"gateio/replay_book_sync_{file}.json"))
    codec = VENUE.codec(stream_of(VENUE, STREAM), GuessedInstruments(VENUE), listening=True)
    frames, fetched_s = replay["frames"], replay["rest_snapshot"]["received_at"]
    request = VENUE.rest.recognise(replay["rest_snapshot"]["url"], codec.wire.instruments.native)
    assert request is not None
    body = json.dumps(replay["rest_snapshot"]["body"]).encode()
    book = PlainBook()
    waiting = True
    for frame in frames:
        if waiting and frame["received_at"] > fetched_s:
            waiting = False
            response = Response(status=200, body=body, received_ns=RECEIVED_NS)
            start = request.read(response)
            assert isinstance(start, BookSnapshot)
            assert start.sequence == base
            for event in codec.start(start):
                book.apply(event)
        for event in codec.receive(json.dumps(frame["frame"]), RECEIVED_NS):
            book.apply(event)
    assert (len(frames) - stale, book.applied) == (applied, applied)
    assert (book.sequence, book.best) == (last, best)


@pytest.mark.recorded
def test_recorded_connection_is_read_to_its_last_frame(sample: Callable[[str], bytes]) -> None:
    codec = VENUE.codec(stream_of(VENUE, STREAM), GuessedInstruments(VENUE), listening=True)
    events: list[StreamEvent] = []
    lines = sample("gateio/capture_2021_ws.jsonl").splitlines()
    for line in lines:
        events += codec.receive(json.dumps(json.loads(line)["frame"]), RECEIVED_NS)
    told = [type(event) for event in events]
    assert (len(lines), told.count(Trade), told.count(Ticker)) == (239, 9, 22)
    assert set(told) == {Trade, Ticker}  # candles lack their volume, books their start
    first = next(event for event in events if isinstance(event, Trade))
    assert first == Trade(
        instrument=first.instrument,
        price=121.58,
        size=0.201,
        side=Side.SELL,
        trade_id="816995772",
        venue_ns=1619093543708_264_000,
        received_ns=RECEIVED_NS,
    )
    assert first.instrument.symbol == "DIS/USDT"


@pytest.mark.recorded
def test_recorded_session_keeps_all_its_books_without_a_gap(shared: Path) -> None:
    file = shared / "captures" / "gateio.jsonl.gz"
    if not file.exists():
        pytest.skip(f"no recordings: {file} is missing")
    replay = Replay(DetectorSettings(), AssetIdentity({}, Comparable.SAME_SYMBOL), lambda *_: 0.002)
    lines = gzip.decompress(file.read_bytes()).splitlines()
    records = [msgspec.json.decode(line, type=RecordedFrame) for line in lines]
    for record in sorted(records, key=lambda record: record.ts):
        replay.feed(record)
    report = replay.report()
    assert (report["frames"], report["unparsed"]) == (272, 0)
    books = {
        book["symbol"]: (book["live"], book["gaps"], book["resyncs"], book["sequence"])
        for book in report["books"]
    }
    assert books == {
        "BTC/USDC": (True, 0, 0, 13035634),
        "DIS/USDT": (True, 0, 0, 1750488),
        "FAST/USDT": (True, 0, 0, 1138143),
        "HAI/ETH": (True, 0, 0, 2691456),
        "INK/USDT": (True, 0, 0, 2509482),
        "NANO/USDT": (True, 0, 0, 8008166),
        "NEO/BTC": (True, 0, 0, 31244121),
        "OMG/USDT": (True, 0, 0, 59231950),
        "QTUM3S/USDT": (True, 0, 0, 69527041),
        "ZKS/ETH": (True, 0, 0, 11077674),
    }
