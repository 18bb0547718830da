"""A live book gets another start: it goes on meanwhile, and nothing is lost or doubled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.market.events import BookDelta, BookSnapshot, Event, Fault
from exchanges.market.numbers import NS_PER_S
from exchanges.stream.sequence import BookFeed, BookRule, Recovery
from tests.exchanges.transcripts import RECEIVED_NS, market

BTC = market("BTC/USDT")


def snapshot(sequence: int) -> BookSnapshot:
    return BookSnapshot(
        instrument=BTC, bids=[], asks=[], sequence=sequence, received_ns=RECEIVED_NS
    )


def send(feed: BookFeed, previous: int, last: int) -> tuple[Event, ...]:
    update = BookDelta(
        instrument=BTC,
        bids=[],
        asks=[],
        previous=previous,
        sequence=last,
        received_ns=RECEIVED_NS,
    )
    return feed.delta(update)


def spans(events: tuple[Event, ...]) -> list[tuple[int, int]]:
    """The ids that each event leads from and to; a snapshot comes from nowhere."""
    return [
        (one.previous, one.sequence) if isinstance(one, BookDelta) else (-1, one.sequence)
        for one in events
        if isinstance(one, BookDelta | BookSnapshot)
    ]


def refreshing_feed() -> BookFeed:
    """A feed that is live at 10 and has asked for another start, then went on to 14."""
    feed = BookFeed(BookRule(Recovery.SNAPSHOT_BY_REQUEST))
    feed.snapshot(snapshot(9))
    send(feed, 9, 10)
    feed.refresh()
    assert feed.needs_start
    assert spans(send(feed, 10, 12)) == [(10, 12)]
    assert spans(send(feed, 12, 14)) == [(12, 14)]
    return feed


def test_the_book_goes_on_and_the_snapshot_is_followed_by_what_came_since() -> None:
    feed = refreshing_feed()
    assert spans(feed.snapshot(snapshot(12))) == [(-1, 12), (12, 14)]
    assert feed.is_live
    assert not feed.needs_start
    assert spans(send(feed, 14, 15)) == [(14, 15)]


def test_an_update_that_straddles_the_snapshot_follows_it() -> None:
    feed = refreshing_feed()
    assert spans(feed.snapshot(snapshot(11))) == [(-1, 11), (11, 12), (12, 14)]


def test_a_snapshot_ahead_of_the_stream_is_caught_up_with() -> None:
    feed = refreshing_feed()
    assert feed.snapshot(snapshot(17)) == ()
    assert feed.has_start
    assert spans(send(feed, 14, 16)) == [(14, 16)]
    assert spans(send(feed, 16, 18)) == [(16, 18), (-1, 17), (17, 18)]
    assert not feed.needs_start
    assert spans(send(feed, 18, 19)) == [(18, 19)]


def test_a_snapshot_that_the_stream_has_just_got_to_is_taken_at_once() -> None:
    feed = refreshing_feed()
    assert spans(feed.snapshot(snapshot(14))) == [(-1, 14)]
    feed.refresh()
    assert spans(feed.snapshot(snapshot(14))) == [(-1, 14)]  # and if none has come since
    assert spans(send(feed, 14, 15)) == [(14, 15)]


def test_a_snapshot_that_stays_ahead_of_the_stream_is_given_up_and_the_book_goes_on() -> None:
    feed = refreshing_feed()
    feed.snapshot(snapshot(1_000_000))
    for second in range(6):
        (told,) = feed.delta(
            BookDelta(
                instrument=BTC,
                bids=[],
                asks=[],
                previous=14 + second,
                sequence=15 + second,
                received_ns=RECEIVED_NS + second * NS_PER_S,
            )
        )
        assert isinstance(told, BookDelta)
    assert (feed.is_live, feed.needs_start, feed.has_start) == (True, True, False)
    assert spans(feed.snapshot(snapshot(18))) == [(-1, 18), (18, 19), (19, 20)]


@pytest.mark.parametrize("sequence", [5, 9])
def test_a_snapshot_from_before_the_updates_that_were_kept_is_fetched_again(sequence: int) -> None:
    feed = refreshing_feed()
    assert feed.snapshot(snapshot(sequence)) == ()
    assert feed.is_live
    assert feed.needs_start
    assert spans(send(feed, 14, 15)) == [(14, 15)]
    assert spans(feed.snapshot(snapshot(14))) == [(-1, 14), (14, 15)]


def test_an_old_snapshot_of_a_quiet_book_is_fetched_again() -> None:
    feed = BookFeed(BookRule(Recovery.SNAPSHOT_BY_REQUEST))
    feed.snapshot(snapshot(9))
    send(feed, 9, 10)
    feed.refresh()
    assert feed.snapshot(snapshot(8)) == ()
    assert spans(feed.snapshot(snapshot(10))) == [(-1, 10)]


def test_a_gap_meanwhile_is_a_gap() -> None:
    feed = refreshing_feed()
    (lost,) = send(feed, 15, 16)
    assert getattr(lost, "fault", None) is Fault.GAP
    assert not feed.is_live
    assert spans(feed.snapshot(snapshot(15))) == [(-1, 15), (15, 16)]


def test_asking_twice_keeps_what_was_kept() -> None:
    feed = refreshing_feed()
    feed.refresh()
    assert spans(feed.snapshot(snapshot(10))) == [(-1, 10), (10, 12), (12, 14)]


@given(st.lists(st.integers(1, 3), min_size=5, max_size=30), st.data())
def test_whatever_the_snapshot_the_chain_never_breaks(
    steps: list[int], data: st.DataObject
) -> None:
    feed = BookFeed(BookRule(Recovery.SNAPSHOT_BY_REQUEST))
    feed.snapshot(snapshot(0))
    send(feed, 0, 0)
    at, newest = 0, 0
    asks_at = data.draw(st.integers(0, len(steps)))
    answers_at = data.draw(st.integers(asks_at, len(steps)))
    told = data.draw(st.integers(0, sum(steps) + 5))
    for number, step in enumerate([*steps, 1]):
        if number == asks_at:
            feed.refresh()
        events: tuple[Event, ...] = ()
        if number == answers_at:
            events += feed.snapshot(snapshot(told))
        events += send(feed, newest, newest + step)
        newest += step
        for previous, last in spans(events):
            assert previous in (-1, at)
            at = last
    assert feed.is_live
    assert at >= newest
