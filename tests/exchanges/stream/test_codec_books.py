"""The contract of a stream, on a venue that speaks in words: how books start and are lost."""

import pytest

from exchanges.market.events import BookLost, Fault
from exchanges.market.instrument import Instrument
from exchanges.stream.starts import FIRST_UPDATE_S, PAUSE_S, START_S
from exchanges.stream.subscriptions import ACK_S
from exchanges.stream.talk import UnreadableFrame
from tests.exchanges.stream.words import (
    BOOK,
    BTC,
    ETH,
    ETH_BOOK,
    TRADES,
    AskingWire,
    WordsWire,
    book,
    codec_of,
    delta,
    hear,
    lost,
    subscribed,
)
from tests.exchanges.transcripts import RECEIVED_NS

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
    codec = subscribed(BOOK, kind=AskingWire)
    assert codec.requests(0.0) == []
    assert hear(codec, "book BTC 9 10", "book BTC 10 12") == ()
    (request,) = codec.requests(0.0)
    assert request.instrument == BTC
    assert codec.answer(request, book(10)) == (book(10), delta(10, 12))
    assert codec.is_settled
    assert hear(codec, "book BTC 12 13") == (delta(12, 13),)
    assert codec.requests(1e9) == []


def test_quiet_book_is_fetched_without_waiting_for_an_update_and_live_with_the_first() -> None:
    codec = subscribed(BOOK, kind=AskingWire)
    assert codec.deadline == FIRST_UPDATE_S
    (request,) = codec.requests(FIRST_UPDATE_S)
    assert codec.answer(request, book(10)) == ()
    assert codec.requests(1e9) == []
    assert not codec.is_settled
    assert hear(codec, "book BTC 9 12") == (book(10), delta(10, 12))
    assert codec.is_settled


def test_start_that_the_first_update_does_not_reach_is_fetched_again() -> None:
    codec = subscribed(BOOK, kind=AskingWire)
    (request,) = codec.requests(FIRST_UPDATE_S)
    assert codec.answer(request, book(10)) == ()
    assert hear(codec, "book BTC 11 12") == ()
    (request,) = codec.requests(FIRST_UPDATE_S + PAUSE_S)
    assert codec.answer(request, book(11)) == (book(11), delta(11, 12))


def test_fetched_book_does_not_touch_a_live_one() -> None:
    codec = subscribed(BOOK, kind=AskingWire)
    (request,) = codec.requests(FIRST_UPDATE_S)
    codec.answer(request, book(10))
    hear(codec, "book BTC 10 12")
    assert codec.start(book(11)) == ()
    assert codec.start(book(13)) == ()
    assert hear(codec, "book BTC 12 14") == (delta(12, 14),)


def test_gap_fetches_a_new_snapshot() -> None:
    codec = subscribed(BOOK, kind=AskingWire)
    (request,) = codec.requests(FIRST_UPDATE_S)
    codec.answer(request, book(10))
    hear(codec, "book BTC 10 10")
    assert hear(codec, "book BTC 11 12") == (lost(Fault.GAP, "expected 10, got 11..12"),)
    assert not codec.is_settled
    (request,) = codec.requests(100.0)
    assert codec.answer(request, book(11)) == (book(11), delta(11, 12))


def test_snapshot_that_is_too_old_is_fetched_again_after_a_pause() -> None:
    codec = subscribed(BOOK, kind=AskingWire)
    hear(codec, "book BTC 10 12")
    (request,) = codec.requests(0.0)
    assert codec.answer(request, book(9)) == ()
    assert codec.deadline == PAUSE_S
    (request,) = codec.requests(PAUSE_S)
    assert codec.answer(request, book(10)) == (book(10), delta(10, 12))


def test_failed_request_is_made_again_after_a_pause() -> None:
    codec = subscribed(BOOK, kind=AskingWire)
    (request,) = codec.requests(FIRST_UPDATE_S)
    assert codec.requests(1e9) == []  # one in flight
    codec.fail(request)
    assert codec.requests(FIRST_UPDATE_S) == []
    assert len(codec.requests(FIRST_UPDATE_S + PAUSE_S)) == 1


def test_answer_for_a_book_that_nobody_wants_any_more_is_passed_over() -> None:
    codec = subscribed(BOOK, kind=AskingWire)
    (request,) = codec.requests(FIRST_UPDATE_S)
    codec.unsubscribe([BOOK])
    assert codec.answer(request, book(10)) == ()
    assert codec.requests(1e9) == []


def test_venue_whose_snapshots_come_in_the_stream_is_asked_for_none() -> None:
    codec = subscribed(BOOK)
    assert codec.requests(1e9) == []


# Books that are lost for reasons of our own.


@pytest.mark.parametrize(
    ("frame", "hurt"),
    [("book BTC ten", [BTC]), ("btc", [BTC]), ("?", [BTC, ETH])],
    ids=["being read", "named", "nobody knows"],
)
def test_every_book_that_an_unreadable_frame_may_have_been_for_starts_anew(
    frame: str, hurt: list[Instrument]
) -> None:
    codec = subscribed(BOOK, ETH_BOOK, TRADES)
    hear(codec, "book BTC 10", "book ETH 10")
    with pytest.raises(UnreadableFrame) as caught:
        codec.receive(frame, RECEIVED_NS)
    told = codec.distrust(frame, caught.value, RECEIVED_NS)
    assert [event.instrument for event in told if isinstance(event, BookLost)] == hurt


def test_adding_and_removing_faster_than_the_venue_takes_requests_leaves_nothing_behind() -> None:
    codec = codec_of()
    for _ in range(300):
        codec.subscribe([BOOK, ETH_BOOK])
        codec.unsubscribe([BOOK, ETH_BOOK])
    assert codec.outgoing(0.0) == []
    assert codec.is_settled
    codec.subscribe([BOOK])
    assert codec.outgoing(0.0) == ["subscribe 1 book BTC"]


@pytest.mark.parametrize("kind", [WordsWire, AskingWire])
def test_resync_loses_a_live_book_and_starts_it_anew(kind: type[WordsWire]) -> None:
    codec = subscribed(BOOK, kind=kind)
    codec.start(book(10))
    hear(codec, "book BTC 10 10")
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


def test_end_of_a_connection_reaches_books_that_were_not_live_as_well() -> None:
    codec = subscribed(BOOK, ETH_BOOK, TRADES)
    hear(codec, "book BTC 10", "book BTC 11 12")
    told = codec.end(RECEIVED_NS)
    assert told == (lost(Fault.DISCONNECTED, ""), lost(Fault.DISCONNECTED, "", ETH))


# Books that get nothing to start from.


def test_granted_book_whose_stream_says_nothing_says_so_and_is_subscribed_anew() -> None:
    codec = subscribed(BOOK, kind=AskingWire)
    (request,) = codec.requests(FIRST_UPDATE_S)
    assert codec.answer(request, book(100)) == ()
    now_s = FIRST_UPDATE_S + START_S
    assert codec.deadline == now_s
    assert codec.expire(now_s, RECEIVED_NS) == (
        lost(Fault.STARTING, "acknowledged, but no update for 15 s"),
    )
    assert codec.outgoing(now_s) == ["unsubscribe 2 book BTC"]
    hear(codec, "granted 2")
    assert codec.outgoing(now_s) == ["subscribe 3 book BTC"]
    assert hear(codec, "granted 3", "book BTC 100 101")[1:] == (book(100), delta(100, 101))
    assert codec.is_settled


def test_granted_book_that_comes_without_a_snapshot_says_so() -> None:
    codec = subscribed(BOOK)
    hear(codec, "book BTC 1 2")
    assert codec.expire(START_S, RECEIVED_NS) == (
        lost(Fault.STARTING, "acknowledged, but no start for 15 s"),
    )


def test_book_whose_subscription_is_not_answered_says_so_and_is_subscribed_anew() -> None:
    codec = codec_of()
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe([BOOK])
    codec.outgoing(0.0)
    told = codec.expire(ACK_S, RECEIVED_NS)
    assert told[0] == lost(Fault.STARTING, "words: no answer within 10 s (book BTC)")
    assert codec.expire(START_S, RECEIVED_NS) == ()  # it is known why
    assert codec.outgoing(START_S) == ["unsubscribe 2 book BTC"]
    hear(codec, "refused 2 nothing to end")
    assert codec.outgoing(START_S) == ["subscribe 3 book BTC"]


def test_live_book_has_a_reason_to_be_silent() -> None:
    codec = subscribed(BOOK, kind=AskingWire)
    hear(codec, "book BTC 99 100")
    (request,) = codec.requests(0.0)
    codec.answer(request, book(100))
    assert codec.expire(1e6, RECEIVED_NS) == ()
    assert [frame for frame in codec.outgoing(1e6) if frame != "ping"] == []
