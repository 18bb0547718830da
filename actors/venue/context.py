"""What the actors of one venue share."""

from collections.abc import Iterator, Mapping
from itertools import count

import msgspec

from actors.books.keeper import BookInbox
from actors.edges.clock import Clock
from actors.edges.hub import Hub
from actors.edges.taps import HttpTap, StreamTap, harmless
from actors.network.network import Network
from actors.network.websocket import Transport
from actors.venue.budget import Budget
from actors.venue.budgets import budget_of
from actors.venue.clock import VenueClock
from actors.venue.gateway import Gateway, Headers
from actors.venue.openness import Openness
from exchanges.chance import Chance
from exchanges.market.events import StreamEvent
from exchanges.market.instrument import Instruments
from exchanges.market.units import Unit
from exchanges.venue import Venue


class Injected(msgspec.Struct, frozen=True, kw_only=True):
    """What a system is given from outside, so that it may run in virtual time and be heard."""

    network: Network
    clock: Clock
    chance: Chance
    transport: Transport = Transport.AUTO
    stream_tap: StreamTap | None = None
    http_tap: HttpTap | None = None


class VenueContext(msgspec.Struct, eq=False):
    """One venue as its actors see it.

    `budget` is what the venue allows our address, shared with whoever else comes from there.
    `inboxes` are those of its books' actors by symbol, kept by whoever starts and stops these.
    `venue_clock` is its clock against ours, `openness` whether it takes orders, and `sources`
    numbers its sessions. `taken` are the URLs of streams, by name, that the venue has taken, as
    some can be asked for in several ways.
    """

    venue: Venue
    endpoints: Mapping[str, str]
    network: Network
    budget: Budget
    gateway: Gateway
    clock: Clock
    chance: Chance
    events: Hub[StreamEvent]
    transport: Transport
    tap: StreamTap | None = None
    venue_clock: VenueClock = msgspec.field(default_factory=VenueClock)
    openness: Openness = msgspec.field(default_factory=Openness)
    instruments: Instruments = msgspec.field(default_factory=Instruments)
    inboxes: dict[str, BookInbox] = {}
    sources: Iterator[int] = msgspec.field(default_factory=count)
    taken: dict[str, str] = {}

    @classmethod
    def open(
        cls,
        venue: Venue,
        endpoints: Mapping[str, str],
        events: Hub[StreamEvent],
        given: Injected,
        units: Mapping[str, Unit] | None = None,
        headers: Headers = (),
    ) -> "VenueContext":
        """A venue of which nothing is known and nothing watched yet.

        `units` are what the user knows of its assets, as in `Instruments`, and `headers` what each
        request says beside its own, as in `Venue.headers`.
        """
        budget = budget_of(venue, endpoints, given.network)
        return cls(
            venue=venue,
            endpoints=endpoints,
            network=given.network,
            budget=budget,
            gateway=Gateway(
                venue,
                endpoints,
                given.network,
                given.clock,
                given.chance,
                budget,
                given.http_tap,
                headers,
            ),
            clock=given.clock,
            chance=given.chance,
            events=events,
            transport=given.transport,
            tap=harmless(given.stream_tap, venue.name) if given.stream_tap else None,
            instruments=Instruments(units=units),
        )
