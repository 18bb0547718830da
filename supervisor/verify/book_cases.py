"""Books: each case runs on every stream of the venue that carries them."""

from collections.abc import Callable
from functools import wraps

from actors.sandbox.faults import FrameFault
from exchanges.market.events import BookDelta, BookSnapshot, Fault
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.sandbox.matching import MatchingEngine
from exchanges.stream.facts import Stream
from exchanges.venue import Venue
from supervisor.verify.case import book_streams, expect
from supervisor.verify.lab import Lab, open_sandbox, topics_of

BOOKS = (Channel.BOOK,)
StreamCase = Callable[[Venue, Stream], None]


def on_book_streams(case: StreamCase) -> Callable[[Venue], None]:
    """The case, on each stream with books."""

    @wraps(case)
    def check(venue: Venue) -> None:
        for stream in book_streams(venue):
            case(venue, stream)

    return check


@on_book_streams
def snapshot(venue: Venue, stream: Stream) -> None:
    """Every subscribed book becomes live with the market's levels."""
    lab = Lab.open(venue, stream, BOOKS)
    lab.run(10)
    expect(lab.codec.is_settled, "some topics are not answered or some books not live")
    expect(len(lab.books) == len(topics_of(stream, lab.sandbox, BOOKS)), "books are missing")
    lab.expect_books_are_now()


@on_book_streams
def delta(venue: Venue, stream: Stream) -> None:
    """At every moment of a calm minute the books are the market's."""
    lab = Lab.open(venue, stream, BOOKS)
    lab.run(5)
    for _ in range(100):
        lab.run(0.1)
        lab.expect_books_are_now()
    expect(not lab.lost(), f"books were lost without a reason: {lab.lost()}")


@on_book_streams
def delete(venue: Venue, stream: Stream) -> None:
    """Levels that are gone at the venue are gone in the book."""
    lab = Lab.open(venue, stream, BOOKS)
    lab.run(5)
    before = {symbol: {price for price, _ in book.bids(50)} for symbol, book in lab.books.items()}
    lab.run(30)
    for symbol, book in lab.books.items():
        gone = before[symbol] - {price for price, _ in lab.states[symbol][0][0]}
        expect(gone, f"no level of {symbol} has gone in half a minute")
        expect(not gone & {price for price, _ in book.bids(10_000)}, "a level has stayed")
    lab.expect_books_are_now()


def _faulty(fault: FrameFault) -> Callable[[Venue], None]:
    def check(venue: Venue, stream: Stream) -> None:
        lab = Lab.open(venue, stream, BOOKS)
        lab.run(5)
        lab.events.clear()
        symbol, *others = lab.books
        lab.faults.arm(fault, symbol=symbol)
        for _ in range(100):
            lab.run(0.1)  # the lab fails at once if a wrong book can be read
            expect(
                stream.shared_sequence or all(lab.books[other].is_live for other in others),
                "other books of the connection are not live",
            )
        lab.settle()
        lab.expect_books_are_now()
        expect(lab.faults.done[fault] == 1, "the fault did not happen")
        lost = lab.lost()
        if fault is FrameFault.DUPLICATE:
            expect(not lost or stream.shared_sequence, f"a duplicate cost the books {lost}")
        expect(len(lost) == len(set(lost)), f"books were lost more than once: {lost}")

    return on_book_streams(check)


gap = _faulty(FrameFault.LOSE)
duplicate = _faulty(FrameFault.DUPLICATE)
swap = _faulty(FrameFault.SWAP)
garbage = _faulty(FrameFault.GARBAGE)


@on_book_streams
def reconnect(venue: Venue, stream: Stream) -> None:
    """A new connection's snapshot replaces the book; nothing of the old one stays."""
    lab = Lab.open(venue, stream, BOOKS)
    lab.run(5)
    old = lab.books
    for market in lab.sandbox.markets.values():
        _thin_out(market.synthetic.engine)
    successor = Lab(venue, lab.sandbox, stream)
    successor.now_ns = lab.now_ns
    successor.books = old
    for book in old.values():
        book.lose(Fault.DISCONNECTED)
    successor.codec.subscribe(topics_of(stream, lab.sandbox, BOOKS))
    successor.talk()
    successor.run(5)
    successor.expect_books_are_now()


def _thin_out(engine: MatchingEngine) -> None:
    """Cancel every other level of both sides."""
    for side in Side:
        book = engine.side(side)
        for price in list(book)[1::2]:
            for order in list(book.orders_at(price)):
                engine.cancel(order.order_id)


@on_book_streams
def crossed(venue: Venue, stream: Stream) -> None:
    """A book whose bid is above its ask cannot be read, and starts anew if it stays so."""
    lab = Lab.open(venue, stream, BOOKS)
    lab.run(5)
    symbol, book = next(iter(lab.books.items()))
    lab.events.clear()
    ask = book.asks(1)[0]
    book.apply(
        BookDelta(
            instrument=book.instrument,
            bids=[(2 * ask[0], 1.0)],
            asks=[],
            previous=book.sequence,
            sequence=book.sequence,
            received_ns=lab.now_ns,
        )
    )
    expect(book.fault in (Fault.CROSSED, Fault.CHECKSUM), "a crossed book can be read")
    lab.run(10)
    lab.settle()
    lab.expect_books_are_now()
    starts = [one.instrument.symbol for one in lab.events if isinstance(one, BookSnapshot)]
    expect(set(starts) <= {symbol}, f"other books started anew: {starts}")


@on_book_streams
def busy(venue: Venue, stream: Stream) -> None:
    """A venue too busy for snapshots is asked again, and no book suffers."""
    sandbox = open_sandbox(venue)
    lab = Lab(venue, sandbox, stream)
    sandbox.busy = 3
    lab.codec.subscribe(topics_of(stream, sandbox, BOOKS))
    lab.run(20)
    lab.settle()
    lab.expect_books_are_now()
