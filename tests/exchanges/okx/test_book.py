"""OKX's order book, rule by rule of "Order book channel", and the checksum of older recordings."""

import json
import zlib

import pytest

from actors.books.order_book import OrderBook
from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.checksums import signed32
from exchanges.market.events import BookDelta, BookSnapshot, Fault, Level, SubscriptionState
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketCodec
from exchanges.stream.wire import Frame
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    Transcript,
    ids,
    market,
    open_codec,
    play,
    send_all,
    stream_of,
)

VENUE = VENUES["okx"]
BTC = market("BTC/USDT", "BTC-USDT", venue="okx")
OLD = market("ETH/USDT", "ETH-USDT", venue="okx")  # its book is of the time before ids
SWAP = market("BTC/USDT:USDT", "BTC-USDT-SWAP", venue="okx", contract_size="0.01")
INVERSE = market("BTC/USD:BTC", "BTC-USD-SWAP", venue="okx", contract_size="100", inverse=True)


def snapshot(
    instrument: Instrument,
    sequence: int,
    bids: list[Level],
    asks: list[Level],
    venue_ms: int,
    *,
    verified: int = 0,
    checksum: int | None = None,
) -> BookSnapshot:
    return BookSnapshot(
        instrument=instrument,
        bids=bids,
        asks=asks,
        sequence=sequence,
        window=400,
        verified=verified,
        checksum=checksum,
        venue_ns=venue_ms * 1_000_000,
        received_ns=RECEIVED_NS,
    )


def delta(
    instrument: Instrument,
    ids: tuple[int, int],
    bids: list[Level],
    asks: list[Level],
    venue_ms: int,
    checksum: int | None = None,
) -> BookDelta:
    previous, sequence = ids
    return BookDelta(
        instrument=instrument,
        bids=bids,
        asks=asks,
        previous=previous,
        sequence=sequence,
        checksum=checksum,
        venue_ns=venue_ms * 1_000_000,
        received_ns=RECEIVED_NS,
    )


BOOKS = (
    Transcript(
        name="spot book: snapshot, update, nothing new, count set back, update",
        stream="public",
        instrument=BTC,
        channel=Channel.BOOK,
        frames=(
            """{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{
            "asks":[["60000.9","0.5","0","13"],["60001","7","0","2"]],
            "bids":[["60000.4","0.31","0","12"]],"ts":"1782000000000","checksum":0,
            "prevSeqId":-1,"seqId":10}]}""",
            """{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{
            "asks":[["60000.9","0","0","0"]],"bids":[["60000.3","1.25","0","1"],
            ["60000.4","0.3","0","11"]],"ts":"1782000000100","checksum":0,"prevSeqId":10,
            "seqId":15}]}""",
            """{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{
            "asks":[],"bids":[],"ts":"1782000060100","checksum":0,"prevSeqId":15,
            "seqId":15}]}""",
            """{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{
            "asks":[],"bids":[["60000.2","2","0","1"]],"ts":"1782000060200","checksum":0,
            "prevSeqId":15,"seqId":3}]}""",
            """{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{
            "asks":[["60000.8","0.00000001","0","1"]],"bids":[],"ts":"1782000060300",
            "checksum":0,"prevSeqId":3,"seqId":5}]}""",
        ),
        events=(
            snapshot(BTC, 10, [(60000.4, 0.31)], [(60000.9, 0.5), (60001.0, 7.0)], 1782000000000),
            delta(
                BTC, (10, 15), [(60000.3, 1.25), (60000.4, 0.3)], [(60000.9, 0.0)], 1782000000100
            ),
            delta(BTC, (15, 15), [], [], 1782000060100),
            delta(BTC, (15, 3), [(60000.2, 2.0)], [], 1782000060200),
            delta(BTC, (3, 5), [], [(60000.8, 1e-8)], 1782000060300),
        ),
    ),
    Transcript(
        name="linear swap book counts contracts of a hundredth bitcoin, or parts of one",
        stream="public",
        instrument=SWAP,
        channel=Channel.BOOK,
        frames=(
            """{"arg":{"channel":"books","instId":"BTC-USDT-SWAP"},"action":"snapshot","data":[{
            "asks":[["60000.9","150","0","13"]],"bids":[["60000.4","0.5","0","1"]],
            "ts":"1782000000000","checksum":0,"prevSeqId":-1,"seqId":200}]}""",
            """{"arg":{"channel":"books","instId":"BTC-USDT-SWAP"},"action":"update","data":[{
            "asks":[["60000.9","100","0","9"]],"bids":[["60000.4","0","0","0"]],
            "ts":"1782000000100","checksum":0,"prevSeqId":200,"seqId":260}]}""",
        ),
        events=(
            snapshot(SWAP, 200, [(60000.4, 0.005)], [(60000.9, 1.5)], 1782000000000),
            delta(SWAP, (200, 260), [(60000.4, 0.0)], [(60000.9, 1.0)], 1782000000100),
        ),
    ),
    Transcript(
        name="inverse swap book counts contracts of a hundred dollars",
        stream="public",
        instrument=INVERSE,
        channel=Channel.BOOK,
        frames=(
            """{"arg":{"channel":"books","instId":"BTC-USD-SWAP"},"action":"snapshot","data":[{
            "asks":[["62500","50","0","2"]],"bids":[["50000","1000","0","3"]],
            "ts":"1782000000000","checksum":0,"prevSeqId":-1,"seqId":7}]}""",
            """{"arg":{"channel":"books","instId":"BTC-USD-SWAP"},"action":"update","data":[{
            "asks":[["62500","0","0","0"]],"bids":[["40000","4","0","1"]],"ts":"1782000000100",
            "checksum":0,"prevSeqId":7,"seqId":8}]}""",
        ),
        events=(
            snapshot(INVERSE, 7, [(50000.0, 2.0)], [(62500.0, 0.08)], 1782000000000),
            delta(INVERSE, (7, 8), [(40000.0, 0.01)], [(62500.0, 0.0)], 1782000000100),
        ),
    ),
    Transcript(
        # The checksums are those of 3366.1:7:3366.8:9:3366:6:3368:8 (the documentation's own
        # example) and of 3366:6:3366.8:0.00001:3365.5:12.5:3368:8.
        name="book of the time before ids is proven by its checksum",
        stream="public",
        instrument=OLD,
        channel=Channel.BOOK,
        frames=(
            """{"arg":{"channel":"books","instId":"ETH-USDT"},"action":"snapshot","data":[{
            "asks":[["3366.8","9","0","10"],["3368","8","0","3"]],"bids":[["3366.1","7","0","2"],
            ["3366","6","0","1"]],"ts":"1652459000000","checksum":-1881014294}]}""",
            """{"arg":{"channel":"books","instId":"ETH-USDT"},"action":"update","data":[{
            "asks":[["3366.8","0.00001","0","1"]],"bids":[["3366.1","0","0","0"],
            ["3365.5","12.5","0","4"]],"ts":"1652459000100","checksum":-87094474}]}""",
        ),
        events=(
            snapshot(
                OLD,
                1652459000000,
                [(3366.1, 7.0), (3366.0, 6.0)],
                [(3366.8, 9.0), (3368.0, 8.0)],
                1652459000000,
                verified=25,
                checksum=-1881014294,
            ),
            delta(
                OLD,
                (1652459000000, 1652459000100),
                [(3366.1, 0.0), (3365.5, 12.5)],
                [(3366.8, 0.00001)],
                1652459000100,
                checksum=-87094474,
            ),
        ),
    ),
)


def text_crc(text: str) -> int:
    return signed32(zlib.crc32(text.encode()))


def book_codec(instrument: Instrument = BTC) -> MarketCodec:
    codec = VENUE.codec(stream_of(VENUE, "public"), Instruments([instrument]))
    codec.subscribe([Topic(Channel.BOOK, instrument.symbol)])
    send_all(codec)
    return codec


def frame(action: str, native: str = "BTC-USDT", **row: object) -> str:
    """A frame of a book without levels, unless `row` has some."""
    data = {"asks": [], "bids": [], "ts": "1782000000000", **row}
    arg = {"channel": "books", "instId": native}
    return json.dumps({"arg": arg, "action": action, "data": [data]})


def linked(previous: int, last: int, checksum: int = 0) -> str:
    action = "snapshot" if previous == -1 else "update"
    return frame(action, prevSeqId=previous, seqId=last, checksum=checksum)


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (linked(100, 101), [(100, 101)]),
        (linked(100, 250), [(100, 250)]),  # steps are of any length
        (linked(100, 100), [(100, 100)]),  # nothing changed for a minute
        (linked(100, 3), [(100, 3)]),  # maintenance set the count back
        (linked(101, 102), [Fault.GAP]),
        (linked(99, 100), [Fault.GAP]),  # reaches our id, but from one that we never had
        (linked(50, 60), [Fault.GAP]),
        (linked(101, 100), [Fault.GAP]),
    ],
)
def test_update_must_name_the_id_of_the_book(update: str, expected: list[object]) -> None:
    codec = book_codec()
    assert ids(codec.receive(linked(-1, 100), RECEIVED_NS)) == [100]
    assert ids(codec.receive(update, RECEIVED_NS)) == expected


def test_update_after_the_count_was_set_back_follows_the_new_count() -> None:
    codec = book_codec()
    for one in (linked(-1, 100), linked(100, 3)):
        codec.receive(one, RECEIVED_NS)
    assert ids(codec.receive(linked(100, 101), RECEIVED_NS)) == [Fault.GAP]


def test_update_before_the_snapshot_means_nothing() -> None:
    codec = book_codec()
    assert codec.receive(linked(5, 9), RECEIVED_NS) == ()
    assert ids(codec.receive(linked(-1, 10), RECEIVED_NS)) == [10]


def test_snapshot_replaces_a_live_book() -> None:
    codec = book_codec()
    codec.receive(linked(-1, 100), RECEIVED_NS)
    assert ids(codec.receive(linked(-1, 70), RECEIVED_NS)) == [70]
    assert ids(codec.receive(linked(70, 71), RECEIVED_NS)) == [(70, 71)]


def test_book_with_a_gap_is_unsubscribed_and_starts_anew() -> None:
    codec = book_codec()
    arg = {"channel": "books", "instId": "BTC-USDT"}
    codec.receive(json.dumps({"id": "1", "event": "subscribe", "arg": arg}), RECEIVED_NS)
    for one in (linked(-1, 100), linked(105, 106)):
        codec.receive(one, RECEIVED_NS)
    (ended,) = codec.outgoing(100.0)
    assert json.loads(ended) == {"id": "2", "op": "unsubscribe", "args": [arg]}
    assert codec.receive(linked(106, 107), RECEIVED_NS) == ()  # still under way
    codec.receive(json.dumps({"id": "2", "event": "unsubscribe", "arg": arg}), RECEIVED_NS)
    (again,) = codec.outgoing(100.0)
    assert json.loads(again) == {"id": "3", "op": "subscribe", "args": [arg]}
    (news,) = codec.receive(json.dumps({"id": "3", "event": "subscribe", "arg": arg}), RECEIVED_NS)
    assert getattr(news, "state", None) is SubscriptionState.SUBSCRIBED
    assert not codec.is_settled
    assert ids(codec.receive(linked(-1, 200), RECEIVED_NS)) == [200]
    assert codec.is_settled


@pytest.mark.parametrize(
    "bad",
    [
        frame("update", prevSeqId=100, checksum=0),
        frame("update", seqId=101, checksum=0),
        frame("update"),
        frame("snapshot", seqId=101, checksum=0),
        frame("snapshot"),
    ],
    ids=["no id", "no previous id", "no proof", "snapshot without previous id", "bare snapshot"],
)
def test_book_that_nothing_proves_is_not_taken(bad: str) -> None:
    codec = book_codec()
    codec.receive(linked(-1, 100), RECEIVED_NS)
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(bad, RECEIVED_NS)
    assert caught.value.symbol == "BTC/USDT"


# The checksum. It is always 0 since June 2026; frames from before 2023 have no ids.


@pytest.mark.parametrize("checksum", [0, -855196043])
def test_checksum_beside_ids_is_not_looked_at(checksum: int) -> None:
    codec = book_codec()
    for one in (linked(-1, 100, checksum), linked(100, 101, checksum)):
        (event,) = codec.receive(one, RECEIVED_NS)
        assert isinstance(event, BookSnapshot | BookDelta)
        assert event.checksum is None


def old_transcript() -> Transcript:
    return next(each for each in BOOKS if each.instrument is OLD)


def old_book(last_frame: Frame) -> OrderBook:
    """The book of the old transcript, its last frame replaced."""
    transcript = old_transcript()
    codec = open_codec(VENUE, "public", [transcript])
    book = OrderBook(OLD, VENUE.checksum)
    for text in (transcript.frames[0], last_frame):
        for event in codec.receive(text, RECEIVED_NS):
            assert isinstance(event, BookSnapshot | BookDelta)
            book.apply(event)
    return book


def test_book_without_ids_is_live_while_its_checksum_is_right() -> None:
    book = old_book(old_transcript().frames[1])
    assert book.fault is None
    assert book.bids() == [(3366.0, 6.0), (3365.5, 12.5)]
    assert book.asks() == [(3366.8, 0.00001), (3368.0, 8.0)]


def test_book_without_ids_is_lost_once_its_checksum_is_wrong() -> None:
    missed = frame("update", "ETH-USDT", bids=[["3366", "5", "0", "1"]], checksum=-1881014294)
    book = old_book(missed)
    assert book.fault is Fault.CHECKSUM
    assert book.trouble


def test_older_update_that_comes_late_is_a_gap_though_its_checksum_is_right() -> None:
    """Of two updates that set one level, the older one brings back a book that was right once."""
    transcript = old_transcript()
    codec = open_codec(VENUE, "public", [transcript])
    start, last = transcript.frames
    for one in (start, last):
        codec.receive(one, RECEIVED_NS)
    late = json.loads(last)
    late["data"][0]["ts"] = "1652459000099"
    assert ids(codec.receive(json.dumps(late), RECEIVED_NS)) == [Fault.GAP]


def test_checksum_that_died_does_not_prove_a_book_without_ids() -> None:
    assert old_book(frame("update", "ETH-USDT", checksum=0)).fault is Fault.CHECKSUM


@pytest.mark.parametrize(
    ("bids", "asks", "printed"),
    [
        (["3366.1:7", "3366:6"], ["3366.8:9", "3368:8"], "3366.1:7:3366.8:9:3366:6:3368:8"),
        (["3366.1:7"], ["3366.8:9", "3368:8", "3369:1"], "3366.1:7:3366.8:9:3368:8:3369:1"),
        (["3366.1:7", "3366:6"], [], "3366.1:7:3366:6"),
        (["8476.97:256", "8446:95"], ["8477:0.00000001"], "8476.97:256:8477:0.00000001:8446:95"),
        (
            [f"{100 - depth}:1" for depth in range(40)],  # 25 levels a side count
            [f"{101 + depth}:2" for depth in range(40)],
            ":".join(f"{100 - depth}:1:{101 + depth}:2" for depth in range(25)),
        ),
    ],
    ids=["both sides", "more asks", "no asks", "small sizes", "deep"],
)
@pytest.mark.parametrize("instrument", [BTC, SWAP, INVERSE], ids=lambda one: one.native)
def test_checksum_is_made_of_the_digits_that_the_venue_printed(
    instrument: Instrument, bids: list[str], asks: list[str], printed: str
) -> None:
    codec = book_codec(instrument)
    sides = {"bids": [level.split(":") for level in bids], "asks": [one.split(":") for one in asks]}
    whole = frame("snapshot", instrument.native, checksum=text_crc(printed), **sides)
    book = OrderBook(instrument, VENUE.checksum)
    (event,) = codec.receive(whole, RECEIVED_NS)
    assert isinstance(event, BookSnapshot)
    book.apply(event)
    assert book.fault is None


@pytest.mark.parametrize("transcript", BOOKS, ids=str)
def test_frames_lead_a_book_to_its_last_update(transcript: Transcript) -> None:
    codec = open_codec(VENUE, "public", [transcript])
    book = OrderBook(transcript.instrument, VENUE.checksum)
    for event in play(codec, transcript):
        assert isinstance(event, BookSnapshot | BookDelta)
        book.apply(event)
    assert book.fault is None
    assert book.updates == len(transcript.frames) - 1
