"""The markets that are watched: an actor for each book, fed by a connection of its venue."""

from functools import partial
from typing import Final, Protocol

import msgspec
import trio

from actors.books.keeper import BookInbox, Commands, run_book
from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from actors.venue.context import VenueContext
from exchanges.chance import Chance
from exchanges.market.events import Fault
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel, Topic
from supervisor.supervision.child import ChildSpec
from supervisor.supervision.policy import RestartLimit
from supervisor.supervision.supervise import Supervisor
from supervisor.system.placement import Placement

# A busy book gets some ten batches a second; this is several seconds of being late.
INBOX_BATCHES: Final = 64
# A book's actor fails by our own bug only; many failing at once would be a wave of bad data.
BOOK_LIMIT: Final = RestartLimit(restarts=50, window_s=60.0)


class WatchedMarket(msgspec.Struct, eq=False):
    """One watched market: its book, the inbox of the book's actor, and the venue's connections."""

    book: OrderBook
    inbox: BookInbox
    placement: Placement

    @property
    def instrument(self) -> Instrument:
        """The rules that its book shows."""
        return self.book.instrument

    @property
    def key(self) -> tuple[str, str]:
        return self.instrument.venue, self.instrument.symbol

    @property
    def name(self) -> str:
        return " ".join(self.key)

    @property
    def topic(self) -> Topic:
        """What feeds the book."""
        return Topic(Channel.BOOK, self.instrument.symbol)

    @property
    def commands(self) -> Commands:
        """Where the connection that feeds the book hears of it."""
        return self.placement.commands(self.topic)


class Follower(Protocol):
    """Who wants to know which markets are watched."""

    def opened(self, market: WatchedMarket) -> None:
        """A market will be told of from now on."""

    def closed(self, market: WatchedMarket) -> None:
        """A market is about to be told of no longer."""

    def changed(self, market: WatchedMarket) -> None:
        """The rules of a market's instrument have changed."""


class Markets:
    """Opens and closes books, of one venue or of many; which are watched, each branch knows.

    Attributes:
        tops: what the books' actors tell.
        books: supervises them.
    """

    def __init__(self, tops: Tops, chance: Chance, follower: Follower | None = None) -> None:
        self.tops = tops
        self.books = Supervisor("books", limit=BOOK_LIMIT, jitter=chance.random)
        self._follower = follower

    async def open(self, placement: Placement, instrument: Instrument) -> WatchedMarket:
        """Subscribe to the book of a market and keep it.

        Raises:
            CodecUsageError: the venue streams no books of such markets.
        """
        context = placement.context
        venue, age_s = context.venue, partial(_age_s, context)
        book = OrderBook(instrument, venue.checksum, venue.start_limit, age_s)
        market = WatchedMarket(book, BookInbox(INBOX_BATCHES), placement)
        placement.stream_of(market.topic, instrument)  # before anything is kept
        # Whoever wishes may be cancelled meanwhile, and must not leave half a market behind.
        with trio.CancelScope(shield=True):
            context.inboxes[instrument.symbol] = market.inbox
            await placement.place(market.topic, instrument)
            if self._follower:
                self._follower.opened(market)
            await self.books.add(
                ChildSpec(
                    name=market.name,
                    run=partial(
                        run_book,
                        book,
                        market.inbox,
                        self.tops,
                        market.commands,
                        context.venue_clock.heard,
                    ),
                    inspect=market.inbox.inspect,
                )
            )
        return market

    async def close(self, market: WatchedMarket) -> None:
        """Keep a book no longer."""
        with trio.CancelScope(shield=True):
            if self._follower:
                self._follower.closed(market)
            await market.placement.take_away([market.topic])
            del market.placement.context.inboxes[market.instrument.symbol]
            await self.books.remove(market.name)

    def lose(self, market: WatchedMarket, fault: Fault, detail: str) -> None:
        """Let nobody read a book that is about to be closed, and tell why."""
        market.book.lose(fault, detail)
        self.tops.tell(market.book)

    def change(self, market: WatchedMarket, instrument: Instrument) -> None:
        """Show new rules of a market's instrument, whose unit is the same."""
        market.book.change(instrument)
        self.tops.tell(market.book)
        if self._follower:
            self._follower.changed(market)


def _age_s(context: VenueContext, book: OrderBook) -> float:
    now_ns = context.clock.now_ns()
    by_venue_ns = context.venue_clock.age_ns(book.venue_ns, now_ns) or 0
    return max(now_ns - book.received_ns, by_venue_ns) / NS_PER_S
