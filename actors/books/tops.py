"""The newest top of every market: for the detector, and for whoever listens."""

from actors.books.order_book import MarketKey, OrderBook
from actors.edges.channels import Latest
from actors.edges.hub import Hub
from exchanges.market.events import BookLost, Fault, Top


class Tops:
    """What the books' actors tell.

    Attributes:
        news: each change of a top, and each loss of a book.
    """

    def __init__(self) -> None:
        self.news: Hub[Top | BookLost] = Hub()
        self._latest: Latest[MarketKey, Top | Fault] = Latest()

    def tell(self, book: OrderBook) -> None:
        """A book has changed."""
        instrument = book.instrument
        news: Top | BookLost
        if book.fault is None:
            news = book.top()
            self._latest.put((instrument.venue, instrument.symbol), news)
        else:
            news = BookLost(
                instrument=instrument,
                fault=book.fault,
                detail=book.detail,
                received_ns=book.received_ns,
            )
            self._latest.put((instrument.venue, instrument.symbol), book.fault)
        self.news.publish(news)

    async def take(self) -> dict[MarketKey, Top | Fault]:
        """Wait for news, then return the newest top, or why there is none, of each market."""
        return await self._latest.take()

    def inspect(self) -> dict[str, object]:
        """For the live tree."""
        return self._latest.inspect()
