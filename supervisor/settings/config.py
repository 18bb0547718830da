"""The configuration: typed, checked as a whole, printable.

A file is TOML; `examples/live.toml` shows every setting.
"""

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from math import inf, isfinite
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from actors.detection.identity import Comparable
from actors.detection.opportunity import DetectorSettings
from actors.edges.secrets import redacted
from actors.network.websocket import Transport, choose_transport
from exchanges import Venue
from exchanges.market.instrument import Instrument, Kind, kind_of, split_symbol
from exchanges.market.topics import Channel, KlineInterval
from exchanges.market.units import Unit
from exchanges.venue import PRODUCTION, Fees
from supervisor.settings.addresses import endpoint_problems, proxy_problems
from supervisor.settings.assets import AssetUnit, asset_problems, names_of, units_of
from supervisor.settings.reader import ConfigError, read_rest, read_struct, suggest
from supervisor.settings.venues import find_venue

Wish = tuple[Channel, KlineInterval | None]
"""A channel, and for candles their interval."""

_NOTHING: Final = "nothing to watch; set it here or set symbols for all venues"

Bps = Annotated[float, Meta(ge=-100, le=1000)]


class FeeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What your account pays, in basis points of the traded value; negative is a rebate."""

    maker_bps: Bps
    taker_bps: Bps


class VenueConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One venue. `symbols` replaces the common list; `endpoints` replaces single URLs.

    A venue that is none of ours is found in its `module`, as `package.module:VENUE`.

    `fees` by kind of market (`spot`, `perpetual`) replace the venue's list prices.
    """

    module: str = ""
    symbols: list[str] | None = None
    channels: list[Channel] = []
    klines: list[KlineInterval] = []
    environment: str = PRODUCTION
    endpoints: dict[str, str] = {}
    fees: dict[Kind, FeeConfig] = {}
    proxy: str | None = None

    def __repr__(self) -> str:
        return redacted(super().__repr__())


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set.

    `symbols` are watched at every venue that trades them. `channels` names what is subscribed
    beside the books, `klines` the intervals of candles, where the venue has them. `assets` maps
    `venue:ASSET` to the asset's usual name, or to the asset of which it is so many. `refresh_s`
    is how often instrument lists are fetched again, `audit_s` how often a book of each venue is
    compared with a fetched one (0: never). A task that keeps all others waiting for `blocked_s` is
    told (0: never).
    """

    venues: dict[str, VenueConfig] = {}
    symbols: list[str] = []
    channels: list[Channel] = []
    klines: list[KlineInterval] = []
    comparable: Comparable = Comparable.SAME_SYMBOL
    assets: dict[str, str | AssetUnit] = {}
    detector: DetectorSettings = DetectorSettings()
    transport: Transport = Transport.AUTO
    proxy: str = ""
    refresh_s: Annotated[float, Meta(ge=10)] = 900.0
    audit_s: Annotated[float, Meta(ge=0)] = 60.0
    blocked_s: Annotated[float, Meta(ge=0)] = 0.1

    def __repr__(self) -> str:
        return redacted(super().__repr__())

    def venue(self, name: str) -> Venue:
        """The record of a configured venue.

        Raises:
            LookupError: there is none; says what would be right.
        """
        return find_venue(self.venues[name].module or name)

    def symbols_of(self, venue: str) -> list[str]:
        """What is watched at a venue."""
        own = self.venues[venue].symbols
        return self.symbols if own is None else own

    def wishes_of(self, venue: Venue) -> list[Wish]:
        """What is subscribed of each market at a venue, the book first."""
        own = self.venues[venue.name]
        channels = sorted({*self.channels, *own.channels} - {Channel.BOOK})
        intervals = {*self.klines, *own.klines} & set(venue.klines)
        return [
            (Channel.BOOK, None),
            *((channel, None) for channel in channels),
            *((Channel.KLINES, interval) for interval in venue.klines if interval in intervals),
        ]

    def endpoints_of(self, venue: Venue) -> dict[str, str]:
        """URL of each of the venue's endpoints."""
        own = self.venues[venue.name]
        return {**venue.endpoints[own.environment], **own.endpoints}

    @property
    def asset_names(self) -> dict[str, str]:
        """Usual names of assets, by `venue:ASSET`."""
        return names_of(self.assets)

    def units_of(self, venue: str) -> dict[str, Unit]:
        """What names of a venue's assets stand for, where they are many of another."""
        return units_of(self.assets, venue)

    def proxy_of(self, venue: str) -> str:
        own = self.venues[venue].proxy
        return self.proxy if own is None else own

    def fees_of(self, venue: Venue, instrument: Instrument) -> Fees:
        """Fees as fractions: yours if configured, else the instrument's, else the list price."""
        own = self.venues[venue.name].fees.get(instrument.kind)
        if own is not None:
            return Fees(_fraction(own.maker_bps), _fraction(own.taker_bps))
        listed = venue.fees[instrument.kind]
        return Fees(
            listed.maker if instrument.maker_fee is None else instrument.maker_fee,
            listed.taker if instrument.taker_fee is None else instrument.taker_fee,
        )


def load_config(path: str | Path) -> Config:
    """Read a configuration file; the venues that it names are imported, up to 40 ms each.

    Raises:
        OSError: it cannot be read.
        ConfigError: what is wrong with it, one line for each mistake.
    """
    try:
        data = tomllib.loads(Path(path).read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"not a TOML file: {error}"]) from error
    return read_config(data)


def read_config(data: dict[str, Any]) -> Config:
    """A configuration from plain data, checked.

    Raises:
        ConfigError: what is wrong with it, one line for each mistake.
    """
    try:
        config = read_struct(Config, data)
    except ConfigError as error:
        raise ConfigError([*error.problems, *_further_problems(data, error)]) from error
    check_config(config)
    return config


def _further_problems(data: dict[str, Any], error: ConfigError) -> Iterator[str]:
    """What is wrong beside values that do not fit; settings of their names are left out."""
    unread = {_setting(problem) for problem in error.problems}
    try:
        if rest := read_rest(Config, data):
            check_config(rest)
    except ConfigError as further:
        for problem in further.problems:
            if _setting(problem) not in unread and not problem.endswith(_NOTHING):
                yield problem


def _setting(problem: str) -> str:
    """The last part of the path that a problem begins with."""
    return problem.partition(":")[0].rpartition(".")[2].partition("[")[0]


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


def effective(config: Config) -> str:
    """The configuration with all defaults filled in and without secrets, as TOML."""
    import tomli_w

    return redacted(tomli_w.dumps(_without_none(msgspec.to_builtins(config))))


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
        yield f"{path}.symbols: {_NOTHING}"
    yield from _channel_problems(f"{path}.channels", own.channels)
    for interval in own.klines:
        if interval not in venue.klines:
            yield (
                f"{path}.klines: {venue.title} has no candles of {interval.value!r}; "
                f"it has {', '.join(venue.klines)}"
            )
    if own.environment not in venue.endpoints:
        yield (
            f"{path}.environment: {own.environment!r} is none of the venue's; "
            f"{suggest(own.environment, dict(venue.endpoints))}"
        )
    known = venue.endpoints[PRODUCTION]
    for name, url in own.endpoints.items():
        where = f"{path}.endpoints.{name}"
        if name not in known:
            yield f"{where}: no such endpoint; {suggest(name, dict(known))}"
        else:
            for problem in endpoint_problems(url, is_stream=known[name].startswith("ws")):
                yield f"{where}: {problem}"
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


def _fraction(bps: float) -> Decimal:
    return Decimal(repr(bps)) / 10_000


def _without_none(value: Any) -> Any:
    """TOML has no null: what is not set is left out."""
    if isinstance(value, dict):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    return value
