"""A codec and a sandbox that talk to each other without anything in between.

For measurements and tests of both ends of a protocol: no sockets, no tasks, and time is whatever
the caller says it is.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from exchanges.market.events import BookSnapshot, StreamEvent
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Topic
from exchanges.replies.response import Response
from exchanges.rest.request import Request
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.session import Outgoing
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.books import MarketCodec
from exchanges.stream.facts import Stream
from exchanges.stream.wire import Frame
from exchanges.venue import Venue

T = TypeVar("T")

Line = Callable[[Iterable[Outgoing]], list[Frame]]
"""What becomes of the server's frames on their way to the client."""


def clear_line(outgoing: Iterable[Outgoing]) -> list[Frame]:
    """Nothing is lost or changed."""
    return [one.frame for one in outgoing]


def answer(sandbox: SandboxVenue, request: Request[T], now_ns: int) -> Response:
    """What the sandbox answers to a request."""
    parts = urlsplit(request.at(now_ns).target)
    reply = sandbox.answer(
        SandboxRequest(
            endpoint=request.endpoint,
            method=request.method,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            body=request.body,
            now_ns=now_ns,
        )
    )
    return Response(
        status=reply.status, body=reply.body, headers=dict(reply.headers), received_ns=now_ns
    )


class Dialogue:
    """One stream connection between the client's and the server's side of a venue.

    The client knows the markets of the sandbox as they are, unless it is given `instruments`.

    Attributes:
        codec, session: both ends.
        sandbox: the server.
        now_ns: the time, which `pass_time` moves on.
    """

    def __init__(
        self,
        venue: Venue,
        sandbox: SandboxVenue,
        stream: Stream,
        now_ns: int,
        line: Line = clear_line,
        instruments: Iterable[Instrument] | None = None,
    ) -> None:
        if instruments is None:
            instruments = [market.instrument for market in sandbox.markets.values()]
        self.codec: MarketCodec = venue.codec(stream, Instruments(instruments))
        self.session = sandbox.open_session(stream.name)
        self.sandbox = sandbox
        self.now_ns = now_ns
        self._start_ns = now_ns
        self._line = line
        self._told: list[StreamEvent] = []
        self.session.greet(now_ns)

    @property
    def now_s(self) -> float:
        """Seconds since the beginning."""
        return (self.now_ns - self._start_ns) / NS_PER_S

    def subscribe(self, topics: Iterable[Topic]) -> list[StreamEvent]:
        """Ask for topics, and let both sides talk until neither has more to say."""
        self.codec.subscribe(topics)
        return self.talk()

    def pass_time(self, step_ns: int) -> list[StreamEvent]:
        """Let the markets live on for a while, then let both sides talk."""
        self.now_ns += step_ns
        self.sandbox.step(self.now_ns)
        return self.talk()

    def talk(self) -> list[StreamEvent]:
        """Carry frames and requests to and fro until all is quiet; what the client learned.

        Raises:
            VenueProtocolError: the client could not read a frame.
        """
        self.take(self.codec.expire(self.now_s, self.now_ns))
        while True:
            sent = self.codec.outgoing(self.now_s)
            for frame in sent:
                self.send(frame)
            received = self._line(self.session.take())
            for frame in received:
                self.hear(frame)
            requests = self.codec.requests(self.now_s)
            for request in requests:
                self.fetch(request)
            if not (sent or received or requests):
                told, self._told = self._told, []
                return told

    # What a dialogue of another kind does in another way.

    def send(self, frame: Frame) -> None:
        """Let the server have a frame of the client."""
        self.session.receive(frame, self.now_ns)

    def hear(self, frame: Frame) -> None:
        """Let the client read a frame of the server."""
        self.take(self.codec.receive(frame, self.now_ns))

    def fetch(self, request: Request[BookSnapshot]) -> None:
        """Ask for the start of a book."""
        response = answer(self.sandbox, request, self.now_ns)
        self.take(self.codec.answer(request, request.read(response)))

    def take(self, events: Sequence[StreamEvent]) -> None:
        """What the client has learned."""
        self._told += events
