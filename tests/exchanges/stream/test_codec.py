"""The contract of a stream, on a venue that speaks in words: what goes out and what comes in.

Books are in `test_codec_books.py`.
"""

from itertools import pairwise
from math import inf

import msgspec
import pytest

from exchanges.errors import (
    SAMPLE_BYTES,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    RateLimited,
    StreamStale,
    VenueProtocolError,
)
from exchanges.limits import Rate
from exchanges.market.events import BookLost, Fault, Subscription, SubscriptionState
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketCodec
from exchanges.stream.subscriptions import ACK_S
from tests.exchanges.stream.words import (
    BOOK,
    BTC,
    ETH,
    ETH_TRADES,
    FUNDING,
    MARK,
    PERPETUAL,
    SLOW_DOWN_S,
    STREAM,
    TRADES,
    AskingWire,
    codec_of,
    delta,
    hear,
    news,
    subscribed,
    trade,
)
from tests.exchanges.transcripts import RECEIVED_NS, AnError

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


def test_first_data_count_as_the_answer_of_a_venue_that_gives_none() -> None:
    codec = codec_of(stream=msgspec.structs.replace(STREAM, acknowledges=False))
    codec.subscribe([TRADES, ETH_TRADES])
    codec.outgoing(0.0)
    assert codec.is_settled
    assert codec.expire(1.0, RECEIVED_NS) == ()
    assert hear(codec, "trades BTC 7", "trades BTC 8") == (trade(7.0), trade(8.0))
    assert codec.expire(2.0, RECEIVED_NS) == (news(TRADES, SubscriptionState.SUBSCRIBED),)
    assert codec.expire(3.0, RECEIVED_NS) == ()


def test_late_data_of_a_venue_that_answers_nothing_are_no_mistake() -> None:
    codec = codec_of(stream=msgspec.structs.replace(STREAM, acknowledges=False))
    codec.subscribe([TRADES])
    codec.outgoing(0.0)
    codec.unsubscribe([TRADES])
    assert codec.outgoing(1.0) == ["unsubscribe 2 trades BTC"]
    assert hear(codec, "trades BTC 7") == ()
    codec.subscribe([TRADES])
    assert codec.outgoing(2.0) == ["subscribe 3 trades BTC"]
    assert hear(codec, "trades BTC 8") == (trade(8.0),)


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
        news(TRADES, SubscriptionState.REFUSED, AnError(InvalidSymbol, "no such market")),
        news(ETH_TRADES, SubscriptionState.SUBSCRIBED),
    )
    assert codec.topics == (ETH_TRADES,)
    assert codec.is_settled


def test_refused_book_does_not_wait_for_a_start() -> None:
    codec = codec_of(AskingWire)
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
        news(TRADES, SubscriptionState.UNANSWERED, AnError(ExchangeError, "no answer within 10 s")),
    )
    assert codec.expire(ACK_S + 1, RECEIVED_NS) == ()
    assert codec.topics == (TRADES,)


def test_unanswered_topic_is_asked_for_again_after_pauses_that_grow() -> None:
    """It is ended before, for a venue may refuse to grant a thing twice."""
    codec = codec_of()
    codec.subscribe([TRADES])
    asked_s, now_s = [], 0.0
    while now_s < 1000.0:
        codec.expire(now_s, RECEIVED_NS)
        for frame in codec.outgoing(now_s):
            match str(frame).split():
                case ["ping"]:
                    hear(codec, "pong")
                case ["unsubscribe", request_id, *_]:
                    hear(codec, f"refused {request_id} what is not there")
                case ["subscribe", *_]:
                    asked_s.append(now_s)
        now_s += 0.5
    waits = [later - earlier for earlier, later in pairwise(asked_s)]
    assert waits[:5] == [ACK_S + pause_s for pause_s in (10.5, 20.5, 40.5, 80.5, 160.5)]


def test_unanswered_topic_that_nobody_wants_any_more_is_not_asked_for_again() -> None:
    codec = unanswered_codec(TRADES)
    codec.unsubscribe([TRADES])
    assert codec.outgoing(ACK_S) == ["unsubscribe 2 trades BTC"]
    hear(codec, "granted 2")
    codec.expire(100.0, RECEIVED_NS)
    assert [frame for frame in codec.outgoing(100.0) if frame != "ping"] == []


def test_channels_of_one_unanswered_native_stream_are_asked_for_again_once() -> None:
    codec = unanswered_codec(MARK, FUNDING)
    codec.expire(ACK_S + 10.0, RECEIVED_NS)
    assert codec.outgoing(ACK_S + 10.0) == ["ping", "unsubscribe 2 mark BTC"]
    hear(codec, "pong", "granted 2")
    assert codec.outgoing(ACK_S + 10.0) == ["subscribe 3 mark BTC"]
    assert hear(codec, "granted 3") == (
        news(FUNDING, SubscriptionState.SUBSCRIBED),
        news(MARK, SubscriptionState.SUBSCRIBED),
    )
    codec.expire(1000.0, RECEIVED_NS)
    assert "unsubscribe" not in " ".join(map(str, codec.outgoing(1000.0)))


def test_first_data_after_an_answer_that_did_not_come_are_the_answer() -> None:
    codec = unanswered_codec(TRADES)
    assert hear(codec, "trades BTC 5") == (trade(5.0),)
    assert codec.has_work  # whoever runs it is to look now
    assert codec.expire(12.0, RECEIVED_NS) == (news(TRADES, SubscriptionState.SUBSCRIBED),)
    assert hear(codec, "trades BTC 6") == (trade(6.0),)
    assert codec.expire(13.0, RECEIVED_NS) == ()
    codec.expire(300.0, RECEIVED_NS)
    assert [frame for frame in codec.outgoing(300.0) if frame != "ping"] == []


def test_subscription_made_anew_and_not_answered_is_not_told_as_granted() -> None:
    """That it was granted before says nothing."""
    codec = subscribed(BOOK)
    hear(codec, "book BTC 10", "book BTC 11 12")
    codec.outgoing(100.0)
    hear(codec, "granted 2")
    codec.outgoing(100.0)
    why = AnError(ExchangeError, "no answer within 10 s")
    assert codec.expire(100.0 + ACK_S, RECEIVED_NS)[1:] == (
        news(BOOK, SubscriptionState.UNANSWERED, why),
    )


def unanswered_codec(*topics: Topic) -> MarketCodec:
    """A codec whose request of second 0 has not been answered until now, `ACK_S`."""
    codec = codec_of()
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe(topics)
    codec.outgoing(0.0)
    states = [
        one.state for one in codec.expire(ACK_S, RECEIVED_NS) if isinstance(one, Subscription)
    ]
    assert states == [SubscriptionState.UNANSWERED] * len(topics)
    return codec


def test_data_answers_a_request() -> None:
    codec = codec_of()
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe([TRADES])
    codec.outgoing(0.0)
    assert hear(codec, "trades BTC 5") == (trade(5.0),)
    assert codec.expire(ACK_S, RECEIVED_NS) == (news(TRADES, SubscriptionState.SUBSCRIBED),)
    assert codec.expire(ACK_S + 1, RECEIVED_NS) == ()


def test_refused_topic_is_asked_for_again_after_pauses_that_grow() -> None:
    codec = codec_of()
    codec.subscribe([TRADES])
    now_s = 0.0
    pauses_s: list[float] = []
    for number in range(1, 10):
        codec.expire(now_s, RECEIVED_NS)
        asked = [frame for frame in codec.outgoing(now_s) if frame != "ping"]
        assert asked == [f"subscribe {number} trades BTC"]
        hear(codec, "pong")
        (told,) = hear(codec, f"refused {number} no such market")
        assert isinstance(told, Subscription)
        assert (told.state, type(told.error)) == (SubscriptionState.REFUSED, InvalidSymbol)
        assert codec.has_work  # the time of the next wake has changed
        codec.expire(now_s, RECEIVED_NS)
        assert not codec.has_work
        pauses_s.append(codec._answers.deadline - now_s)
        now_s = codec._answers.deadline
    assert pauses_s == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    codec.expire(now_s, RECEIVED_NS)
    codec.outgoing(now_s)
    assert hear(codec, "granted 10") == (news(TRADES, SubscriptionState.SUBSCRIBED),)
    assert codec._answers.deadline == inf


def test_refused_topic_is_asked_for_at_once_when_the_list_has_news_of_its_market() -> None:
    codec = codec_of()
    codec.subscribe([TRADES])
    codec.outgoing(0.0)
    hear(codec, "refused 1 no such market")
    codec.update_instrument(BTC)
    codec.expire(1.0, RECEIVED_NS)
    assert codec.outgoing(1.0) == ["subscribe 2 trades BTC"]


@pytest.mark.parametrize("topics", [[TRADES], [TRADES, ETH_TRADES]])
def test_topics_refused_as_too_many_wait_as_long_as_the_venue_says(topics: list[Topic]) -> None:
    codec = codec_of()
    codec.subscribe(topics)
    (asked,) = map(str, codec.outgoing(0.0))
    told = hear(codec, "refused 1 slow down")
    assert told == tuple(
        news(topic, SubscriptionState.REFUSED, AnError(RateLimited, "slow down"))
        for topic in topics
    )
    assert codec.outgoing(0.0) == []
    codec.update_instrument(BTC)
    for now_s in (10.0, SLOW_DOWN_S - 0.1):
        codec.expire(now_s, RECEIVED_NS)
        assert [frame for frame in codec.outgoing(now_s) if frame != "ping"] == []
        hear(codec, "pong")
    assert codec._answers.deadline == SLOW_DOWN_S
    codec.expire(SLOW_DOWN_S, RECEIVED_NS)
    assert codec.outgoing(SLOW_DOWN_S)[-1] == asked.replace(" 1 ", " 2 ")


def test_refused_topic_that_nobody_wants_any_more_is_left_alone() -> None:
    codec = codec_of()
    codec.subscribe([TRADES])
    codec.outgoing(0.0)
    hear(codec, "refused 1 no such market")
    codec.unsubscribe([TRADES])
    codec.expire(1e6 - 1, RECEIVED_NS)
    assert codec._answers.deadline == inf


def test_refused_book_says_so_with_the_words_of_the_venue() -> None:
    codec = codec_of()
    codec.subscribe([BOOK])
    codec.outgoing(0.0)
    lost, _ = hear(codec, "refused 1 no such market")
    assert isinstance(lost, BookLost)
    assert lost.fault is Fault.REFUSED
    assert "no such market" in lost.detail


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
    codec = codec_of(stream=msgspec.structs.replace(STREAM, messages=Rate(1, 2.0), batch=1))
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe([TRADES, ETH_TRADES])
    assert codec.outgoing(0.0) == ["subscribe 1 trades BTC"]
    assert codec.has_work
    assert codec.deadline == 2.05
    assert codec.outgoing(1.0) == []
    assert codec.outgoing(2.05) == ["subscribe 2 trades ETH"]
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


def test_codec_without_topics_waits_for_nothing_but_its_heartbeat() -> None:
    codec = codec_of()
    assert (codec.deadline, codec.is_settled, codec.has_work) == (inf, True, False)
    codec.expire(0.0, RECEIVED_NS)
    assert codec.deadline == STREAM.heartbeat.idle_s
