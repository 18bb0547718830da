"""What the actors of one venue share."""

from collections.abc import Callable, Mapping
from itertools import count

import msgspec

from actors.book import BookInbox
from actors.clock import Clock
from actors.http import Chance, Gateway, HttpTap
from actors.hub import Hub
from actors.network import Network
from actors.recording import Direction
from actors.websocket import Transport
from exchanges.codec import Frame
from exchanges.events import StreamEvent
from exchanges.instrument import Instruments
from exchanges.limits import TokenBucket
from exchanges.venue import Venue

StreamTap = Callable[[str, Direction, str, Frame], None]
"""Told session, direction, URL and frame."""


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
