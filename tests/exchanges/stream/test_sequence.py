"""A venue's history is made up, cut into updates and spoiled; the book must never be wrong."""

from collections.abc import Iterable
from itertools import pairwise

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from exchanges.market.events import UNTOLD, BookDelta, BookLost, BookSnapshot, Event, Fault, Level
from exchanges.market.numbers import NS_PER_S
from exchanges.stream.sequence import (
    MAX_BUFFERED,
    STUCK_S,
    BookFeed,
    BookRule,
    Recovery,
)
from tests.exchanges.transcripts import RECEIVED_NS, market

BTC = market("BTC/USDT")
IN_STREAM = BookRule(Recovery.SNAPSHOT_IN_STREAM)
BY_REQUEST = BookRule(Recovery.SNAPSHOT_BY_REQUEST)
IN_STREAM_RESETS = BookRule(Recovery.SNAPSHOT_IN_STREAM, resets=True)
BY_REQUEST_RESETS = BookRule(Recovery.SNAPSHOT_BY_REQUEST, resets=True)

every_rule = pytest.mark.parametrize(
    "rule",
    [IN_STREAM, BY_REQUEST, IN_STREAM_RESETS, BY_REQUEST_RESETS],
    ids=["in stream", "by request", "in stream, resets", "by request, resets"],
)
where_ids_fall = pytest.mark.parametrize(
    "rule", [IN_STREAM_RESETS, BY_REQUEST_RESETS], ids=["in stream", "by request"]
)


def snapshot(sequence: int, bids: Iterable[Level] = (), asks: Iterable[Level] = ()) -> BookSnapshot:
    return BookSnapshot(
        instrument=BTC, bids=[*bids], asks=[*asks], sequence=sequence, received_ns=RECEIVED_NS
    )


def delta(
    previous: int, last: int, bids: Iterable[Level] = (), asks: Iterable[Level] = ()
) -> BookDelta:
    return BookDelta(
        instrument=BTC,
        bids=[*bids],
        asks=[*asks],
        previous=previous,
        sequence=last,
        received_ns=RECEIVED_NS,
    )


def lost(fault: Fault, detail: str) -> BookLost:
    return BookLost(instrument=BTC, fault=fault, detail=detail, received_ns=RECEIVED_NS)


def send(feed: BookFeed, *updates: BookDelta) -> tuple[Event, ...]:
    return tuple(event for update in updates for event in feed.delta(update))


def live_feed(rule: BookRule, sequence: int) -> BookFeed:
    """A feed in step with its venue."""
    feed = BookFeed(rule)
    feed.snapshot(snapshot(sequence - 1))
    send(feed, delta(sequence - 1, sequence))
    return feed


# The numbered rules of the module's head, one by one.


@every_rule
def test_rule_1_live_book_takes_the_update_that_follows_it(rule: BookRule) -> None:
    feed = live_feed(rule, 100)
    assert send(feed, delta(100, 105)) == (delta(100, 105),)
    assert send(feed, delta(105, 106)) == (delta(105, 106),)


@every_rule
def test_rule_1_update_that_changes_no_id_is_taken(rule: BookRule) -> None:
    feed = live_feed(rule, 100)
    assert send(feed, delta(100, 100)) == (delta(100, 100),)
    assert send(feed, delta(100, 101)) == (delta(100, 101),)


@pytest.mark.parametrize("rule", [IN_STREAM, BY_REQUEST], ids=["in stream", "by request"])
@pytest.mark.parametrize(("previous", "last"), [(90, 95), (98, 99), (99, 100)])
def test_rule_2_update_that_has_been_taken_is_ignored(
    rule: BookRule, previous: int, last: int
) -> None:
    feed = live_feed(rule, 100)
    assert send(feed, delta(previous, last)) == ()
    assert send(feed, delta(100, 101)) == (delta(100, 101),)


@every_rule
@pytest.mark.parametrize(
    ("previous", "last"),
    [(101, 102), (105, 101), (98, 102), (105, 99)],
    ids=["hole", "backwards", "overlap", "backwards into the past"],
)
def test_rule_3_update_that_does_not_fit_is_a_gap_and_told_once(
    rule: BookRule, previous: int, last: int
) -> None:
    feed = live_feed(rule, 100)
    gap = lost(Fault.GAP, f"expected 100, got {previous}..{last}")
    assert send(feed, delta(previous, last)) == (gap,)
    assert send(feed, delta(last, last + 1)) == ()
    assert (feed.is_live, feed.needs_start, feed.losses) == (False, True, 1)


def test_fault_17_rule_4_buffered_updates_up_to_the_snapshot_are_dropped() -> None:
    feed = BookFeed(BY_REQUEST)
    assert send(feed, delta(10, 12), delta(12, 15), delta(15, 17)) == ()
    assert feed.snapshot(snapshot(15)) == (snapshot(15), delta(15, 17))


def test_rule_5_update_that_straddles_the_snapshot_is_joined_to_it() -> None:
    feed = BookFeed(BY_REQUEST)
    send(feed, delta(10, 12), delta(12, 15), delta(15, 17))
    assert feed.snapshot(snapshot(13)) == (snapshot(13), delta(13, 15), delta(15, 17))


def test_rule_5_holds_for_an_update_that_comes_after_the_snapshot() -> None:
    feed = BookFeed(BY_REQUEST)
    assert feed.snapshot(snapshot(13)) == ()
    assert send(feed, delta(10, 12), delta(12, 15), delta(15, 17)) == (
        snapshot(13),
        delta(13, 15),
        delta(15, 17),
    )


@pytest.mark.parametrize("before", [[], [delta(8, 10)]], ids=["quiet", "behind"])
def test_rule_8_start_waits_until_the_stream_has_got_to_it(before: list[BookDelta]) -> None:
    feed = BookFeed(BY_REQUEST)
    send(feed, *before)
    assert feed.snapshot(snapshot(13)) == ()
    assert send(feed, delta(10, 12)) == ()
    assert (feed.is_live, feed.has_start) == (False, True)
    assert send(feed, delta(12, 13)) == (snapshot(13),)
    assert (feed.is_live, feed.has_start) == (True, False)
    assert send(feed, delta(13, 14)) == (delta(13, 14),)


def test_rule_8_start_that_the_stream_has_just_got_to_is_taken_at_once() -> None:
    feed = BookFeed(BY_REQUEST)
    send(feed, delta(10, 12), delta(12, 13))
    assert feed.snapshot(snapshot(13)) == (snapshot(13),)


def test_rule_8_start_that_the_stream_does_not_get_to_is_given_up_and_another_fetched() -> None:
    feed = BookFeed(BY_REQUEST)
    send(feed, delta(9, 10))
    for start in (1_000_000, 2_000_000):
        assert feed.snapshot(snapshot(start)) == ()
        told = send(feed, *(at(delta(10 + i, 11 + i), i) for i in range(6)))
        (loss,) = told
        assert isinstance(loss, BookLost)
        assert loss.detail == f"for {STUCK_S:g} s nothing above {start}, but 16"
        assert (feed.is_live, feed.has_start, feed.losses) == (False, False, 0)
    assert feed.snapshot(snapshot(15)) == (snapshot(15), at(delta(15, 16), 5))


def test_rule_8_start_that_the_first_update_does_not_reach_is_too_old() -> None:
    feed = BookFeed(BY_REQUEST)
    feed.snapshot(snapshot(13))
    assert send(feed, delta(14, 15)) == ()
    assert (feed.is_live, feed.has_start, feed.needs_start) == (False, False, True)
    assert feed.snapshot(snapshot(14)) == (snapshot(14), delta(14, 15))


def test_fault_17_rule_6_snapshot_older_than_the_oldest_update_is_fetched_again() -> None:
    feed = BookFeed(BY_REQUEST)
    send(feed, delta(10, 12), delta(12, 15))
    assert feed.snapshot(snapshot(9)) == ()
    assert (feed.is_live, feed.needs_start) == (False, True)
    assert feed.snapshot(snapshot(12)) == (snapshot(12), delta(12, 15))


def test_rule_7_gap_among_the_buffered_updates_loses_the_book() -> None:
    feed = BookFeed(BY_REQUEST)
    send(feed, delta(10, 12), delta(13, 15))
    events = feed.snapshot(snapshot(10))
    gap = lost(Fault.GAP, "expected 12, got 13..15")
    assert events == (snapshot(10), delta(10, 12), gap)
    assert (feed.is_live, feed.needs_start) == (False, True)
    assert feed.snapshot(snapshot(13)) == (snapshot(13), delta(13, 15))


@every_rule
def test_book_needs_a_start_from_the_beginning(rule: BookRule) -> None:
    assert BookFeed(rule).needs_start


def test_update_without_ids_follows_whatever_is_there() -> None:
    feed = live_feed(IN_STREAM, 100)
    assert send(feed, delta(UNTOLD, UNTOLD)) == (delta(100, 100),)
    assert send(feed, delta(UNTOLD, 104)) == (delta(100, 104),)
    assert send(feed, delta(UNTOLD, 104)) == (delta(104, 104),)


def test_update_without_its_predecessor_is_ignored_if_it_is_older() -> None:
    feed = live_feed(IN_STREAM, 100)
    assert send(feed, delta(UNTOLD, 99)) == ()
    assert feed.is_live


def test_older_whole_book_says_nothing() -> None:
    feed = BookFeed(BookRule(Recovery.SNAPSHOT_IN_STREAM, whole=True))
    assert feed.snapshot(snapshot(10)) == (snapshot(10),)
    assert feed.snapshot(snapshot(9)) == feed.snapshot(snapshot(10)) == ()
    assert feed.snapshot(snapshot(11)) == (snapshot(11),)


def test_updates_before_a_snapshot_in_the_stream_mean_nothing() -> None:
    feed = BookFeed(IN_STREAM)
    assert send(feed, delta(98, 99), delta(100, 101)) == ()
    assert feed.snapshot(snapshot(100)) == (snapshot(100),)
    assert send(feed, delta(100, 101)) == (delta(100, 101),)


@every_rule
def test_loss_from_outside_is_told_once_and_wants_a_new_start(rule: BookRule) -> None:
    feed = live_feed(rule, 100)
    assert feed.lose(BTC, Fault.CHECKSUM, "off by one", RECEIVED_NS) == (
        lost(Fault.CHECKSUM, "off by one"),
    )
    assert feed.lose(BTC, Fault.CHECKSUM, "off by one", RECEIVED_NS) == ()
    assert (feed.is_live, feed.needs_start, feed.losses) == (False, True, 1)


@every_rule
def test_snapshot_makes_a_lost_book_live_again(rule: BookRule) -> None:
    feed = live_feed(rule, 100)
    feed.lose(BTC, Fault.CROSSED, "", RECEIVED_NS)
    events = feed.snapshot(snapshot(200)) + send(feed, delta(200, 201))
    assert events == (snapshot(200), delta(200, 201))
    assert (feed.is_live, feed.needs_start) == (True, False)


@where_ids_fall
def test_ids_may_fall_where_the_venue_resets_them(rule: BookRule) -> None:
    feed = live_feed(rule, 500)
    assert send(feed, delta(500, 3), delta(3, 7)) == (delta(500, 3), delta(3, 7))


@where_ids_fall
def test_lost_reset_is_noticed_at_the_next_update(rule: BookRule) -> None:
    feed = live_feed(rule, 500)
    assert send(feed, delta(3, 7)) == (lost(Fault.GAP, "expected 500, got 3..7"),)


def test_repetition_of_the_update_before_is_ignored_where_ids_may_fall() -> None:
    feed = live_feed(IN_STREAM_RESETS, 500)
    assert len(send(feed, delta(500, 3))) == 1
    assert send(feed, delta(500, 3)) == ()
    assert len(send(feed, delta(3, 7))) == 1


def test_ids_may_not_fall_elsewhere() -> None:
    feed = live_feed(IN_STREAM, 500)
    assert send(feed, delta(500, 3)) == (lost(Fault.GAP, "expected 500, got 500..3"),)


def test_fault_17_buffer_keeps_the_newest_updates_only() -> None:
    feed = BookFeed(BY_REQUEST)
    send(feed, *(delta(i, i + 1) for i in range(MAX_BUFFERED + 10)))
    assert feed.snapshot(snapshot(0)) == ()  # rule 6: what follows 0 is no longer there
    assert len(feed.snapshot(snapshot(10))) == 1 + MAX_BUFFERED


def at(event: BookDelta, after_s: float) -> BookDelta:
    return replace(event, received_ns=RECEIVED_NS + round(after_s * NS_PER_S))


@pytest.mark.parametrize("rule", [IN_STREAM, BY_REQUEST], ids=["in stream", "by request"])
def test_rule_2_ids_that_stay_below_the_books_for_long_are_a_gap(rule: BookRule) -> None:
    feed = live_feed(rule, 10_000)
    told = send(feed, *(at(delta(9 + i, 10 + i), i * 0.5) for i in range(11)))
    (loss,) = told
    assert isinstance(loss, BookLost)
    assert (loss.fault, feed.is_live, feed.losses) == (Fault.GAP, False, 1)
    assert loss.detail == f"for {STUCK_S:g} s nothing above 10000, but 20"
    assert feed.snapshot(snapshot(20)) == (snapshot(20),)
    assert send(feed, delta(20, 21)) == (delta(20, 21),)


def test_fault_11_rule_2_ids_that_come_up_from_below_do_not_go_on_where_the_book_stands() -> None:
    """A venue that counts anew may end an update at the very id of the book."""
    feed = live_feed(BY_REQUEST, 100)
    assert send(feed, delta(1, 30), delta(30, 60), delta(60, 90), delta(90, 100)) == ()
    (loss,) = send(feed, delta(100, 130))
    assert isinstance(loss, BookLost)
    assert (loss.fault, loss.detail) == (Fault.GAP, "expected 100, got 100..130")
    assert feed.snapshot(snapshot(130)) == (snapshot(130),)


def test_rule_2_progress_and_repetitions_are_no_sign_of_a_gap() -> None:
    feed = live_feed(IN_STREAM, 100)
    for i in range(40):  # of each pair one is late
        late, next_one = delta(90, 91), delta(100 + i, 101 + i)
        send(feed, at(late, i), at(next_one, i + 0.5), at(next_one, i + 0.6))
    assert feed.is_live
    send(feed, *(at(delta(139, 140), 40 + i) for i in range(20)))
    assert (feed.is_live, feed.last) == (True, 140)


def test_whole_books_whose_ids_fall_for_long_are_a_gap() -> None:
    feed = BookFeed(BookRule(Recovery.SNAPSHOT_IN_STREAM, whole=True))
    feed.snapshot(snapshot(10_000))
    told = [
        feed.snapshot(replace(snapshot(i), received_ns=RECEIVED_NS + i * NS_PER_S))
        for i in range(6)
    ]
    assert [len(events) for events in told] == [0, 0, 0, 0, 0, 1]
    assert feed.snapshot(snapshot(6)) == (snapshot(6),)


# A random history of one market, and what becomes of a book that follows it over a bad line.

Book = dict[tuple[str, float], float]


class History(msgspec.Struct, frozen=True):
    """The true book at each id, in order, and the updates that lead from one to the other."""

    books: dict[int, Book]
    updates: list[BookDelta]

    @property
    def ids(self) -> list[int]:
        return list(self.books)

    def snapshot(self, sequence: int) -> BookSnapshot:
        book = self.books[sequence]
        return snapshot(
            sequence,
            [(price, size) for (side, price), size in book.items() if side == "bid"],
            [(price, size) for (side, price), size in book.items() if side == "ask"],
        )


CHANGE = st.tuples(
    st.sampled_from([("bid", 1.0), ("bid", 2.0), ("ask", 3.0), ("ask", 4.0)]),
    st.sampled_from([0.0, 1.0, 2.0]),
)
EPOCH = 1_000
"""A reset lets ids fall by so much, which keeps them unique: a history is never as long."""


@st.composite
def histories(draw: st.DrawFn, rule: BookRule) -> History:
    """Each id changes one level; an update covers the ids from one to another, or none."""
    last = 10 * EPOCH
    book: Book = {("bid", 1.0): 5.0, ("ask", 4.0): 5.0}
    books, updates = {last: book}, []
    cuts = st.lists(CHANGE, max_size=4)
    for changes in draw(st.lists(cuts, min_size=1, max_size=20)):
        previous, changed = last, {}
        if rule.resets and changes and draw(st.integers(0, 4)) == 0:
            last -= EPOCH
        for level, size in changes:
            last += 1
            changed[level] = size
            book = {level: size for level, size in {**book, level: size}.items() if size}
            books[last] = book
        sides = {
            wanted: [(price, size) for (side, price), size in changed.items() if side == wanted]
            for wanted in ("bid", "ask")
        }
        updates.append(delta(previous, last, sides["bid"], sides["ask"]))
    return History(books, updates)


class Reader:
    """A book of the simplest kind, which believes every event."""

    def __init__(self) -> None:
        self.book: Book | None = None
        self.sequence = 0

    def apply(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case BookSnapshot():
                    self.book, self.sequence = {}, event.sequence
                    self._set(event.bids, event.asks)
                case BookDelta():
                    assert self.book is not None, "an update of a book that is not live"
                    assert event.previous == self.sequence, "an update that does not follow"
                    self.sequence = event.sequence
                    self._set(event.bids, event.asks)
                case BookLost():
                    assert self.book is not None, "a loss of what was not live"
                    self.book = None

    def _set(self, bids: list[Level], asks: list[Level]) -> None:
        assert self.book is not None
        self.book.update({("bid", price): size for price, size in bids})
        self.book.update({("ask", price): size for price, size in asks})
        self.book = {level: size for level, size in self.book.items() if size}


# What the line does next: deliver an update, lose one, deliver again (or late) the one that is
# so many back, or deliver a snapshot from so many ids before or after the present.
LINE = st.lists(
    st.one_of(
        st.just(("next", 0)),
        st.just(("next", 0)),
        st.just(("lose", 0)),
        st.tuples(st.just("old"), st.integers(1, 6)),
        st.tuples(st.just("snapshot"), st.integers(-12, 6)),
    ),
    max_size=60,
)


@every_rule
@given(data=st.data())
def test_live_book_is_the_true_book_whatever_the_line_does(
    rule: BookRule, data: st.DataObject
) -> None:
    history = data.draw(histories(rule))
    feed, reader, at = BookFeed(rule), Reader(), 0
    for step, number in data.draw(LINE):
        events: tuple[Event, ...] = ()
        if step == "snapshot":
            present = history.updates[at - 1].sequence if at else history.ids[0]
            chosen = history.ids.index(present) + number
            sequence = history.ids[min(max(chosen, 0), len(history.ids) - 1)]
            events = feed.snapshot(history.snapshot(sequence))
        elif step == "old" and number <= at:
            events = send(feed, history.updates[at - number])
        elif step in ("next", "lose") and at < len(history.updates):
            events = send(feed, history.updates[at]) if step == "next" else ()
            at += 1
        reader.apply(events)
        assert feed.is_live == (reader.book is not None)
        assert feed.is_live or feed.needs_start or feed.losses == 0
        if reader.book is not None:
            assert feed.last == reader.sequence
            assert reader.book == history.books[reader.sequence]


# Where ids may fall, numbers do not tell whether a fetched snapshot is older or newer than an
# update: such a book is safe, but may need another snapshot. No venue has both.
@pytest.mark.parametrize(
    "rule", [IN_STREAM, BY_REQUEST, IN_STREAM_RESETS], ids=["in stream", "by request", "resets"]
)
@given(data=st.data())
def test_good_line_gives_the_true_book_from_any_snapshot(
    rule: BookRule, data: st.DataObject
) -> None:
    history = data.draw(histories(rule))
    feed, reader = BookFeed(rule), Reader()
    first = data.draw(st.integers(0, len(history.updates) - 1))
    sequence = history.updates[first].previous
    if rule.recovery is Recovery.SNAPSHOT_BY_REQUEST:
        first = data.draw(st.integers(0, len(history.updates)))
        sequence = data.draw(st.sampled_from(history.ids))
        reader.apply(send(feed, *history.updates[:first]))
    reader.apply(feed.snapshot(history.snapshot(sequence)))
    reader.apply(send(feed, *history.updates[first:]))
    assert reader.book == history.books[history.ids[-1]]
    assert feed.last == reader.sequence == history.ids[-1]
    assert feed.losses == 0


@every_rule
@given(data=st.data())
def test_loss_is_noticed_at_the_very_next_update(rule: BookRule, data: st.DataObject) -> None:
    history = data.draw(histories(rule))
    first = data.draw(st.integers(0, len(history.updates) - 1))
    following = data.draw(st.integers(first + 1, len(history.updates)))
    assume(following < len(history.updates))
    missing = history.updates[first:following]
    assume(any(update.previous != update.sequence for update in missing))
    feed = BookFeed(rule)
    begin = history.ids[0]
    feed.snapshot(history.snapshot(begin))
    send(feed, delta(begin, begin), *history.updates[:first])
    events = send(feed, history.updates[following])
    assert [type(event) for event in events] == [BookLost]
    assert not feed.is_live


# Where ids may fall, an old id is no proof of a repeat, and the book may be lost instead.
@pytest.mark.parametrize("rule", [IN_STREAM, BY_REQUEST], ids=["in stream", "by request"])
@given(data=st.data())
def test_repeated_update_changes_nothing(rule: BookRule, data: st.DataObject) -> None:
    history = data.draw(histories(rule))
    feed, reader = BookFeed(rule), Reader()
    reader.apply(feed.snapshot(history.snapshot(history.ids[0])))
    delivered = data.draw(st.integers(1, len(history.updates)))
    reader.apply(send(feed, *history.updates[:delivered]))
    sequence, book = reader.sequence, reader.book
    repeated = data.draw(st.integers(0, delivered - 1))
    reader.apply(send(feed, history.updates[repeated]))
    assert (reader.sequence, reader.book) == (sequence, book)
    assert feed.is_live
    reader.apply(send(feed, *history.updates[delivered:]))
    assert reader.book == history.books[history.ids[-1]]


def test_histories_hold_what_the_tests_are_about() -> None:
    """Resets, updates of several ids and updates of none do occur, so that no test is vacuous."""
    seen: set[str] = set()

    @given(histories(IN_STREAM_RESETS))
    def look(history: History) -> None:
        for update in history.updates:
            step = update.sequence - update.previous
            seen.add(
                "reset" if step < 0 else "none" if not step else "one" if step == 1 else "many"
            )
        assert all(one.sequence == two.previous for one, two in pairwise(history.updates))

    look()
    assert seen == {"reset", "none", "one", "many"}
