"""The record of a venue: facts as data, and the surfaces that its folder fills in.

What differs between venues is a field here or code in the venue's folder; no shared module
contains a venue's name.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Final

import msgspec

from exchanges.limits import Rate
from exchanges.market.events import Level
from exchanges.market.instrument import Instrument, Instruments, Kind, unified_symbol
from exchanges.market.native import ReadNative
from exchanges.market.topics import Channel, KlineInterval
from exchanges.market.units import Unit
from exchanges.rest.public import PublicRest
from exchanges.stream.allowance import Allowance
from exchanges.stream.books import MarketCodec, MarketWire
from exchanges.stream.facts import Stream

if TYPE_CHECKING:  # a venue's sandbox is loaded when one is started
    from exchanges.sandbox.venue import SandboxVenue

PRODUCTION: Final = "production"

CONNECTS: Final = Rate(30, 60.0)
"""New sockets where a venue documents no rate of them; those that do allow more."""

# Where a market's rules are unknown (a recording without an instrument list) nothing is rounded.
_FINEST: Final = Decimal("1e-18")


class Fees(msgspec.Struct, frozen=True):
    """List price of trading, as fractions; an account's own fees belong in the configuration."""

    maker: Decimal
    taker: Decimal


class Venue(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One exchange.

    `endpoints` maps an environment (`production`, `testnet`) to the base URL of each endpoint;
    `Request.endpoint` and `Stream.name` are its keys. `buckets` are the request limits that
    `Request.costs` refers to, `connects` limits new sockets. A ban stops all of it where the venue
    `bans_addresses`: met by a request it stops handshakes, and the other way round; False where it
    is known to refuse only what was too much. `integrity` says for each kind of
    market what proves its book, and `assets` gives the usual name of an asset that the venue calls
    differently. `recorded_as` says under which names recordings list markets of which kind, where
    it is not the first kind of `fees` under the venue's own.
    """

    title: str
    source: str
    rest: PublicRest
    streams: tuple[Stream, ...]
    wire: type[MarketWire]
    endpoints: Mapping[str, Mapping[str, str]]
    headers: Mapping[str, tuple[tuple[str, str], ...]] = {}
    """What every request says in an environment, where its host alone does not tell it."""
    aliases: Mapping[str, tuple[str, ...]] = {}
    """Other base URLs of production endpoints, which clients of other makes use."""
    buckets: Mapping[str, Rate]
    connects: Rate = CONNECTS
    bans_addresses: bool = True
    fees: Mapping[Kind, Fees]
    integrity: Mapping[Kind, str]
    recorded_as: Mapping[str, Kind] = {}
    read_native: ReadNative
    sandbox_at: str
    """Where the class of the venue's server side is, as `package.module:Name`."""
    assets: Mapping[str, str] = {}
    checksum: Callable[[Instrument, list[Level], list[Level]], int | None] | None = None
    """The venue's checksum over the best levels of both sides, where its frames carry one; None
    of levels whose digits on the wire cannot be told."""
    start_limit: int = 0
    """Levels a side that a fetched start of a book is limited to, where the stream goes on with
    the changes of deeper levels as well (0: nothing is missing from a start)."""

    @property
    def name(self) -> str:
        """What configurations, logs and events call the venue."""
        return self.rest.venue

    def __post_init__(self) -> None:
        scaled = [kind for kind, surface in self.rest.surfaces.items() if surface.units]
        if self.checksum and scaled:
            raise ValueError(
                f"{self.name}: its checksum is over the numbers of its frames, which are gone "
                f"where {scaled[0]} markets are told per base unit"
            )

    def sandbox(self) -> "type[SandboxVenue]":
        """The venue's server side, which is imported when one is started."""
        module, _, name = self.sandbox_at.partition(":")
        found: type[SandboxVenue] = getattr(import_module(module), name)
        return found

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of market whose books can be watched; recordings may hold quotes of others."""
        return tuple(kind for kind in self.fees if self.stream_for(kind, Channel.BOOK))

    @property
    def klines(self) -> tuple[KlineInterval, ...]:
        """The candles that some kind of market has, shortest first."""
        surfaces = self.rest.surfaces.values()
        found = {one for each in surfaces if each.klines for one in each.klines.intervals}
        return tuple(sorted(found, key=lambda interval: interval.seconds))

    @property
    def recorded(self) -> Mapping[str, Kind]:
        """Under which names recordings list the venue's markets, and of which kind."""
        return {self.name: next(iter(self.fees)), **self.recorded_as}

    def stream_for(
        self, kind: Kind, channel: Channel, interval: KlineInterval | None = None
    ) -> Stream | None:
        """The stream that carries a channel of a kind of market, if the venue has it.

        `interval` is that of the candles, if these are wanted and it matters.
        """
        for stream in self.streams:
            has_interval = not interval or not stream.klines or interval in stream.klines
            if kind in stream.kinds and channel in stream.channels and has_interval:
                return stream
        return None

    def codec(
        self,
        stream: Stream,
        instruments: Instruments,
        *,
        listening: bool = False,
        allowance: Allowance | None = None,
    ) -> MarketCodec:
        """The client's side of a connection; `listening` reads what others asked for.

        `allowance` is shared by connections that the venue counts together.
        """
        wire = self.wire(stream, instruments, listening=listening)
        return MarketCodec(wire, self.rest.errors, self.rest.book, allowance)

    def guess(self, kind: Kind, native: str) -> Instrument | None:
        """An instrument made from its name alone, for recordings without an instrument list."""
        assets = self.read_native(kind, native)
        if assets is None:
            return None
        base, quote, settle = (self.assets.get(asset, asset) for asset in assets)
        named = Instrument(
            venue=self.name,
            symbol=unified_symbol(base, quote, settle),
            native=native,
            kind=kind,
            base=base,
            quote=quote,
            settle=settle,
            tick=_FINEST,
            step=_FINEST,
        )
        return named.per_base_of(self.rest.unit(kind, base))


class GuessedInstruments(Instruments):
    """Instruments that are made from their native names when they are first met."""

    def __init__(
        self,
        venue: Venue,
        instruments: Iterable[Instrument] = (),
        units: Mapping[str, Unit] | None = None,
    ) -> None:
        super().__init__(instruments, units)
        self._venue = venue

    def native(self, kind: Kind, name: str) -> Instrument | None:
        instrument = super().native(kind, name)
        if instrument is None and (guess := self._venue.guess(kind, name)):
            self.add(guess)
            return super().native(kind, name)
        return instrument
