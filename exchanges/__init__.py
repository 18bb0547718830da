"""Everything that knows an exchange, as pure code: frames and bytes in, values out."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from exchanges.venue import Venue

_NAMES: Final = (
    "aster",
    "backpack",
    "binance",
    "bitfinex",
    "bybit",
    "coinbase",
    "gateio",
    "gateio_futures",
    "htx",
    "kraken",
    "kucoin",
    "lighter",
    "mexc",
    "okx",
    "paradex",
)


class _Venues(Mapping[str, Venue]):
    """Venue names and records; a venue's folder is imported when its record is first asked for."""

    def __getitem__(self, name: str) -> Venue:
        if name not in _NAMES:
            raise KeyError(name)
        venue = import_module(f"{__name__}.{name}").VENUE
        assert isinstance(venue, Venue)
        return venue

    def __contains__(self, name: object) -> bool:
        return name in _NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


VENUES: Final[Mapping[str, Venue]] = _Venues()

__all__ = ["VENUES", "Venue"]
