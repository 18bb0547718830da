"""A codec and a sandbox that talk to each other without anything in between.

For measurements and tests of both ends of a protocol: no sockets, no tasks, and time is whatever
the caller says it is.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from exchanges.market.events import StreamEvent
from exchanges.market.instrument import Instruments
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Topic
from exchanges.rest.request import Request, Response
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

    Attributes:
        codec, session: both ends.
        now_ns: the time, which `pass_time` moves on.
    """

    def __init__(
        self,
        venue: Venue,
        sandbox: SandboxVenue,
        stream: Stream,
        now_ns: int,
        line: Line = clear_line,
    ) -> None:
        instruments = Instruments(market.instrument for market in sandbox.markets.values())
        self.codec: MarketCodec = venue.codec(stream, instruments)
        self.session = sandbox.open_session(stream.name)
        self.now_ns = now_ns
        self._sandbox = sandbox
        self._line = line
        sandbox.sessions.add(self.session)
        self.session.greet(now_ns)

    def subscribe(self, topics: Iterable[Topic]) -> list[StreamEvent]:
        """Ask for topics, and let both sides talk until neither has more to say."""
        self.codec.subscribe(topics)
        return self.talk()

    def pass_time(self, step_ns: int) -> list[StreamEvent]:
        """Let the markets live on for a while, then let both sides talk."""
        self.now_ns += step_ns
        self._sandbox.step(self.now_ns)
        return self.talk()

    def talk(self) -> list[StreamEvent]:
        """Carry frames and requests to and fro until all is quiet; what the client learned.

        Raises:
            VenueProtocolError: the client could not read a frame.
        """
        now_s = self.now_ns / NS_PER_S
        events = list(self.codec.expire(now_s, self.now_ns))
        while True:
            sent = self.codec.outgoing(now_s)
            for frame in sent:
                self.session.receive(frame, self.now_ns)
            received = self._line(self.session.take())
            for frame in received:
                events += self.codec.receive(frame, self.now_ns)
            requests = self.codec.requests(now_s)
            for request in requests:
                response = answer(self._sandbox, request, self.now_ns)
                events += self.codec.answer(request, request.read(response))
            if not (sent or received or requests):
                return events
