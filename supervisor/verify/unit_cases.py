"""Markets of venues that trade many of an asset as one, told per unit of the asset."""

from typing import Final

from exchanges.venue import Venue
from supervisor.verify.case import NotApplicable, expect
from supervisor.verify.event_cases import events, symbols
from supervisor.verify.lab import Lab, open_sandbox
from supervisor.verify.request_cases import requests

SCALED: Final = ("PEPE/USDT", "PEPE/USDT:USDT", "SHIB/USDT:USDT")


def scaled(venue: Venue) -> None:
    """Rules, books, events and replies are those of the plain asset."""
    markets = open_sandbox(venue, SCALED).markets.values()
    if all(market.instrument.multiplier == 1 for market in markets):
        raise NotApplicable("the venue's sandbox trades assets as they are")
    symbols(venue, SCALED)
    events(venue, SCALED)
    requests(venue, SCALED)
    for stream in venue.streams:
        lab = Lab.open(venue, stream, symbols=SCALED)
        lab.settle()
        for book in lab.books.values():
            expect(book.is_live, f"the book of {book.instrument.symbol} is not live")
