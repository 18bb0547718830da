"""Tests of `actors.order_book`: a book is either right or not readable."""

from decimal import Decimal
from math import inf
from typing import Any

import pytest
from msgspec.structs import replace

from actors.books.order_book import CROSSED_GRACE_NS, BookNotLive, OrderBook, SequenceError
from exchanges.market.events import BookDelta, BookLost, Fault, Level
from exchanges.market.instrument import Instrument
from tests.actors.conftest import book_of, snapshot

BIDS: list[Level] = [(99.0, 1.0), (98.0, 2.0)]
ASKS: list[Level] = [(101.0, 1.5), (102.0, 3.0)]


def delta(
    of: Instrument,
    bids: list[Level],
    asks: list[Level],
    *,
    previous: int = 1,
    sequence: int = 2,
    received_ns: int = 5,
    checksum: int | None = None,
) -> BookDelta:
    return BookDelta(
        instrument=of,
        bids=bids,
        asks=asks,
        previous=previous,
        sequence=sequence,
        received_ns=received_ns,
        checksum=checksum,
    )


def fault_of(book: OrderBook) -> Fault:
    """Why nobody can read the book, by each way of reading."""
    faults = set()
    for read in (book.top, book.bids, book.asks):
        with pytest.raises(BookNotLive) as caught:
            read()
        faults.add(caught.value.fault)
    (fault,) = faults
    return fault


def test_a_new_book_cannot_be_read(btc: Instrument) -> None:
    book = OrderBook(btc)
    assert fault_of(book) is Fault.STARTING
    assert not book.is_live


def test_a_snapshot_makes_it_readable(btc: Instrument) -> None:
    book = book_of(btc, BIDS, ASKS)
    top = book.top()
    assert (top.bid, top.bid_size, top.ask, top.ask_size) == (99.0, 1.0, 101.0, 1.5)
    assert book.bids(1) == BIDS[:1]
    assert book.asks(9) == ASKS


def test_a_delta_changes_adds_and_removes_levels(btc: Instrument) -> None:
    book = book_of(btc, BIDS, ASKS)
    book.apply(delta(btc, [(99.0, 0.0), (97.0, 4.0)], [(101.0, 7.0)]))
    assert book.bids() == [(98.0, 2.0), (97.0, 4.0)]
    assert book.asks() == [(101.0, 7.0), (102.0, 3.0)]
    assert (book.sequence, book.received_ns) == (2, 5)


def test_an_empty_side_has_no_price_to_act_on(btc: Instrument) -> None:
    top = book_of(btc, [], ASKS).top()
    assert (top.bid, top.bid_size) == (0.0, 0.0)
    top = book_of(btc, BIDS, []).top()
    assert (top.ask, top.ask_size) == (inf, 0.0)


def test_a_delta_that_does_not_follow_is_our_bug(btc: Instrument) -> None:
    with pytest.raises(SequenceError, match="book is at 1, delta follows 3"):
        book_of(btc, BIDS, ASKS).apply(delta(btc, [], [], previous=3))


def test_a_lost_book_is_closed_until_the_next_snapshot(btc: Instrument) -> None:
    book = book_of(btc, BIDS, ASKS)
    book.apply(BookLost(instrument=btc, fault=Fault.GAP, detail="expected 1", received_ns=6))
    assert fault_of(book) is Fault.GAP
    book.apply(delta(btc, [(99.5, 1.0)], [], previous=7, sequence=8))
    assert fault_of(book) is Fault.GAP
    book.apply(snapshot(btc, [(90.0, 1.0)], ASKS, sequence=9))
    assert book.bids() == [(90.0, 1.0)], "levels from before the loss are gone"
    assert book.losses == {Fault.GAP: 1}


def test_fault_22_levels_of_before_a_reconnect_are_gone(btc: Instrument) -> None:
    """The new start may have fewer levels than the book that was lost."""
    deep: list[Level] = [(100.0 - number, 1.0) for number in range(1, 50)]
    book = book_of(btc, deep, [(price + 100.0, size) for price, size in deep])
    book.apply(BookLost(instrument=btc, fault=Fault.DISCONNECTED, received_ns=6))
    assert fault_of(book) is Fault.DISCONNECTED
    book.apply(snapshot(btc, [(90.5, 1.0)], [(91.5, 2.0)], sequence=3))
    assert (book.bids(), book.asks()) == ([(90.5, 1.0)], [(91.5, 2.0)])
    book.apply(delta(btc, [(90.5, 0.0)], [], previous=3, sequence=4))
    assert book.bids() == []
    assert book.top().bid == 0.0


def test_the_error_says_which_book_and_why(btc: Instrument) -> None:
    book = book_of(btc, BIDS, ASKS)
    book.lose(Fault.GAP, "expected 1, got 5..6")
    with pytest.raises(BookNotLive, match=r"^binance BTC/USDT is not live: gap \(expected 1"):
        book.top()


def test_a_crossed_book_is_closed_at_once_and_open_when_it_has_uncrossed(btc: Instrument) -> None:
    book = book_of(btc, BIDS, ASKS)
    book.apply(delta(btc, [(101.0, 1.0)], []))
    assert fault_of(book) is Fault.CROSSED
    assert not book.trouble
    book.apply(delta(btc, [], [(101.0, 0.0)], previous=2, sequence=3))
    assert book.top().bid == 101.0
    assert book.losses == {Fault.CROSSED: 1}


def test_a_book_that_stays_crossed_wants_a_new_start(btc: Instrument) -> None:
    book = book_of(btc, BIDS, ASKS)
    book.apply(delta(btc, [(103.0, 1.0)], [], received_ns=10))
    later = delta(btc, [], [], previous=2, sequence=3, received_ns=10 + CROSSED_GRACE_NS)
    book.apply(later)
    assert book.trouble


def test_a_crossed_snapshot_is_not_readable_either(btc: Instrument) -> None:
    assert fault_of(book_of(btc, [(101.0, 1.0)], [(101.0, 1.0)])) is Fault.CROSSED


def test_a_wrong_checksum_closes_the_book_and_wants_a_new_start(btc: Instrument) -> None:
    book = OrderBook(btc, checksum=lambda of, bids, asks: len(bids) * 10 + len(asks))
    book.apply(snapshot(btc, BIDS, ASKS, verified=5, checksum=22))
    assert book.is_live
    book.apply(delta(btc, [(97.0, 1.0)], [], checksum=32))
    assert book.is_live
    book.apply(delta(btc, [(96.0, 1.0)], [], previous=2, sequence=3, checksum=99))
    assert fault_of(book) is Fault.CHECKSUM
    assert book.trouble


def test_checksum_that_cannot_be_told_says_nothing(btc: Instrument) -> None:
    book = OrderBook(btc, checksum=lambda of, bids, asks: None)
    book.apply(snapshot(btc, BIDS, ASKS, checksum=22))
    assert book.is_live


def test_levels_that_no_checksum_proves_are_not_served(btc: Instrument) -> None:
    book = OrderBook(btc, checksum=lambda of, bids, asks: 0)
    book.apply(snapshot(btc, BIDS, ASKS, verified=1, checksum=0))
    assert book.bids(10) == BIDS[:1]
    assert book.asks(10) == ASKS[:1]


def test_a_start_with_old_rules_puts_none_back(btc: Instrument) -> None:
    """It was asked for before they changed."""
    book = OrderBook(btc, lambda instrument, bids, asks: int(instrument.tick * 1000))
    finer = replace(btc, tick=Decimal("0.001"))
    book.change(finer)
    book.apply(replace(snapshot(btc, BIDS, ASKS), checksum=1))
    assert book.instrument == book.top().instrument == finer


@pytest.mark.parametrize(
    "other", [{"contract_size": Decimal(10)}, {"multiplier": 1000}, {"native": "BTCUSDT2"}]
)
def test_a_start_in_another_unit_is_none(other: dict[str, Any], btc: Instrument) -> None:
    book = book_of(btc, BIDS, ASKS)
    book.apply(snapshot(replace(btc, **other), BIDS, ASKS))
    assert fault_of(book) is book.trouble is Fault.UNIT
    book.apply(delta(btc, [(99.5, 1.0)], []))
    assert not book.is_live
    book.apply(snapshot(btc, BIDS, ASKS))
    assert book.is_live
    assert book.trouble is None


def test_other_events_leave_the_book_alone(btc: Instrument) -> None:
    book = book_of(btc, BIDS, ASKS)
    book.apply(book.top())
    assert book.bids() == BIDS
