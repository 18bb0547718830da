"""The actor of one book: batches of events in, the newest top out."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import trio

from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from actors.edges.channels import Inbox
from actors.edges.log import Log
from exchanges.market.events import BookLost, BookSnapshot, Event, Fault
from exchanges.market.numbers import NS_PER_S
from exchanges.stream.books import ENDED_BY_US

BookInbox = Inbox[tuple[int, Sequence[Event]]]
"""Batches for one book, each with the number of the session that it came from."""


class Resync(msgspec.Struct, frozen=True):
    """A command to the connection of a book: start it anew, for it was found wrong."""

    symbol: str
    fault: Fault
    detail: str


Commands = Callable[[Resync], None]
"""Tells the connection that feeds a book."""

Stamps = Callable[[int, int, str], None]
"""Hears what the venue's clock and ours showed for a piece of news, and of which symbol it was."""

# How far two clocks are apart changes slowly, and each sample costs more than a small update.
SAMPLE_NS: Final = NS_PER_S // 4

# A connection that failed says so itself, and one that was stopped is no news.
_TOLD_ELSEWHERE: Final = frozenset({Fault.DISCONNECTED, Fault.UNSUBSCRIBED, Fault.DELISTED})
# Told by who closes the book, before it does so.
_TOLD_BEFORE: Final = frozenset({Fault.DELISTED, Fault.UNIT})

_NOBODY: Final = -1  # sessions have numbers from 0

log = Log(__name__)


async def run_book(
    book: OrderBook,
    inbox: BookInbox,
    tops: Tops,
    commands: Commands,
    stamps: Stamps,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Keep `book` up to date until cancelled; when it finds itself wrong it asks for a new start.

    Of the stamps of what it shows, `stamps` hears a sample.

    While a connection is replaced two sessions send the same market. The book follows the older
    one until the newer one brings a snapshot, and that one from then on. When the one that it
    follows ends it asks for another start and follows whoever brings one.
    """
    source, told, sampled_ns = _NOBODY, _why(book), 0
    try:
        task_status.started()
        if book.fault is not None and book.fault is not Fault.STARTING:
            # The actor that kept it before has failed; the codec believes that all is well.
            resync(book, book.fault, book.detail, commands)
        while True:
            for sender, events in await inbox.take():
                for event in events:
                    if sender > source and type(event) is BookSnapshot:
                        source = sender
                    is_refusal = type(event) is BookLost and source == _NOBODY
                    if sender == source or is_refusal:
                        book.apply(event)
                        if book.fault is Fault.DISCONNECTED:
                            source = _NOBODY
                            resync(book, book.fault, book.detail, commands)
            if trouble := book.trouble:
                resync(book, trouble, book.detail, commands)
            if (
                abs(book.received_ns - sampled_ns) >= SAMPLE_NS  # our clock may be set back
                and book.venue_ns is not None
                and book.fault is None
            ):
                sampled_ns = book.received_ns
                stamps(book.venue_ns, sampled_ns, book.instrument.symbol)
            tops.tell(book)
            if _why(book) != told:
                told = _why(book)
                _log(book)
    except trio.Cancelled:
        if book.fault not in _TOLD_BEFORE:
            book.lose(Fault.UNSUBSCRIBED, "nobody keeps it any more")
            tops.tell(book)
        raise
    except Exception:
        book.lose(Fault.FAILED, "the book's actor has failed")
        tops.tell(book)
        raise


def resync(book: OrderBook, fault: Fault, detail: str, commands: Commands) -> None:
    """Ask for a new start of the book."""
    commands(Resync(book.instrument.symbol, fault, detail))


def _why(book: OrderBook) -> tuple[Fault | None, bool]:
    """What is news of a book; further words about the same are not."""
    return book.fault, bool(book.detail)


def _log(book: OrderBook) -> None:
    facts = {"venue": book.instrument.venue, "symbol": book.instrument.symbol}
    if book.fault is None:
        log.info("book_live", **facts)
        return
    if book.detail == ENDED_BY_US:
        return  # whoever ends it knows; at the end of a run that is every book
    tell = log.info if book.fault in _TOLD_ELSEWHERE else log.warning
    tell("book_lost", **facts, fault=str(book.fault), detail=book.detail)
