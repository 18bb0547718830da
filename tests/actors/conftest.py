"""What the actors' tests share: two markets, and books that hold what a test says."""

from decimal import Decimal

import pytest

from actors.books.order_book import OrderBook
from exchanges.market.events import BookSnapshot, Level
from exchanges.market.instrument import Instrument, kind_of, split_symbol


def instrument(venue: str, symbol: str, *, step: str = "0.001", **facts: object) -> Instrument:
    """A market of which only what matters to a test is told."""
    base, quote, settle = split_symbol(symbol)
    return Instrument(
        venue=venue,
        symbol=symbol,
        native=base + quote,
        kind=kind_of(symbol),
        base=base,
        quote=quote,
        settle=settle,
        tick=Decimal("0.01"),
        step=Decimal(step),
        **facts,  # type: ignore[arg-type]
    )


def snapshot(
    of: Instrument,
    bids: list[Level],
    asks: list[Level],
    *,
    sequence: int = 1,
    received_ns: int = 0,
    **facts: int,
) -> BookSnapshot:
    return BookSnapshot(
        instrument=of, bids=bids, asks=asks, sequence=sequence, received_ns=received_ns, **facts
    )


def book_of(of: Instrument, bids: list[Level], asks: list[Level]) -> OrderBook:
    """A live book."""
    book = OrderBook(of)
    book.apply(snapshot(of, bids, asks))
    return book


@pytest.fixture
def btc() -> Instrument:
    return instrument("binance", "BTC/USDT")
