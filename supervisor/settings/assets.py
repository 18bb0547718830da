"""What a configuration says of assets: their usual names, and how many are traded as one."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from exchanges import VENUES, Venue
from exchanges.market.instrument import is_asset
from exchanges.market.units import Unit, is_multiplier
from supervisor.settings.reader import suggest


class AssetUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A venue's asset that is so many of another; its markets are told per unit of that one.

    `factor` is a power of ten.
    """

    asset: str
    factor: int


Assets = Mapping[str, str | AssetUnit]
"""By `venue:ASSET`: the asset's usual name, or the asset of which it is so many."""

_NO_ASSET: Final = 'is no asset; write its name without / and : and blanks, such as "SATS"'


def names_of(assets: Assets) -> dict[str, str]:
    """Usual names, by `venue:ASSET`."""
    return {key: name for key, name in assets.items() if isinstance(name, str)}


def units_of(assets: Assets, venue: str) -> dict[str, Unit]:
    """What names of a venue's assets stand for."""
    found: dict[str, Unit] = {}
    for key, meant in assets.items():
        at, _, name = key.partition(":")
        if at == venue and isinstance(meant, AssetUnit):
            found[name] = Unit(meant.asset, meant.factor)
    return found


def asset_problems(assets: Assets, own: Mapping[str, Venue]) -> Iterator[str]:
    """What is wrong with them, a line for each mistake; `own` are the venues configured."""
    venues = {**own, **{name: None for name in VENUES if name not in own}}
    for key, meant in assets.items():
        path = f"assets.{key}"
        venue, separator, asset = key.partition(":")
        if not separator or not asset:
            yield f'{path}: write the key as venue:ASSET, such as "mexc:GAS"'
        elif venue not in venues:
            yield f"{path}: no such venue; {suggest(venue, venues)}"
        elif not is_asset(asset):
            yield f"{path}: {asset!r} {_NO_ASSET}"
        elif isinstance(meant, AssetUnit):
            yield from _unit_problems(path, venues[venue] or VENUES[venue], meant)
            if isinstance(assets.get(f"{venue}:{meant.asset}"), AssetUnit):
                yield (
                    f"{path}.asset: {meant.asset!r} is itself many of another; "
                    "write the plain asset"
                )
        elif not meant:
            yield f"{path}: is empty; write the asset's usual name"
        elif not is_asset(meant):
            yield f"{path}: {meant!r} {_NO_ASSET}"


def _unit_problems(path: str, venue: Venue, unit: AssetUnit) -> Iterator[str]:
    if not unit.asset:
        yield f'{path}.asset: is empty; write the plain asset, such as "SATS"'
    elif not is_asset(unit.asset):
        yield f"{path}.asset: {unit.asset!r} {_NO_ASSET}"
    if unit.factor < 10 or not is_multiplier(unit.factor):
        yield (
            f"{path}.factor: {unit.factor} does not fit: how many are traded as one, "
            "a power of ten from 10 to 10^9, such as 1000"
        )
    if venue.checksum:
        yield (
            f"{path}: {venue.title} proves its books by a checksum over its own numbers, "
            "which no factor may change; give the asset a name alone"
        )
