"""HTX's order books: on spot joined to a whole one asked for on the same socket, on swaps begun
by one in the stream."""

import gzip
import json
from itertools import pairwise
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import BookDelta, BookLost, BookSnapshot, Fault, StreamEvent
from exchanges.market.instrument import Instruments
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketCodec
from exchanges.stream.wire import Frame
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    Transcript,
    market,
    open_codec,
    play,
    send_all,
    stream_of,
)

VENUE = VENUES["htx"]
BTC = market("BTC/USDT", "btcusdt", venue="htx")
SWAP = market(
    "BTC/USDT:USDT", "BTC-USDT", venue="htx", contract_size="0.001", funding_interval_s=28_800.0
)
MBP = "market.btcusdt.mbp.150"


def packed(frame: Frame) -> Frame:
    text = frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame
    return gzip.compress(text, mtime=0)


SPOT_BOOK = Transcript(
    name="spot book: the whole of it, and changes of which one has no asks",
    stream="feed",
    instrument=BTC,
    channel=Channel.BOOK,
    pack=packed,
    frames=(
        """{"ch":"market.btcusdt.mbp.150","ts":1782000000100,"tick":{"seqNum":705,
        "prevSeqNum":700,"bids":[[60000.4,0]],"asks":[[60000.9,1.25E-2]]}}""",
        """{"id":"market.btcusdt.mbp.150","rep":"market.btcusdt.mbp.150","status":"ok","data":{
        "seqNum":705,"bids":[[60000.3,2]],"asks":[[60000.9,0.0125],[60001,4]]}}""",
        """{"ch":"market.btcusdt.mbp.150","ts":1782000000200,"tick":{"seqNum":709,
        "prevSeqNum":705,"bids":[[60000.3,0.5]]}}""",
        """{"ch":"market.btcusdt.mbp.150","ts":1782000000300,"tick":{"seqNum":710,
        "prevSeqNum":709,"bids":[],"asks":[]}}""",
    ),
    events=(
        BookSnapshot(
            instrument=BTC,
            bids=[(60000.3, 2.0)],
            asks=[(60000.9, 0.0125), (60001.0, 4.0)],
            sequence=705,
            window=150,
            received_ns=RECEIVED_NS,
        ),
        BookDelta(
            instrument=BTC,
            bids=[(60000.3, 0.5)],
            asks=[],
            previous=705,
            sequence=709,
            venue_ns=1782000000200_000_000,
            received_ns=RECEIVED_NS,
        ),
        BookDelta(
            instrument=BTC,
            bids=[],
            asks=[],
            previous=709,
            sequence=710,
            venue_ns=1782000000300_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
)
SWAP_BOOK = Transcript(
    name="swap book in contracts: a snapshot, and an update",
    stream="swap",
    instrument=SWAP,
    channel=Channel.BOOK,
    pack=packed,
    frames=(
        """{"ch":"market.BTC-USDT.depth.size_150.high_freq","tick":{"asks":[[60000.9,206]],
        "bids":[[60000.4,38],[60000.3,400]],"ch":"market.BTC-USDT.depth.size_150.high_freq",
        "event":"snapshot","id":131597620,"mrid":131597620,"ts":1782000000356,"version":7},
        "ts":1782000000357}""",
        """{"ch":"market.BTC-USDT.depth.size_150.high_freq","tick":{"asks":[],
        "bids":[[60000.4,0],[60000.2,12]],"ch":"market.BTC-USDT.depth.size_150.high_freq",
        "event":"update","id":131597625,"mrid":131597625,"ts":1782000000386,"version":8},
        "ts":1782000000387}""",
    ),
    events=(
        BookSnapshot(
            instrument=SWAP,
            bids=[(60000.4, 38 * 0.001), (60000.3, 400 * 0.001)],
            asks=[(60000.9, 206 * 0.001)],
            sequence=7,
            window=150,
            venue_ns=1782000000356_000_000,
            received_ns=RECEIVED_NS,
        ),
        BookDelta(
            instrument=SWAP,
            bids=[(60000.4, 0.0), (60000.2, 12 * 0.001)],
            asks=[],
            previous=7,
            sequence=8,
            venue_ns=1782000000386_000_000,
            received_ns=RECEIVED_NS,
        ),
    ),
)
BOOKS = (SPOT_BOOK, SWAP_BOOK)


# Spot: what is asked for, and when.


def asking_codec() -> MarketCodec:
    """A codec that has subscribed the book, at 0 s, and asked for nothing else."""
    codec = VENUE.codec(stream_of(VENUE, "feed"), Instruments([BTC]))
    codec.subscribe([Topic(Channel.BOOK, BTC.symbol)])
    codec.expire(0.0, RECEIVED_NS)
    (subscribe,) = codec.outgoing(0.0)
    assert json.loads(subscribe) == {"sub": MBP, "id": "1"}
    hear(codec, id="1", status="ok", subbed=MBP)
    return codec


def hear(codec: MarketCodec, **frame: Any) -> tuple[StreamEvent, ...]:
    return codec.receive(packed(json.dumps({"ts": 1, **frame})), RECEIVED_NS)


def test_htx_b17_contract_that_is_granted_and_says_nothing_is_told() -> None:
    swap = market("BTC/USDT:USDT", "BTC-USDT", venue="htx")
    codec = VENUE.codec(stream_of(VENUE, "swap"), Instruments([swap]))
    codec.subscribe([Topic(Channel.BOOK, swap.symbol)])
    codec.expire(0.0, RECEIVED_NS)
    codec.outgoing(0.0)
    hear(codec, id="1", status="ok", subbed="market.BTC-USDT.depth.size_150.high_freq")
    (lost,) = codec.expire(15.0, RECEIVED_NS)
    assert isinstance(lost, BookLost)
    assert (lost.fault, lost.detail) == (Fault.STARTING, "acknowledged, but no start for 15 s")


def update(codec: MarketCodec, previous: int, last: int) -> tuple[StreamEvent, ...]:
    tick = {"seqNum": last, "prevSeqNum": previous, "bids": [[60000.4, 1]], "asks": []}
    return hear(codec, ch=MBP, tick=tick)


def whole(codec: MarketCodec, last: int) -> tuple[StreamEvent, ...]:
    data = {"seqNum": last, "bids": [[60000.3, 2]], "asks": [[60001, 4]]}
    return hear(codec, id=MBP, rep=MBP, status="ok", data=data)


def asked(codec: MarketCodec, now_s: float) -> int:
    """How often the whole book is asked for."""
    frames = [json.loads(frame) for frame in codec.outgoing(now_s)]
    assert all(frame == {"req": MBP, "id": MBP} for frame in frames)
    return len(frames)


def test_whole_book_is_asked_for_once_an_update_has_come() -> None:
    codec = asking_codec()
    assert asked(codec, 0.2) == 0
    assert update(codec, 700, 705) == ()
    assert asked(codec, 0.3) == 1
    assert codec.requests(0.3) == []
    assert asked(codec, 5.0) == 0
    assert [type(event) for event in whole(codec, 705)] == [BookSnapshot]
    assert codec.is_settled


def test_quiet_market_is_asked_for_its_book_in_any_case() -> None:
    codec = asking_codec()
    assert asked(codec, 0.9) == 0
    assert codec.deadline == 1.0
    assert asked(codec, 1.0) == 1


def test_updates_that_came_meanwhile_are_joined() -> None:
    codec = asking_codec()
    for previous, last in ((700, 705), (705, 706), (706, 710)):
        update(codec, previous, last)
    assert asked(codec, 0.3) == 1
    start, first, second = whole(codec, 705)
    assert isinstance(start, BookSnapshot)
    assert isinstance(first, BookDelta)
    assert isinstance(second, BookDelta)
    assert (first.previous, first.sequence, second.sequence) == (705, 706, 710)


def test_update_that_straddles_the_whole_book_is_joined() -> None:
    codec = asking_codec()
    update(codec, 700, 710)
    asked(codec, 0.3)
    _, straddling = whole(codec, 705)
    assert isinstance(straddling, BookDelta)
    assert (straddling.previous, straddling.sequence) == (705, 710)
    assert len(update(codec, 710, 711)) == 1


def test_whole_book_that_is_too_old_is_asked_for_again() -> None:
    codec = asking_codec()
    update(codec, 700, 705)
    assert asked(codec, 0.3) == 1
    assert whole(codec, 699) == ()
    assert asked(codec, 0.4) == 0
    assert asked(codec, 0.8) == 1
    assert len(whole(codec, 705)) == 1


def test_gap_loses_the_book_and_asks_for_it_anew_on_the_same_subscription() -> None:
    codec = asking_codec()
    update(codec, 700, 705)
    asked(codec, 0.3)
    whole(codec, 705)
    (lost,) = update(codec, 706, 707)
    assert isinstance(lost, BookLost)
    assert lost.fault is Fault.GAP
    assert asked(codec, 1.3) == 1
    update(codec, 707, 708)
    assert [type(event) for event in whole(codec, 707)] == [BookSnapshot, BookDelta]


def test_update_that_was_taken_already_says_nothing() -> None:
    codec = asking_codec()
    update(codec, 700, 705)
    asked(codec, 0.3)
    whole(codec, 705)
    assert update(codec, 700, 705) == ()
    assert len(update(codec, 705, 706)) == 1


def test_whole_book_of_which_the_stream_knows_more_says_nothing() -> None:
    codec = asking_codec()
    update(codec, 700, 705)
    asked(codec, 0.3)
    whole(codec, 705)
    update(codec, 705, 709)
    assert whole(codec, 708) == ()
    assert len(update(codec, 709, 710)) == 1


def test_whole_book_that_does_not_come_is_asked_for_again() -> None:
    codec = asking_codec()
    update(codec, 700, 705)
    assert asked(codec, 1.0) == 1
    codec.expire(10.0, RECEIVED_NS)
    assert codec.deadline == 11.0
    assert asked(codec, 10.9) == 0
    assert asked(codec, 11.0) == 1


def test_whole_book_that_is_refused_is_asked_for_again() -> None:
    codec = asking_codec()
    update(codec, 700, 705)
    assert asked(codec, 1.0) == 1
    words = {"err-code": "bad-request", "err-msg": "429 too many request"}
    assert hear(codec, id=MBP, status="error", **words) == ()
    assert asked(codec, 1.4) == 0
    assert asked(codec, 1.5) == 1
    assert codec.topics == (Topic(Channel.BOOK, BTC.symbol),)


def test_books_are_asked_for_a_tenth_of_a_second_apart() -> None:
    markets = [market(f"A{number}/USDT", f"a{number}usdt", venue="htx") for number in range(20)]
    codec = VENUE.codec(stream_of(VENUE, "feed"), Instruments(markets))
    codec.subscribe(Topic(Channel.BOOK, each.symbol) for each in markets)
    at_s = [
        tick / 100
        for tick in range(1000)
        for frame in codec.outgoing(tick / 100)
        if "req" in json.loads(frame)
    ]
    assert len(at_s) == len(markets)
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(at_s))


# Swaps: a snapshot in the stream.


def live_swap_codec() -> MarketCodec:
    """A codec whose book is at 8."""
    codec = open_codec(VENUE, "swap", [SWAP_BOOK])
    play(codec, SWAP_BOOK)
    return codec


def swap_update(codec: MarketCodec, version: int, event: str = "update") -> tuple[StreamEvent, ...]:
    tick = {"event": event, "version": version, "bids": [[60000.4, 1]], "asks": [], "ts": 1}
    return hear(codec, ch="market.BTC-USDT.depth.size_150.high_freq", tick=tick)


def test_changes_are_what_is_asked_for() -> None:
    codec = VENUE.codec(stream_of(VENUE, "swap"), Instruments([SWAP]))
    codec.subscribe([Topic(Channel.BOOK, SWAP.symbol)])
    (asked_for,) = send_all(codec)
    assert json.loads(asked_for) == {
        "sub": "market.BTC-USDT.depth.size_150.high_freq",
        "data_type": "incremental",
        "id": "1",
    }


@pytest.mark.parametrize("version", [8, 7, 1])
def test_swap_update_that_was_taken_already_says_nothing(version: int) -> None:
    codec = live_swap_codec()
    assert swap_update(codec, version) == ()
    assert len(swap_update(codec, 9)) == 1


def test_swap_update_that_does_not_follow_loses_the_book_until_a_snapshot() -> None:
    codec = live_swap_codec()
    (lost,) = swap_update(codec, 10)
    assert isinstance(lost, BookLost)
    assert lost.fault is Fault.GAP
    assert swap_update(codec, 11) == ()
    (ended,) = codec.outgoing(20.0)
    assert json.loads(ended)["unsub"] == "market.BTC-USDT.depth.size_150.high_freq"
    hear(codec, id="2", status="ok", unsubbed="market.BTC-USDT.depth.size_150.high_freq")
    (again,) = codec.outgoing(20.1)
    assert json.loads(again)["data_type"] == "incremental"
    assert [type(event) for event in swap_update(codec, 1, "snapshot")] == [BookSnapshot]
    assert [type(event) for event in swap_update(codec, 2)] == [BookDelta]


@pytest.mark.parametrize(
    ("transcript", "part", "spoiled"),
    [
        (SPOT_BOOK, "60000.9,1.25E-2", "0,1"),
        (SPOT_BOOK, "60000.9,1.25E-2", "60000.9,-1"),
        (SPOT_BOOK, "60000.9,1.25E-2", "60000.9"),
        (SPOT_BOOK, '"seqNum":705', '"seqNum":-1'),
        (SPOT_BOOK, '"tick"', '"tock"'),
        (SWAP_BOOK, '"snapshot"', '"news"'),
        (SWAP_BOOK, '"version":7', '"version":"x"'),
        (SWAP_BOOK, "[60000.9,206]", "[-1,206]"),
        (SWAP_BOOK, '"asks":[[60000.9,206]],', ""),
    ],
)
def test_frame_of_a_book_that_is_not_allowed_names_the_market(
    transcript: Transcript, part: str, spoiled: str
) -> None:
    codec = open_codec(VENUE, transcript.stream, [transcript])
    text = str(transcript.frames[0]).replace(part, spoiled)
    assert text != transcript.frames[0]
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(packed(text), RECEIVED_NS)
    assert caught.value.symbol == transcript.instrument.symbol
