"""What books weigh."""

import tracemalloc
from typing import Any, Final

from actors.books.order_book import OrderBook
from exchanges.market.events import BookSnapshot
from supervisor.bench.hot import SYMBOLS, VENUE
from supervisor.bench.traffic import make_traffic

LEVELS: Final = 400


def measure_memory(books: int) -> dict[str, Any]:
    """Megabytes for a thousand live books of so many levels a side, prices and sizes included."""
    traffic = make_traffic(VENUE, SYMBOLS[:1], 1)
    (snapshot,) = [event for event in traffic.start if isinstance(event, BookSnapshot)]
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = [_make(snapshot, number) for number in range(books)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    levels = len(kept[0].bids(LEVELS)), len(kept[0].asks(LEVELS))
    return {
        "books": books,
        "levels_a_side": max(levels),
        "mb_per_thousand_books": (after - before) / books * 1_000 / 1e6,
    }


def _make(snapshot: BookSnapshot, number: int) -> OrderBook:
    """A book with numbers of its own, as a decoder would have made them."""
    book = OrderBook(snapshot.instrument)
    book.apply(
        BookSnapshot(
            instrument=snapshot.instrument,
            bids=[(price + number, size + number) for price, size in snapshot.bids[:LEVELS]],
            asks=[(price + number, size + number) for price, size in snapshot.asks[:LEVELS]],
            sequence=1,
            received_ns=0,
        )
    )
    return book
