"""What a configuration can find: which of its markets are compared with which."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations, groupby

from exchanges.market.instrument import Instrument, kind_of, split_symbol, unified_symbol
from supervisor.settings.config import Config


def markets_of(config: Config) -> list[Instrument]:
    """What would be watched, as far as names tell: of kinds that the venue has."""
    return [
        _named(name, symbol)
        for name in config.venues
        for symbol in config.symbols_of(name)
        if kind_of(symbol) in config.venue(name).kinds
    ]


def groups_of(config: Config) -> list[list[Instrument]]:
    """The markets that are compared with each other; of one that is not there is no group."""
    identity = config.identity()
    markets = sorted(markets_of(config), key=identity.group)
    groups = [list(group) for _, group in groupby(markets, key=identity.group)]
    return [group for group in groups if len(group) > 1]


def conversions_of(config: Config) -> list[str]:
    """The symbols whose rates the quotes that stand beside each other need."""
    quotes = {one.quote for one in markets_of(config)}
    return [
        unified_symbol(later, first)
        for family in config.quotes.families.values()
        for first, later in combinations([one for one in family if one in quotes], 2)
        if config.quotes.comparable
    ]


def idle_parts(config: Config) -> Iterator[str]:
    """What of a configuration is good for nothing, a line for each part."""
    watched = markets_of(config)
    for symbol in config.symbols:
        asked = [name for name, own in config.venues.items() if own.symbols is None]
        if asked and not any(one.symbol == symbol for one in watched):
            yield f"symbols: {symbol!r} is of a kind that none of these venues has: {_list(asked)}"
    compared = {(one.venue, one.symbol) for group in groups_of(config) for one in group}
    if not compared:
        yield f"no two markets can be compared with each other: {_list(map(str, watched))}"
        return
    for name in config.venues:
        own = [one for one in watched if one.venue == name]
        if not any((name, one.symbol) in compared for one in own):
            yield f"venues.{name}: nothing of it is compared: {_list(one.symbol for one in own)}"


def _named(venue: str, symbol: str) -> Instrument:
    base, quote, settle = split_symbol(symbol)
    return Instrument(
        venue=venue,
        symbol=symbol,
        native=symbol,
        kind=kind_of(symbol),
        base=base,
        quote=quote,
        settle=settle,
        tick=Decimal(1),
        step=Decimal(1),
    )


def _list(names: "Iterator[str] | list[str] | map[str]") -> str:
    return ", ".join(names) or "there are none"
