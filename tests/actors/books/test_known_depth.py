"""Books that start from a limited snapshot: what is known of them, and when it runs out."""

from math import inf

import pytest

from actors.books.known_depth import WHOLE, KnownDepth
from actors.books.order_book import BookNotLive, OrderBook
from exchanges.market.events import BookDelta, BookSnapshot, Fault, Level
from tests.exchanges.transcripts import RECEIVED_NS, market

BTC = market("BTC/USDT", "BTCUSDT")
BIDS: list[Level] = [(100.0 - number, 1.0) for number in range(4)]  # down to 97
ASKS: list[Level] = [(101.0 + number, 1.0) for number in range(4)]  # up to 104


def started(bids: list[Level] = BIDS, asks: list[Level] = ASKS) -> OrderBook:
    """A book from a snapshot of at most four levels a side."""
    book = OrderBook(BTC, start_limit=4)
    book.apply(
        BookSnapshot(instrument=BTC, bids=bids, asks=asks, sequence=1, received_ns=RECEIVED_NS)
    )
    return book


def change(book: OrderBook, bids: list[Level], asks: list[Level]) -> None:
    book.apply(
        BookDelta(
            instrument=BTC,
            bids=bids,
            asks=asks,
            previous=book.sequence,
            sequence=book.sequence + 1,
            received_ns=RECEIVED_NS,
        )
    )


def test_levels_beyond_the_last_one_of_the_snapshot_are_not_read() -> None:
    book = started()
    change(book, [(95.0, 1.0)], [(107.0, 1.0)])  # what is between was never told
    assert [price for price, _ in book.bids(10)] == [100.0, 99.0, 98.0, 97.0]
    assert [price for price, _ in book.asks(10)] == [101.0, 102.0, 103.0, 104.0]


def test_a_snapshot_of_fewer_levels_is_the_whole_book() -> None:
    book = started(BIDS[:3], ASKS[:3])
    change(book, [(95.0, 1.0)], [(107.0, 1.0)])
    assert book.bids(10)[-1] == (95.0, 1.0)
    assert book.asks(10)[-1] == (107.0, 1.0)
    assert book.trouble is None


def test_a_book_without_a_limit_is_known_to_its_end() -> None:
    assert not WHOLE.is_over(0.0, inf)
    assert not WHOLE.is_running_out(0.0, inf)


@pytest.mark.parametrize(
    ("bids", "asks"),
    [([(100.0, 0.0), (99.0, 0.0)], []), ([], [(101.0, 0.0), (102.0, 0.0)])],
    ids=["falling", "rising"],
)
def test_a_new_start_is_wanted_when_half_of_what_was_known_is_gone(
    bids: list[Level], asks: list[Level]
) -> None:
    book = started()
    change(book, bids[:1], asks[:1])
    assert book.trouble is None
    change(book, bids, asks)
    assert book.trouble is Fault.DEPTH
    assert book.is_live


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        ([(price, 0.0) for price, _ in BIDS] + [(95.0, 1.0)], []),
        ([], [(price, 0.0) for price, _ in ASKS] + [(107.0, 1.0)]),
        ([(price, 0.0) for price, _ in BIDS], []),  # perhaps not empty: nobody told what is below
    ],
    ids=["fallen", "risen", "empty"],
)
def test_a_book_whose_best_price_may_be_wrong_cannot_be_read(
    bids: list[Level], asks: list[Level]
) -> None:
    book = started()
    change(book, bids, asks)
    assert book.fault is Fault.DEPTH
    assert book.trouble is Fault.DEPTH
    with pytest.raises(BookNotLive, match="left the part"):
        book.top()


def test_a_new_start_makes_it_whole_again() -> None:
    book = started()
    change(book, [(price, 0.0) for price, _ in BIDS], [])
    book.apply(
        BookSnapshot(
            instrument=BTC, bids=[(96.0, 1.0)], asks=ASKS, sequence=9, received_ns=RECEIVED_NS
        )
    )
    assert book.trouble is None
    assert book.top().bid == 96.0


def test_the_known_part_ends_at_the_deepest_level_whatever_their_order() -> None:
    known = KnownDepth(BIDS[::-1], ASKS[::-1], 4)
    assert (known.last_bid, known.last_ask) == (97.0, 104.0)
    assert (known.low_bid, known.high_ask) == (99.0, 102.0)
