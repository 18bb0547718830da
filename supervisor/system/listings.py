"""What a venue lists, and what is to be said of what it does not."""

from typing import Final

from actors.venue.context import VenueContext
from actors.venue.instruments import InstrumentLoader
from exchanges.errors import InvalidSymbol
from exchanges.market.instrument import Instrument, Kind, Status, kind_of
from supervisor.settings.reader import suggest

_MARKETS: Final = {Kind.SPOT: "spot markets", Kind.PERPETUAL: "perpetuals"}


class Listings:
    """The markets of a venue by symbol.

    Attributes:
        loader: what keeps them as the venue's lists tell.
    """

    def __init__(self, context: VenueContext) -> None:
        self.loader = InstrumentLoader(context)
        self._context = context

    def known(self, symbol: str) -> Instrument:
        """What the venue lists under that symbol, or has listed.

        Raises:
            InvalidSymbol: it lists nothing of that name.
        """
        instrument = self._context.instruments.get(symbol)
        if instrument is None:
            raise self.refusal(symbol)
        return instrument

    def not_traded(self, symbol: str) -> str:
        """What to say of a symbol that the venue does not trade, with what may be meant."""
        instruments = self._context.instruments
        if self.has_no_such(symbol):
            return f"has no {_MARKETS[kind_of(symbol)]}"
        if unlisted := self.loader.unlisted:
            why = "; ".join(f"{asked}: {reason}" for asked, reason in unlisted.items())
            return f"does not list {symbol} now; {why}"
        if plain := instruments.traded_as(symbol):
            return (
                f"trades {symbol} as {plain.multiplier} {plain.base} in one; its market is told "
                f"per {plain.base} here: write {plain.symbol}"
            )
        listed = [one.symbol for one in instruments if one.status is not Status.DELISTED]
        return f"does not trade {symbol}; {suggest(symbol, listed)}"

    def has_no_such(self, symbol: str) -> bool:
        """Whether the venue has no markets of that kind at all, so that none is missing."""
        try:
            return kind_of(symbol) not in self._context.venue.kinds
        except ValueError:  # no symbol at all
            return False

    def now(self, symbol: str) -> Instrument | None:
        """The market that the venue lists now under that symbol."""
        instrument = self._context.instruments.get(symbol)
        return None if instrument and instrument.status is Status.DELISTED else instrument

    def refusal(self, symbol: str) -> InvalidSymbol:
        """What to raise for a symbol that the venue does not trade."""
        return InvalidSymbol(self.not_traded(symbol), venue=self._context.venue.name, asked=symbol)
