"""What the actors of one venue share."""

from collections.abc import Mapping
from itertools import count

import msgspec

from actors.books.keeper import BookInbox
from actors.edges.clock import Clock
from actors.edges.hub import Hub
from actors.edges.taps import HttpTap, StreamTap
from actors.network.network import Network
from actors.network.websocket import Transport
from actors.venue.gateway import Gateway
from exchanges.chance import Chance
from exchanges.limits import TokenBucket
from exchanges.market.events import StreamEvent
from exchanges.market.instrument import Instruments
from exchanges.venue import Venue


class VenueContext(msgspec.Struct, eq=False):
    """One venue as its actors see it.

    `books` are the inboxes of its books by symbol, `connects` its budget of new connections, and
    `sources` numbers its sessions.
    """

    venue: Venue
    endpoints: Mapping[str, str]
    network: Network
    gateway: Gateway
    clock: Clock
    chance: Chance
    instruments: Instruments
    books: dict[str, BookInbox]
    events: Hub[StreamEvent]
    transport: Transport
    connects: TokenBucket
    tap: StreamTap | None = None
    sources: "count[int]" = msgspec.field(default_factory=count)

    @classmethod
    def open(
        cls,
        venue: Venue,
        endpoints: Mapping[str, str],
        *,
        network: Network,
        clock: Clock,
        chance: Chance,
        events: Hub[StreamEvent],
        transport: Transport,
        stream_tap: StreamTap | None = None,
        http_tap: HttpTap | None = None,
    ) -> "VenueContext":
        """A venue of which nothing is known and nothing watched yet."""
        return cls(
            venue=venue,
            endpoints=endpoints,
            network=network,
            gateway=Gateway(venue, endpoints, network, clock, chance, http_tap),
            clock=clock,
            chance=chance,
            instruments=Instruments(),
            books={},
            events=events,
            transport=transport,
            connects=TokenBucket(venue.connects),
            tap=stream_tap,
        )
