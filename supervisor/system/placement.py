"""Which connection carries which topics of a venue; each connection is supervised."""

from collections.abc import Iterable, Mapping
from itertools import count
from math import inf
from typing import Final

import trio

from actors.venue.connection import Connection, Subscribe, Unsubscribe
from actors.venue.context import VenueContext
from exchanges.errors import CodecUsageError
from exchanges.market.instrument import Kind
from exchanges.market.topics import Topic
from exchanges.stream.facts import Stream
from supervisor.supervision.child import ChildSpec
from supervisor.supervision.policy import Parking, RestartLimit
from supervisor.supervision.supervise import Supervisor

# One that fails so often is parked by itself: a host that is down costs no other of the venue, and
# hears of us less and less often. Where a refusal asks for a minute each time, that is a quarter of
# an hour; one that works for two minutes at a time is never parked.
DOWN: Final = RestartLimit(restarts=10, window_s=1200.0)
PARKING: Final = Parking(probe_after_s=60.0, cap_s=600.0)


class Placement:
    """The connections of one venue; each takes as many topics as the venue allows.

    Attributes:
        context: the venue as they see it.
        crew: supervises them.
    """

    def __init__(self, context: VenueContext) -> None:
        self.crew = Supervisor(f"{context.venue.name} connections", jitter=context.chance.random)
        self.context = context
        self._connections: dict[str, Connection] = {}
        self._numbers = count(1)

    @property
    def frames(self) -> int:
        """Frames that all connections have received."""
        return sum(connection.frames for connection in self._connections.values())

    def stream_of(self, topic: Topic, kind: Kind) -> Stream:
        """The stream that has the topic.

        Raises:
            CodecUsageError: the venue streams no such thing of markets of that kind.
        """
        venue = self.context.venue
        if stream := venue.stream_for(kind, topic.channel, topic.interval):
            return stream
        interval = f" and {topic.interval}" if topic.interval else ""
        what = f"{topic.channel} of {kind} markets{interval}"
        raise CodecUsageError(f"{venue.name} streams no {what}")

    async def place(self, topic: Topic, stream: Stream) -> Connection:
        """Put the topic on a connection that has room, or on a new one."""
        for connection in self._connections.values():
            if connection.stream is stream and len(connection.topics) < stream.max_topics:
                connection.tell(Subscribe((topic,)))
                return connection
        connection = Connection(self.context, stream)
        connection.tell(Subscribe((topic,)))
        name = f"{stream.name} {next(self._numbers)}"
        self._connections[name] = connection
        spec = ChildSpec(
            name=name,
            run=connection.run,
            inspect=connection.inspect,
            wait_ready=False,
            tells_ready=True,
            start_s=inf,  # it bounds its own steps, and may have to wait for its turn
            limit=DOWN,
            parking=PARKING,
        )
        # Whoever is cancelled meanwhile must hear where the topic is, to take it away.
        with trio.CancelScope(shield=True):
            await self.crew.add(spec)
        return connection

    async def take_away(self, places: Mapping[Topic, Connection]) -> None:
        """End the topics, and the connections that carry nothing else."""
        for connection in distinct(places.values()):
            topics = [topic for topic, place in places.items() if place is connection]
            connection.tell(Unsubscribe(tuple(topics)))
        for name, connection in list(self._connections.items()):
            if not connection.topics:
                del self._connections[name]
                await self.crew.remove(name)


def distinct(connections: Iterable[Connection]) -> list[Connection]:
    """Each connection once, in an order that is the same in every run."""
    return list(dict.fromkeys(connections))
