"""What is wrong with a configuration that types alone do not show: all mistakes at once."""

from collections.abc import Iterator
from math import inf, isfinite
from typing import Final

from actors.detection.opportunity import DetectorSettings
from actors.detection.quotes import QuoteSettings
from actors.network.websocket import Transport, choose_transport
from exchanges import Venue
from exchanges.market.instrument import is_asset, kind_of, split_symbol
from exchanges.market.topics import Channel
from supervisor.settings.addresses import proxy_problems, where_problems
from supervisor.settings.assets import asset_problems
from supervisor.settings.config import Config, VenueConfig
from supervisor.settings.reader import ConfigError

NOTHING: Final = "nothing to watch; set it here or set symbols for all venues"


def check_config(config: Config) -> None:
    """Find what types alone do not show.

    Raises:
        ConfigError: what is wrong, one line for each mistake.
    """
    known, strangers = _venues_of(config)
    problems = [
        *_symbol_problems("symbols", config.symbols),
        *_channel_problems("channels", config.channels),
        *asset_problems(config.assets, known),
        *_quote_problems(config.quotes),
        *_detector_problems(config.detector),
        *_transport_problems(config.transport),
        *_proxy_problems("proxy", config.proxy),
    ]
    if not config.venues:
        problems.append("venues: none is configured; add a table such as [venues.binance]")
    for name, venue_config in config.venues.items():
        if name in known:
            problems += _venue_problems(known[name], venue_config, config)
    problems += strangers
    if problems:
        raise ConfigError(problems)


def check_detector(settings: DetectorSettings) -> None:
    """The same for the detector's settings alone.

    Raises:
        ConfigError: what is wrong, one line for each mistake.
    """
    if problems := list(_detector_problems(settings)):
        raise ConfigError(problems)


def _venues_of(config: Config) -> tuple[dict[str, Venue], list[str]]:
    """The venues that there are by name, and what is wrong with the others."""
    known: dict[str, Venue] = {}
    problems: list[str] = []
    for name in config.venues:
        try:
            venue = config.venue(name)
        except LookupError as error:
            problems.append(f"venues.{error.args[0]}")
        else:
            if venue.name == name:
                known[name] = venue
            else:
                problems.append(f"venues.{name}: is {venue.name!r}; write [venues.{venue.name}]")
    return known, problems


def _venue_problems(venue: Venue, own: VenueConfig, config: Config) -> Iterator[str]:
    path = f"venues.{venue.name}"
    yield from _symbol_problems(f"{path}.symbols", own.symbols or [])
    if not config.symbols_of(venue.name):
        yield f"{path}.symbols: {NOTHING}"
    yield from _channel_problems(f"{path}.channels", own.channels)
    for interval in own.klines:
        if interval not in venue.klines:
            yield (
                f"{path}.klines: {venue.title} has no candles of {interval.value!r}; "
                f"it has {', '.join(venue.klines)}"
            )
    for problem in where_problems(venue, own.environment, own.endpoints):
        yield f"{path}.{problem}"
    kinds = ", ".join(venue.kinds)
    for kind in own.fees:
        if kind not in venue.kinds:
            yield f"{path}.fees.{kind}: {venue.title} has no such markets; it has {kinds}"
    for symbol in own.symbols or []:
        if _is_symbol(symbol) and (kind := kind_of(symbol)) not in venue.kinds:
            yield f"{path}.symbols: {venue.title} has no {kind} markets: {symbol!r}; it has {kinds}"
    yield from _proxy_problems(f"{path}.proxy", own.proxy or "")


def _symbol_problems(path: str, symbols: list[str]) -> Iterator[str]:
    for index, symbol in enumerate(symbols):
        try:
            split_symbol(symbol)
        except ValueError as error:
            yield f"{path}[{index}]: {error}"
            continue
        if symbol.islower():
            yield f"{path}[{index}]: {symbol!r} does not fit: write {symbol.upper()!r}"
    for symbol in sorted({symbol for symbol in symbols if symbols.count(symbol) > 1}):
        yield f"{path}: {symbol!r} is listed more than once"


def _channel_problems(path: str, channels: list[Channel]) -> Iterator[str]:
    if Channel.KLINES in channels:
        setting = path.replace("channels", "klines")
        yield f'{path}: candles need intervals; write {setting} = ["1m"] in place of "klines"'


def _detector_problems(settings: DetectorSettings) -> Iterator[str]:
    path = "detector"
    for name in ("open_bps", "close_bps"):
        value = getattr(settings, name)
        if not isfinite(value):
            yield f"{path}.{name}: {value:g} does not fit: a number of basis points"
    if settings.close_bps > settings.open_bps:
        yield (
            f"{path}.close_bps: {settings.close_bps:g} is above open_bps = {settings.open_bps:g}; "
            "an opportunity would close as it opens"
        )
    for name in ("improve_bps", "min_notional", "min_profit"):
        value = getattr(settings, name)
        if not 0 <= value < inf:
            yield f"{path}.{name}: {value:g} does not fit: a number of at least 0"
    if not settings.max_age_s > 0:
        yield f"{path}.max_age_s: {settings.max_age_s:g} does not fit: seconds above 0, or inf"
    if not settings.max_ratio > 1:
        yield f"{path}.max_ratio: {settings.max_ratio:g} does not fit: a factor above 1"


def _quote_problems(settings: QuoteSettings) -> Iterator[str]:
    path = "quotes"
    seen: dict[str, str] = {}
    for name, members in settings.families.items():
        for asset in members:
            if not is_asset(asset):
                yield f"{path}.families.{name}: {asset!r} is no name of an asset"
            elif asset in seen:
                yield f"{path}.families.{name}: {asset!r} is a member of {seen[asset]!r} already"
            seen[asset] = name
    if not settings.max_age_s > 0:
        yield f"{path}.max_age_s: {settings.max_age_s:g} does not fit: seconds above 0, or inf"
    for setting in ("band_bps", "agree_bps"):
        if not 0 < (value := getattr(settings, setting)) < inf:
            yield f"{path}.{setting}: {value:g} does not fit: basis points above 0"


def _transport_problems(transport: Transport) -> Iterator[str]:
    try:
        choose_transport(transport)
    except ValueError as error:
        yield f"transport: {error}"


def _proxy_problems(path: str, url: str) -> Iterator[str]:
    for problem in proxy_problems(url) if url else ():
        yield f"{path}: {problem}"


def _is_symbol(symbol: str) -> bool:
    try:
        split_symbol(symbol)
    except ValueError:
        return False
    return True
