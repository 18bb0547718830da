"""Which markets trade the same asset."""

from collections.abc import Mapping
from enum import StrEnum

from exchanges.market.instrument import Instrument


class Comparable(StrEnum):
    """Which markets of one asset are compared with each other."""

    SAME_SYMBOL = "same-symbol"  # of one unified symbol
    SPOT_PERP = "spot-perp"  # also spot with perpetuals of the same base and quote


class AssetIdentity:
    """Says which markets are comparable.

    `assets` maps `venue:ASSET` to the asset's usual name, where the venue's own name of a unit of
    many (`1000CAT`) may stand for the asset. Equal tickers at two venues may be two
    assets, and a name says nothing of how many are one unit, so that the detector guards the ratio
    of the prices of mapped markets as well.
    """

    def __init__(self, assets: Mapping[str, str], comparable: Comparable) -> None:
        self._assets = assets
        self._comparable = comparable

    def group(self, instrument: Instrument) -> str:
        """Markets of one group are compared with each other."""
        base = self._assets.get(f"{instrument.venue}:{instrument.traded_as}")
        base = base or self._name(instrument, instrument.base)
        quote = self._name(instrument, instrument.quote)
        if self._comparable is Comparable.SPOT_PERP or not instrument.settle:
            return f"{base}/{quote}"
        return f"{base}/{quote}:{self._name(instrument, instrument.settle)}"

    def _name(self, instrument: Instrument, asset: str) -> str:
        return self._assets.get(f"{instrument.venue}:{asset}", asset)
