"""The contract of a stream, on a venue that speaks in words."""

from collections.abc import Sequence
from math import inf

import msgspec
import pytest

from exchanges.codec import Frame, StreamCodec
from exchanges.errors import SAMPLE_BYTES, CodecUsageError, StreamStale, VenueProtocolError
from exchanges.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Fault,
    StreamEvent,
    Subscription,
    SubscriptionState,
    Trade,
)
from exchanges.instrument import Instrument, Instruments, Kind
from exchanges.limits import Rate
from exchanges.orders import Side
from exchanges.rest import Request, Response
from exchanges.sequence import BookRule, Recovery
from exchanges.starts import FIRST_UPDATE_S, PAUSE_S, START_S
from exchanges.stream import Channel, Heartbeat, Stream, Topic
from exchanges.subscriptions import ACK_S, Handler, Route
from tests.exchanges.transcripts import RECEIVED_NS, market

BTC, ETH = market("BTC/USDT"), market("ETH/USDT")
PERPETUAL = market("BTC/USDT:USDT", "BTC")
TRADES = Topic(Channel.TRADES, "BTC/USDT")
ETH_TRADES = Topic(Channel.TRADES, "ETH/USDT")
BOOK = Topic(Channel.BOOK, "BTC/USDT")
ETH_BOOK = Topic(Channel.BOOK, "ETH/USDT")
MARK, FUNDING = Topic(Channel.MARK_PRICE, "BTC/USDT"), Topic(Channel.FUNDING, "BTC/USDT")

STREAM = Stream(
    name="words",
    kinds=frozenset({Kind.SPOT}),
    channels=frozenset({Channel.BOOK, Channel.TRADES, Channel.MARK_PRICE, Channel.FUNDING}),
    heartbeat=Heartbeat(idle_s=20.0, reply_s=10.0),
    messages=Rate(burst=5, per_s=5),
    max_topics=100,
    batch=10,
)


class WordsStream(StreamCodec):
    """Says `granted ID`, `refused ID WHY`, and data as `CHANNEL NAME NUMBER...`.

    A book says `book NAME PREVIOUS LAST`, and in this class `book NAME ID` for a snapshot.
    """

    venue = "words"

    def _key(self, topic: Topic, instrument: Instrument) -> str:
        channel = (
            "mark" if topic.channel in (Channel.MARK_PRICE, Channel.FUNDING) else topic.channel
        )
        return f"{channel} {instrument.native}"

    def _topic_of(self, key: str) -> Topic | None:
        channel, native = key.split()
        instrument = self.instruments.native(Kind.SPOT, native)
        return Topic(Channel(channel), instrument.symbol) if instrument else None

    def _rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_IN_STREAM)

    def _request(self, routes: Sequence[Route], subscribe: bool, request_id: int) -> Frame:
        verb = "subscribe" if subscribe else "unsubscribe"
        return f"{verb} {request_id} {', '.join(route.key for route in routes)}"

    def _ping(self) -> Frame:
        return "ping"

    def _handler(self, topic: Topic) -> Handler:
        return self._book if topic.channel is Channel.BOOK else _trade

    def _decode(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        assert isinstance(frame, str)
        match frame.split():
            case ["pong"]:
                return ()
            case ["granted", request_id]:
                return self._granted(int(request_id), received_ns)
            case ["refused", request_id, *why]:
                return self._refused(int(request_id), " ".join(why), received_ns)
            case [channel, native, *numbers]:
                return self._dispatch(f"{channel} {native}", numbers, received_ns)
        raise self._protocol_error("fewer words than a frame has", frame)

    def _book(self, route: Route, numbers: list[str], received_ns: int) -> tuple[Event, ...]:
        if len(numbers) == 1:
            return self._snapshot(route, book(int(numbers[0]), route.instrument))
        previous, last = map(int, numbers)
        return self._delta(route, previous, last, [], [], None, received_ns)


class AskingStream(WordsStream):
    """The same venue, where snapshots are fetched."""

    def _rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_BY_REQUEST)

    def _snapshot_request(self, route: Route) -> Request[BookSnapshot]:
        def read(response: Response) -> BookSnapshot:
            raise NotImplementedError

        return Request(
            venue="words", name="book", endpoint="rest", path="/book", read=read,
            instrument=route.instrument,
        )  # fmt: skip


def _trade(route: Route, numbers: list[str], received_ns: int) -> tuple[StreamEvent, ...]:
    return (trade(float(numbers[0]), route.instrument),)


def trade(price: float, instrument: Instrument = BTC) -> Trade:
    return Trade(
        instrument=instrument, price=price, size=1.0, side=Side.BUY, received_ns=RECEIVED_NS
    )


def book(sequence: int, instrument: Instrument = BTC) -> BookSnapshot:
    return BookSnapshot(
        instrument=instrument, bids=[], asks=[], sequence=sequence, received_ns=RECEIVED_NS
    )


def delta(previous: int, last: int, instrument: Instrument = BTC) -> BookDelta:
    return BookDelta(
        instrument=instrument,
        bids=[],
        asks=[],
        previous=previous,
        sequence=last,
        received_ns=RECEIVED_NS,
    )


def lost(fault: Fault, detail: str, instrument: Instrument = BTC) -> BookLost:
    return BookLost(instrument=instrument, fault=fault, detail=detail, received_ns=RECEIVED_NS)


def news(topic: Topic, state: SubscriptionState, message: str = "") -> Subscription:
    return Subscription(
        instrument=BTC if topic.symbol == BTC.symbol else ETH,
        topic=str(topic),
        state=state,
        message=message,
        received_ns=RECEIVED_NS,
    )


def codec_of(
    kind: type[WordsStream] = WordsStream, stream: Stream = STREAM, *, listening: bool = False
) -> StreamCodec:
    return kind(stream, Instruments([BTC, ETH, PERPETUAL]), listening=listening)


def subscribed(*topics: Topic, kind: type[WordsStream] = WordsStream) -> StreamCodec:
    """A codec whose topics the venue has granted at second 0."""
    codec = codec_of(kind)
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe(topics)
    for number, _ in enumerate(codec.outgoing(0.0), 1):
        hear(codec, f"granted {number}")
    return codec


def hear(codec: StreamCodec, *frames: Frame) -> tuple[StreamEvent, ...]:
    return tuple(event for frame in frames for event in codec.receive(frame, RECEIVED_NS))


# Subscriptions.


def test_topics_are_asked_for_together() -> None:
    codec = codec_of()
    codec.subscribe([TRADES, BOOK])
    assert codec.has_work
    assert codec.outgoing(0.0) == ["subscribe 1 trades BTC, book BTC"]
    assert codec.outgoing(0.0) == []
    assert codec.topics == (TRADES, BOOK)


def test_granted_topics_are_told_one_by_one() -> None:
    codec = codec_of()
    codec.subscribe([TRADES, ETH_TRADES])
    codec.outgoing(0.0)
    assert not codec.is_settled
    assert hear(codec, "granted 1") == (
        news(TRADES, SubscriptionState.SUBSCRIBED),
        news(ETH_TRADES, SubscriptionState.SUBSCRIBED),
    )
    assert codec.is_settled


def test_topic_wished_for_twice_is_asked_for_once() -> None:
    codec = subscribed(TRADES)
    codec.subscribe([TRADES])
    assert codec.outgoing(10.0) == []


def test_topics_of_one_native_stream_are_asked_for_once_and_told_each() -> None:
    codec = codec_of()
    codec.subscribe([MARK, FUNDING])
    assert codec.outgoing(0.0) == ["subscribe 1 mark BTC"]
    assert hear(codec, "granted 1") == (
        news(FUNDING, SubscriptionState.SUBSCRIBED),
        news(MARK, SubscriptionState.SUBSCRIBED),
    )


def test_native_stream_is_left_when_its_last_topic_is() -> None:
    codec = subscribed(MARK, FUNDING)
    codec.unsubscribe([MARK])
    assert codec.outgoing(10.0) == []
    codec.unsubscribe([FUNDING])
    assert codec.outgoing(10.0) == ["unsubscribe 2 mark BTC"]


@pytest.mark.parametrize(
    "topic",
    [
        Topic(Channel.TRADES, "NOPE/USDT"),
        Topic(Channel.TICKER, "BTC/USDT"),
        Topic(Channel.TRADES, PERPETUAL.symbol),
    ],
    ids=["instrument", "channel", "kind of market"],
)
def test_wish_for_what_the_stream_does_not_carry_is_our_mistake(topic: Topic) -> None:
    codec = codec_of()
    with pytest.raises(CodecUsageError):
        codec.subscribe([topic])
    assert codec.outgoing(0.0) == []


def test_refused_request_is_made_again_topic_by_topic() -> None:
    codec = codec_of()
    codec.subscribe([TRADES, ETH_TRADES])
    codec.outgoing(0.0)
    assert hear(codec, "refused 1 no such market") == ()
    assert codec.outgoing(0.0) == ["subscribe 2 trades BTC", "subscribe 3 trades ETH"]
    assert hear(codec, "refused 2 no such market", "granted 3") == (
        news(TRADES, SubscriptionState.REFUSED, "no such market"),
        news(ETH_TRADES, SubscriptionState.SUBSCRIBED),
    )
    assert codec.topics == (ETH_TRADES,)
    assert codec.is_settled


def test_refused_book_does_not_wait_for_a_start() -> None:
    codec = codec_of(AskingStream)
    codec.subscribe([BOOK])
    codec.outgoing(0.0)
    hear(codec, "refused 1 no such market")
    assert codec.is_settled
    assert codec.requests(1e9) == []


def test_unanswered_request_is_told_once() -> None:
    codec = codec_of()
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe([TRADES])
    codec.outgoing(0.0)
    assert codec.deadline == ACK_S
    assert codec.expire(ACK_S, RECEIVED_NS) == (
        news(TRADES, SubscriptionState.UNANSWERED, "no answer within 10 s"),
    )
    assert codec.expire(ACK_S + 1, RECEIVED_NS) == ()
    assert codec.topics == (TRADES,)


def test_data_answers_a_request() -> None:
    codec = codec_of()
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe([TRADES])
    codec.outgoing(0.0)
    assert hear(codec, "trades BTC 5") == (trade(5.0),)
    assert codec.expire(ACK_S, RECEIVED_NS) == ()


def test_topic_added_to_a_granted_native_stream_is_told_too() -> None:
    codec = subscribed(MARK)
    codec.subscribe([FUNDING])
    assert codec.outgoing(1.0) == []
    told = codec.expire(1.0, RECEIVED_NS) + hear(codec, "mark BTC 5")
    assert news(FUNDING, SubscriptionState.SUBSCRIBED) in told


def test_frames_under_way_after_the_end_of_a_topic_are_passed_over() -> None:
    codec = subscribed(TRADES)
    codec.unsubscribe([TRADES])
    assert codec.topics == ()
    assert hear(codec, "trades BTC 5") == ()
    assert codec.outgoing(1.0) == ["unsubscribe 2 trades BTC"]
    assert hear(codec, "trades BTC 5", "granted 2") == ()
    with pytest.raises(VenueProtocolError):
        hear(codec, "trades BTC 5")


def test_topic_ended_and_wished_for_again_is_heard_again() -> None:
    codec = subscribed(TRADES)
    codec.unsubscribe([TRADES])
    codec.subscribe([TRADES])
    assert codec.outgoing(1.0) == ["unsubscribe 2 trades BTC", "subscribe 3 trades BTC"]
    assert hear(codec, "granted 2", "granted 3") == (news(TRADES, SubscriptionState.SUBSCRIBED),)
    assert hear(codec, "trades BTC 5") == (trade(5.0),)


def test_listening_codec_takes_markets_that_nobody_subscribed() -> None:
    codec = codec_of(listening=True)
    assert hear(codec, "trades BTC 5", "trades ETH 6") == (trade(5.0), trade(6.0, ETH))
    assert codec.outgoing(0.0) == []
    with pytest.raises(VenueProtocolError, match="unknown channel or symbol"):
        hear(codec, "trades NOPE 5")


def test_new_rules_of_an_instrument_reach_its_events() -> None:
    codec = subscribed(TRADES, BOOK)
    hear(codec, "book BTC 1")
    finer = msgspec.structs.replace(BTC, tick=BTC.tick / 10)
    codec.update_instrument(finer)
    assert hear(codec, "trades BTC 5", "book BTC 1 2") == (trade(5.0, finer), delta(1, 2, finer))


# What goes out, and when.


def test_message_limit_holds_requests_back_until_the_deadline() -> None:
    codec = codec_of(stream=msgspec.structs.replace(STREAM, messages=Rate(1, 0.5), batch=1))
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe([TRADES, ETH_TRADES])
    assert codec.outgoing(0.0) == ["subscribe 1 trades BTC"]
    assert codec.has_work
    assert codec.deadline == 2.0
    assert codec.outgoing(1.0) == []
    assert codec.outgoing(2.0) == ["subscribe 2 trades ETH"]
    assert codec.deadline == ACK_S


def test_idle_connection_sends_its_ping_before_anything_else() -> None:
    codec = codec_of()
    codec.expire(0.0, RECEIVED_NS)
    assert codec.deadline == 20.0
    codec.expire(20.0, RECEIVED_NS)
    codec.subscribe([TRADES])
    assert codec.outgoing(20.0) == ["ping", "subscribe 1 trades BTC"]


def test_connection_that_answers_its_ping_lives_on() -> None:
    codec = codec_of()
    codec.expire(0.0, RECEIVED_NS)
    codec.expire(20.0, RECEIVED_NS)
    hear(codec, "pong")
    assert codec.expire(30.0, RECEIVED_NS) == ()
    assert codec.deadline == 50.0


def test_connection_without_a_sign_of_life_is_stale() -> None:
    codec = codec_of()
    codec.expire(0.0, RECEIVED_NS)
    codec.expire(20.0, RECEIVED_NS)
    with pytest.raises(StreamStale, match=r"words: no frame for 30\.0 s \(words\)"):
        codec.expire(30.0, RECEIVED_NS)


# What cannot be read.


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        ("", ""),
        ("granted many", ""),
        ("trades NOPE 5", ""),
        ("trades BTC much", "BTC/USDT"),
        ("trades BTC", "BTC/USDT"),
        ("book BTC 1 2 3", "BTC/USDT"),
    ],
)
def test_frame_that_cannot_be_read_says_whose_it_was(frame: str, symbol: str) -> None:
    codec = subscribed(TRADES, BOOK)
    hear(codec, "trades BTC 4")
    with pytest.raises(VenueProtocolError) as caught:
        hear(codec, frame)
    assert (caught.value.venue, caught.value.asked) == ("words", "words")
    assert caught.value.symbol == symbol
    assert hear(codec, "trades BTC 5") == (trade(5.0),)


def test_error_keeps_the_first_bytes_of_a_long_frame() -> None:
    codec = subscribed(TRADES)
    frame = "trades BTC " + "x" * 1_000_000
    with pytest.raises(VenueProtocolError) as caught:
        hear(codec, frame)
    assert caught.value.payload == frame[:SAMPLE_BYTES]
    assert len(str(caught.value)) < 10 * SAMPLE_BYTES


# Books that start with a snapshot in the stream.


def test_book_in_the_stream_starts_with_its_snapshot() -> None:
    codec = subscribed(BOOK)
    assert not codec.is_settled
    assert hear(codec, "book BTC 1 2", "book BTC 10", "book BTC 10 11") == (book(10), delta(10, 11))
    assert codec.is_settled


def test_gap_in_the_stream_makes_the_subscription_anew() -> None:
    codec = subscribed(BOOK)
    hear(codec, "book BTC 10")
    assert hear(codec, "book BTC 11 12") == (lost(Fault.GAP, "expected 10, got 11..12"),)
    assert codec.outgoing(100.0) == ["unsubscribe 2 book BTC"]
    assert hear(codec, "book BTC 12 13", "granted 2") == ()
    assert codec.outgoing(100.1) == ["subscribe 3 book BTC"]
    assert hear(codec, "book BTC 20", "book BTC 20 21") == (book(20), delta(20, 21))


def test_book_that_comes_while_its_subscription_ends_is_not_believed() -> None:
    codec = subscribed(BOOK)
    hear(codec, "book BTC 10", "book BTC 11 12")
    codec.outgoing(100.0)
    assert hear(codec, "book BTC 13", "granted 2") == ()  # nothing would keep it up to date
    codec.outgoing(100.1)
    assert hear(codec, "book BTC 20") == (book(20),)


def test_subscription_made_anew_is_given_time_to_bring_its_snapshot() -> None:
    codec = subscribed(BOOK)
    hear(codec, "book BTC 10", "book BTC 11 12")
    codec.outgoing(100.0)
    hear(codec, "granted 2")
    codec.outgoing(100.1)
    hear(codec, "granted 3")
    assert codec.outgoing(100.1 + START_S - 0.01) == []
    assert codec.outgoing(100.1 + START_S) == ["unsubscribe 4 book BTC"]


def test_unsubscribing_that_takes_the_venue_a_while_is_not_repeated() -> None:
    codec = subscribed(BOOK)
    hear(codec, "book BTC 10", "book BTC 11 12")
    assert codec.outgoing(100.0) == ["unsubscribe 2 book BTC"]
    assert codec.outgoing(102.0) == []
    hear(codec, "granted 2")
    assert codec.outgoing(102.0) == ["subscribe 3 book BTC"]


def test_book_without_a_snapshot_is_subscribed_anew() -> None:
    codec = subscribed(BOOK)
    assert codec.outgoing(START_S - 0.01) == []
    assert codec.outgoing(START_S) == ["unsubscribe 2 book BTC"]


# Books that start with a snapshot that is fetched.


def test_book_by_request_joins_its_snapshot_to_what_came_before() -> None:
    codec = subscribed(BOOK, kind=AskingStream)
    assert codec.requests(0.0) == []
    assert hear(codec, "book BTC 9 10", "book BTC 10 12") == ()
    (request,) = codec.requests(0.0)
    assert request.instrument == BTC
    assert codec.answer(request, book(10)) == (book(10), delta(10, 12))
    assert codec.is_settled
    assert hear(codec, "book BTC 12 13") == (delta(12, 13),)
    assert codec.requests(1e9) == []


def test_quiet_book_is_fetched_without_waiting_for_an_update() -> None:
    codec = subscribed(BOOK, kind=AskingStream)
    assert codec.deadline == FIRST_UPDATE_S
    (request,) = codec.requests(FIRST_UPDATE_S)
    assert codec.answer(request, book(10)) == (book(10),)


def test_fetched_book_does_not_touch_a_live_one() -> None:
    codec = subscribed(BOOK, kind=AskingStream)
    (request,) = codec.requests(FIRST_UPDATE_S)
    codec.answer(request, book(10))
    hear(codec, "book BTC 10 12")
    assert codec.start(book(11)) == ()
    assert codec.start(book(13)) == ()
    assert hear(codec, "book BTC 12 14") == (delta(12, 14),)


def test_gap_fetches_a_new_snapshot() -> None:
    codec = subscribed(BOOK, kind=AskingStream)
    (request,) = codec.requests(FIRST_UPDATE_S)
    codec.answer(request, book(10))
    assert hear(codec, "book BTC 11 12") == (lost(Fault.GAP, "expected 10, got 11..12"),)
    assert not codec.is_settled
    (request,) = codec.requests(100.0)
    assert codec.answer(request, book(11)) == (book(11), delta(11, 12))


def test_snapshot_that_is_too_old_is_fetched_again_after_a_pause() -> None:
    codec = subscribed(BOOK, kind=AskingStream)
    hear(codec, "book BTC 10 12")
    (request,) = codec.requests(0.0)
    assert codec.answer(request, book(9)) == ()
    assert codec.deadline == PAUSE_S
    (request,) = codec.requests(PAUSE_S)
    assert codec.answer(request, book(10)) == (book(10), delta(10, 12))


def test_failed_request_is_made_again_after_a_pause() -> None:
    codec = subscribed(BOOK, kind=AskingStream)
    (request,) = codec.requests(FIRST_UPDATE_S)
    assert codec.requests(1e9) == []  # one in flight
    codec.fail(request)
    assert codec.requests(FIRST_UPDATE_S) == []
    assert len(codec.requests(FIRST_UPDATE_S + PAUSE_S)) == 1


def test_answer_for_a_book_that_nobody_wants_any_more_is_passed_over() -> None:
    codec = subscribed(BOOK, kind=AskingStream)
    (request,) = codec.requests(FIRST_UPDATE_S)
    codec.unsubscribe([BOOK])
    assert codec.answer(request, book(10)) == ()
    assert codec.requests(1e9) == []


def test_venue_whose_snapshots_come_in_the_stream_is_asked_for_none() -> None:
    codec = subscribed(BOOK)
    assert codec.requests(1e9) == []


# Books that are lost for reasons of our own.


@pytest.mark.parametrize("kind", [WordsStream, AskingStream])
def test_resync_loses_a_live_book_and_starts_it_anew(kind: type[WordsStream]) -> None:
    codec = subscribed(BOOK, kind=kind)
    codec.start(book(10))
    assert codec.is_settled
    checksum = (lost(Fault.CHECKSUM, "off by one"),)
    assert codec.resync("BTC/USDT", Fault.CHECKSUM, "off by one", RECEIVED_NS) == checksum
    assert codec.resync("BTC/USDT", Fault.CHECKSUM, "off by one", RECEIVED_NS) == ()
    assert not codec.is_settled
    assert len(codec.requests(100.0)) + len(codec.outgoing(100.0)) == 1


def test_resync_of_what_is_no_book_does_nothing() -> None:
    codec = subscribed(TRADES)
    assert codec.resync("BTC/USDT", Fault.GAP, "", RECEIVED_NS) == ()
    assert codec.resync("", Fault.BAD_FRAME, "", RECEIVED_NS) == ()
    assert codec.is_settled


def test_lost_connection_loses_every_live_book_once() -> None:
    codec = subscribed(BOOK, ETH_BOOK, TRADES)
    hear(codec, "book BTC 10", "book ETH 20")
    assert codec.resync_all(Fault.DISCONNECTED, "", RECEIVED_NS) == (
        lost(Fault.DISCONNECTED, ""),
        lost(Fault.DISCONNECTED, "", ETH),
    )
    assert codec.resync_all(Fault.DISCONNECTED, "", RECEIVED_NS) == ()


def test_codec_without_topics_waits_for_nothing_but_its_heartbeat() -> None:
    codec = codec_of()
    assert (codec.deadline, codec.is_settled, codec.has_work) == (inf, True, False)
    codec.expire(0.0, RECEIVED_NS)
    assert codec.deadline == STREAM.heartbeat.idle_s
