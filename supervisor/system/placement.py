"""Which connection carries which topics of a venue; each connection is supervised."""

from collections.abc import Collection, Iterable
from itertools import count
from math import inf
from typing import Final

import trio

from actors.books.keeper import Commands
from actors.venue.commands import Refresh, Subscribe, Unsubscribe
from actors.venue.connection import Connection
from actors.venue.context import VenueContext
from exchanges.errors import CodecUsageError
from exchanges.market.instrument import Instrument
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

    It alone knows where a topic is open; how many a connection has, its own topics tell.

    Attributes:
        context: the venue as they see it.
        crew: supervises them.
    """

    def __init__(self, context: VenueContext) -> None:
        self.crew = Supervisor(f"{context.venue.name} connections", jitter=context.chance.random)
        self.context = context
        self._connections: dict[str, Connection] = {}
        self._places: dict[Topic, Connection] = {}
        self._numbers = count(1)

    @property
    def frames(self) -> int:
        """Frames that all connections have received."""
        return sum(connection.frames for connection in self._connections.values())

    @property
    def topics(self) -> Collection[Topic]:
        """What is open."""
        return self._places.keys()

    def topics_of(self, symbol: str) -> list[Topic]:
        """What is open of a market."""
        return [topic for topic in self._places if topic.symbol == symbol]

    def commands(self, topic: Topic) -> Commands:
        """Where the connection that carries the topic hears of a book that was found wrong."""
        return self._places[topic].tell

    def stream_of(self, topic: Topic, instrument: Instrument) -> Stream:
        """The stream that has a topic of the market.

        Raises:
            CodecUsageError: the venue streams no such thing of markets of its kind.
        """
        venue, kind = self.context.venue, instrument.kind
        if stream := venue.stream_for(kind, topic.channel, topic.interval):
            return stream
        interval = f" and {topic.interval}" if topic.interval else ""
        what = f"{topic.channel} of {kind} markets{interval}"
        raise CodecUsageError(f"{venue.name} streams no {what}")

    async def place(self, topic: Topic, instrument: Instrument) -> None:
        """Put the topic on a connection that has room, or on a new one.

        Raises:
            CodecUsageError: as `stream_of` does.
        """
        stream = self.stream_of(topic, instrument)
        for connection in self._connections.values():
            if connection.stream is stream and self._has_room(connection, instrument):
                connection.tell(Subscribe((topic,)))
                self._places[topic] = connection
                return
        connection = Connection(self.context, stream)
        connection.tell(Subscribe((topic,)))
        name = f"{stream.name} {next(self._numbers)}"
        self._connections[name] = connection
        self._places[topic] = connection
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
        # Whoever is cancelled meanwhile must not leave a connection behind that nobody runs.
        with trio.CancelScope(shield=True):
            await self.crew.add(spec)

    def _has_room(self, connection: Connection, instrument: Instrument) -> bool:
        """Frames of a book that two markets share do not tell which of them is meant."""
        if len(connection.topics) >= connection.stream.max_topics:
            return False
        there = {self.context.instruments.get(topic.symbol) for topic in connection.topics}
        return not any(one and one.is_twin_of(instrument) for one in there)

    def refresh(self, instrument: Instrument) -> None:
        """Use new rules of an instrument whose unit is the same, in all that is open of it."""
        connections = [self._places[topic] for topic in self.topics_of(instrument.symbol)]
        for connection in dict.fromkeys(connections):
            connection.tell(Refresh(instrument))

    async def take_away(self, topics: Iterable[Topic]) -> None:
        """End the topics, and the connections that carry nothing else."""
        ended: dict[Connection, list[Topic]] = {}
        for topic in topics:
            ended.setdefault(self._places.pop(topic), []).append(topic)
        for connection, its_topics in ended.items():
            connection.tell(Unsubscribe(tuple(its_topics)))
        for name, connection in list(self._connections.items()):
            if not connection.topics:
                del self._connections[name]
                await self.crew.remove(name)
