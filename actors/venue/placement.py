"""Which connection carries which topics of a venue."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import count

from actors.venue.connection import Connection, Subscribe, Unsubscribe
from actors.venue.context import VenueContext
from exchanges.market.topics import Topic
from exchanges.stream.facts import Stream


class Placement:
    """The connections of one venue; each takes as many topics as the venue allows.

    `start` is told the name of each new connection and must run it, `stop` the name of one that
    carries nothing any more.
    """

    def __init__(
        self,
        context: VenueContext,
        start: Callable[[str, Connection], Awaitable[None]],
        stop: Callable[[str], Awaitable[None]],
    ) -> None:
        self._context = context
        self._start = start
        self._stop = stop
        self._connections: dict[str, Connection] = {}
        self._numbers = count(1)

    @property
    def frames(self) -> int:
        """Frames that all connections have received."""
        return sum(connection.frames for connection in self._connections.values())

    async def place(self, topic: Topic, stream: Stream) -> Connection:
        """Put the topic on a connection that has room, or on a new one."""
        for connection in self._connections.values():
            if connection.stream is stream and len(connection.topics) < stream.max_topics:
                connection.tell(Subscribe((topic,)))
                return connection
        connection = Connection(self._context, stream)
        connection.tell(Subscribe((topic,)))
        name = f"{stream.name} {next(self._numbers)}"
        self._connections[name] = connection
        await self._start(name, connection)
        return connection

    async def take_away(self, places: Mapping[Topic, Connection]) -> None:
        """End the topics, and the connections that carry nothing else."""
        for connection in _distinct(places.values()):
            topics = [topic for topic, place in places.items() if place is connection]
            connection.tell(Unsubscribe(tuple(topics)))
        for name, connection in list(self._connections.items()):
            if not connection.topics:
                del self._connections[name]
                await self._stop(name)


def _distinct(connections: Iterable[Connection]) -> list[Connection]:
    """Each connection once, in an order that is the same in every run."""
    return list(dict.fromkeys(connections))
