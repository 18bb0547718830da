"""The configuration: all settings with their types and defaults, and what follows from them.

A file is TOML; `examples/live.toml` shows every setting.
"""

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings
from actors.detection.quotes import QuoteSettings
from actors.edges.secrets import redacted
from actors.network.websocket import Transport
from actors.venue.gateway import Headers
from exchanges import Venue
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import Channel, KlineInterval
from exchanges.market.units import Unit
from exchanges.venue import PRODUCTION, Fees
from supervisor.settings.assets import AssetUnit, names_of, units_of
from supervisor.settings.venues import find_venue

Wish = tuple[Channel, KlineInterval | None]
"""A channel, and for candles their interval."""

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
    quotes: QuoteSettings = msgspec.field(default_factory=QuoteSettings)
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

    def identity(self, comparable: Comparable | None = None) -> AssetIdentity:
        """Which markets are compared, by this configuration or by another rule of comparison."""
        return AssetIdentity(self.asset_names, comparable or self.comparable, self.quotes)

    def headers_of(self, venue: Venue) -> Headers:
        """What each request to the venue says in its environment."""
        return venue.headers.get(self.venues[venue.name].environment, ())

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


def effective(config: Config) -> str:
    """The configuration with all defaults filled in and without secrets, as TOML."""
    import tomli_w

    return redacted(tomli_w.dumps(_without_none(msgspec.to_builtins(config))))


def _fraction(bps: float) -> Decimal:
    return Decimal(repr(bps)) / 10_000


def _without_none(value: Any) -> Any:
    """TOML has no null: what is not set is left out."""
    if isinstance(value, dict):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    return value
