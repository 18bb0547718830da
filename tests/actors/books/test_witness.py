"""What an audit finds, and what it must not find."""

import pytest
from msgspec.structs import replace

from actors.books.order_book import OrderBook
from actors.books.witness import Finding, Mismatch, Witness, confirmed
from exchanges.market.events import BookDelta, BookSnapshot, Level
from tests.exchanges.transcripts import RECEIVED_NS, market

BTC = market("BTC/USDT", "BTCUSDT")
BIDS: list[Level] = [(100.0, 1.0), (99.0, 2.0), (98.0, 3.0)]
ASKS: list[Level] = [(101.0, 1.0), (102.0, 2.0), (103.0, 3.0)]


def snapshot(bids: list[Level] = BIDS, asks: list[Level] = ASKS) -> BookSnapshot:
    return BookSnapshot(instrument=BTC, bids=bids, asks=asks, sequence=1, received_ns=RECEIVED_NS)


def witness(*updates: tuple[list[Level], list[Level]]) -> Witness:
    made = Witness(BIDS, ASKS)
    for bids, asks in updates:
        made.saw(
            BookDelta(
                instrument=BTC,
                bids=bids,
                asks=asks,
                previous=1,
                sequence=2,
                received_ns=RECEIVED_NS,
            )
        )
    return made


def test_equal_books_differ_in_nothing() -> None:
    assert witness().judge(snapshot()) == Finding(6, [])


def test_sizes_counted_in_contracts_may_differ_in_their_last_bit() -> None:
    bids = [(100.0, 1.0 + 2e-16), *BIDS[1:]]
    assert witness().judge(snapshot(bids)).mismatches == []


@pytest.mark.parametrize(
    "bids",
    [
        [(100.0, 5.0), (99.0, 2.0), (98.0, 3.0)],  # after the update
        [(100.0, 1.0), (99.0, 2.0), (98.0, 3.0)],  # before it
        [(100.0, 7.0), (99.0, 2.0), (98.0, 3.0)],  # between two
        [(100.5, 4.0), (100.0, 5.0), (99.0, 2.0), (98.0, 3.0)],  # a level that came and went
    ],
)
def test_every_state_the_book_went_through_explains_a_snapshot(bids: list[Level]) -> None:
    seen = witness(([(100.0, 7.0)], []), ([(100.0, 5.0), (100.5, 4.0)], []), ([(100.5, 0.0)], []))
    assert seen.judge(snapshot(bids)).mismatches == []


def test_a_level_of_another_size_is_found() -> None:
    found = witness().judge(snapshot([(100.0, 1.0), (99.0, 2.5), (98.0, 3.0)]))
    assert found == Finding(6, [Mismatch(True, 99.0, 2.0, 2.5)])
    assert str(found.mismatches[0]) == "bid 99: ours 2, theirs 2.5"


def test_a_level_that_only_the_venue_has_is_found() -> None:
    found = witness().judge(snapshot(asks=[(101.0, 1.0), (101.5, 9.0), (102.0, 2.0)]))
    assert found.mismatches == [Mismatch(False, 101.5, 0.0, 9.0)]


def test_a_level_that_only_we_have_is_found() -> None:
    found = witness().judge(snapshot(asks=[(101.0, 1.0), (103.0, 3.0)]))
    assert found.mismatches == [Mismatch(False, 102.0, 2.0, 0.0)]


def test_below_the_last_level_of_either_nothing_is_compared() -> None:
    shallow = witness().judge(snapshot(BIDS[:1], ASKS[:2]))
    assert shallow == Finding(3, [])
    deep = witness().judge(snapshot([*BIDS, (97.0, 9.0)], [*ASKS, (104.0, 9.0)]))
    assert deep == Finding(6, [])


def test_an_empty_side_says_nothing() -> None:
    assert witness().judge(snapshot([], [])) == Finding(0, [])
    assert Witness([], []).judge(snapshot()) == Finding(0, [])


def test_only_what_is_wrong_twice_is_proven() -> None:
    lost, late = Mismatch(True, 99.0, 2.0, 2.5), Mismatch(False, 102.0, 2.0, 1.0)
    first = Finding(6, [lost, late])
    moved = Mismatch(True, 99.0, 2.0, 2.7)  # the venue's level has moved on, ours has not
    assert confirmed(first, Finding(6, [moved])) == [moved]
    assert confirmed(first, Finding(6, [Mismatch(True, 99.0, 2.6, 2.5)])) == []
    assert confirmed(first, Finding(6, [])) == []


def test_what_a_window_did_not_reach_at_some_moment_is_not_compared() -> None:
    """A book of three levels that was once at 100 to 102 never heard of what came at 98.5."""
    seen = witness(([(102.0, 1.0), (101.0, 1.0)], []), ([(102.0, 0.0), (101.0, 0.0)], []))
    seen.looked(98.0, 103.0)
    seen.looked(100.0, 103.0)
    seen.looked(98.0, 103.0)
    told = [(100.0, 1.0), (98.5, 9.0), (98.0, 3.0)]
    assert seen.judge(snapshot(told)) == Finding(4, [])
    assert seen.judge(snapshot([(100.0, 4.0), *told[1:]])).mismatches == [
        Mismatch(True, 100.0, 1.0, 4.0)
    ]


def test_a_book_with_a_window_is_audited_as_far_as_it_reached_all_the_time() -> None:
    book = OrderBook(BTC)
    book.apply(replace(snapshot(), window=3))
    with book.witnessed() as seen:
        for number, bids in enumerate(([(101.0 - 0.5, 1.0)], [(100.5, 0.0), (98.0, 3.0)]), 1):
            book.apply(
                BookDelta(
                    instrument=BTC,
                    bids=bids,
                    asks=[],
                    previous=number,
                    sequence=number + 1,
                    received_ns=RECEIVED_NS,
                )
            )
    assert book.bids(3) == BIDS
    # 98.5 came and went at the venue while the book ended at 99.
    told = [(100.0, 1.0), (99.0, 2.0), (98.5, 9.0), (98.0, 3.0)]
    assert seen.judge(snapshot(told)).mismatches == []
