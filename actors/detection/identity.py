"""Which markets trade the same asset."""

from collections.abc import Mapping
from enum import StrEnum

from actors.detection.quotes import QuoteSettings
from exchanges.market.instrument import Instrument


class Comparable(StrEnum):
    """Which markets of one asset are compared with each other."""

    SAME_SYMBOL = "same-symbol"  # of one unified symbol
    SPOT_PERP = "spot-perp"  # also spot with perpetuals of the same base


class AssetIdentity:
    """Says which markets are comparable.

    `assets` maps `venue:ASSET` to the asset's usual name, where the venue's own name of a unit of
    many (`1000CAT`) may stand for the asset. Equal tickers at two venues may be two
    assets, and a name says nothing of how many are one unit, so that the detector guards the ratio
    of the prices of mapped markets as well. `quotes` says which quote assets stand for one
    currency: markets that are quoted, or settled, in members of one family are of one group.
    """

    def __init__(
        self,
        assets: Mapping[str, str],
        comparable: Comparable,
        quotes: QuoteSettings | None = None,
    ) -> None:
        self.quotes = quotes or QuoteSettings()
        self._assets = assets
        self._comparable = comparable

    def group(self, instrument: Instrument) -> str:
        """Markets of one group are compared with each other."""
        base = self._assets.get(f"{instrument.venue}:{instrument.traded_as}")
        base = base or self._name(instrument, instrument.base)
        quote = self.quotes.family(self.quote(instrument))
        if self._comparable is Comparable.SPOT_PERP or not instrument.settle:
            return f"{base}/{quote}"
        settle = self.quotes.family(self._name(instrument, instrument.settle))
        return f"{base}/{quote}:{settle}"

    def quote(self, instrument: Instrument) -> str:
        """What a market's prices are in; what is mapped to another asset counts as that one."""
        return self._name(instrument, instrument.quote)

    def _name(self, instrument: Instrument, asset: str) -> str:
        return self._assets.get(f"{instrument.venue}:{asset}", asset)
