"""Whatever a client says to a sandbox, it is answered, and nobody else notices."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any, Final

import pytest
from hypothesis import Phase, given, settings

from exchanges import VENUES
from exchanges.errors import CodecUsageError, ExchangeError
from exchanges.market.topics import Channel, KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.request import Request
from exchanges.sandbox.request import SandboxReply, SandboxRequest
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.facts import Stream
from exchanges.stream.wire import Frame
from supervisor.verify.lab import START_NS, STEP_NS, Lab, instruments_of, open_sandbox, topics_of
from tests.exchanges.nonsense import NUMBERS, TEXTS, chances, each_spoiled, nonsense, spoiled, text
from tests.exchanges.transcripts import PRESENT

every_venue = pytest.mark.parametrize("name", PRESENT)
# One sandbox hears all examples, so that a smaller one may not fail alone.
few = settings(max_examples=40, phases=[Phase.generate])

WORDS: Final = [str(value) for value in [*NUMBERS, *TEXTS]]
STREAMS: Final = [(name, stream) for name in PRESENT for stream in VENUES[name].streams]
every_stream = pytest.mark.parametrize(
    ("name", "stream"), STREAMS, ids=[f"{name} {stream.name}" for name, stream in STREAMS]
)


# Sockets.


class Stranger:
    """A client whose frames make no sense, at the server of one that behaves.

    Attributes:
        lab: the client that behaves: its books are live.
        session: the stranger's.
        requests: what a client that behaves sends.
    """

    def __init__(self, name: str, stream: Stream) -> None:
        venue = VENUES[name]
        self.requests = requests_of(name, stream)
        neighbour = stream if Channel.BOOK in stream.channels else book_stream(name)
        self.lab = Lab.open(venue, neighbour, {Channel.BOOK})
        self.lab.sandbox.is_lax = True
        self.lab.settle()
        self.session = self.lab.sandbox.open_session(stream.name)
        self.session.greet(self.lab.now_ns)

    def say(self, frame: Frame) -> None:
        if not self.session.goodbye:
            self.session.receive(frame, self.lab.now_ns)
        self.check_heard()

    def check_heard(self) -> None:
        """What the server tells the stranger can be sent."""
        for outgoing in self.session.take():
            frame = outgoing.frame
            assert frame.encode() if isinstance(frame, str) else isinstance(frame, bytes)

    def check_others(self) -> None:
        """The client that behaves has its books, and the stranger's streams do no harm."""
        self.lab.run(1.5)
        self.check_heard()
        self.lab.expect_books_are_now()
        assert not self.lab.lost()


def word(chance: Random) -> str:
    """A bad value, or any text."""
    return chance.choice(WORDS) if chance.random() < 0.5 else text(chance, 20)


def book_stream(name: str) -> Stream:
    return next(one for one in VENUES[name].streams if Channel.BOOK in one.channels)


def requests_of(name: str, stream: Stream) -> list[Frame]:
    """What our client sends when it asks for everything, and when it leaves it again."""
    lab = Lab.open(VENUES[name], stream)
    lab.run(2)
    lab.codec.unsubscribe(topics_of(stream, lab.sandbox))
    lab.run(2)
    told = {frame: None for _, frame in lab.sent}
    return list(told)


def as_carried(frame: Frame) -> Frame:
    """A text frame is UTF-8 on its way: there are no lone surrogates in it."""
    return frame if isinstance(frame, bytes) else frame.encode(errors="replace").decode()


def one_of_a_kind(frames: list[Frame]) -> list[Frame]:
    """The first and the last: a subscription and its end."""
    return [frames[0], frames[-1]]


@every_stream
def test_nonsense_ends_no_sandbox(name: str, stream: Stream) -> None:
    stranger = Stranger(name, stream)

    @few
    @given(chances)
    def say(chance: Random) -> None:
        request = chance.choice(stranger.requests)
        frame = spoiled(request, chance) if chance.random() < 0.5 else nonsense(chance)
        stranger.say(as_carried(frame))

    say()
    for request in one_of_a_kind(stranger.requests):
        for frame in each_spoiled(request):
            stranger.say(as_carried(frame))
    stranger.check_others()


@every_stream
def test_nonsense_is_answered_or_ends_the_connection(name: str, stream: Stream) -> None:
    session = open_sandbox(VENUES[name]).open_session(stream.name)
    session.greet(START_NS)
    session.take()
    session.receive("not a request", START_NS)
    assert session.take() or session.goodbye


# Requests.


class Query(dict[str, str]):
    """Parameters of a client, and a bad value for any that it does not name."""

    def __init__(self, named: dict[str, str], other: str) -> None:
        super().__init__(named)
        self._other = other

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return self._other

    def get(self, name: str, default: Any = None) -> Any:
        return self[name]


def asked_of(name: str, sandbox: SandboxVenue) -> list[Request[Any]]:
    """Everything that our client can ask, of a market of each kind."""
    rest = VENUES[name].rest
    of_kinds = {one.kind: one for one in instruments_of(VENUES[name], sandbox)}
    asked: list[Request[Any]] = [*rest.instruments(), rest.server_time(), rest.ping()]
    intervals = rest.funding_intervals()
    asked += [intervals] if intervals else []
    for one in of_kinds.values():
        wishes: list[Callable[[], Request[Any]]] = [
            partial(rest.book, one),
            partial(rest.trades, one),
            partial(rest.ticker, one),
            partial(rest.tickers, one.kind, lambda *_: None),
            partial(rest.klines, one, KlineInterval.M1),
            partial(rest.funding, one),
            partial(rest.funding_history, one),
            partial(rest.mark_price, one),
            partial(rest.open_interest, one),
        ]
        for wish in wishes:
            with suppress(CodecUsageError):  # the venue has no such request
                asked.append(wish())
    return [request.at(START_NS) for request in asked]


def ask(
    sandbox: SandboxVenue,
    request: Request[Any],
    query: dict[str, str] | None = None,
    path: str = "",
    method: str = "GET",
    body: bytes = b"",
) -> None:
    """What answers is a reply that our client can read, or that tells it what is wrong."""
    reply = sandbox.answer(
        SandboxRequest(
            endpoint=request.endpoint,
            method=method,
            path=path or request.path,
            query=dict(request.query) if query is None else query,
            body=body,
            now_ns=START_NS,
        )
    )
    assert isinstance(reply, SandboxReply)
    assert isinstance(reply.body, bytes)
    assert 200 <= reply.status < 600
    response = Response(status=reply.status, body=reply.body, received_ns=START_NS)
    with suppress(ExchangeError):
        request.read(response)


def each_spoiled_query(request: Request[Any]) -> Iterator[dict[str, str]]:
    """The parameters with each left out, and each of bad value; and others of bad value."""
    named = dict(request.query)
    for parameter in named:
        yield {key: value for key, value in named.items() if key != parameter}
        for word in WORDS:
            yield {**named, parameter: word}
    for word in WORDS:
        yield Query(named, word)
    yield {}


def each_spoiled_path(request: Request[Any]) -> Iterator[str]:
    """The path with each of its parts in turn replaced by each bad value."""
    parts = request.path.split("/")
    for index in range(1, len(parts)):
        for word in WORDS:
            yield "/".join([*parts[:index], word, *parts[index + 1 :]])


@every_venue
def test_bad_value_in_any_place_of_a_query_is_answered(name: str) -> None:
    sandbox = open_sandbox(VENUES[name])
    for request in asked_of(name, sandbox):
        ask(sandbox, request)
        for query in each_spoiled_query(request):
            ask(sandbox, request, query)
        for path in each_spoiled_path(request):
            ask(sandbox, request, path=path)


@every_venue
def test_any_request_is_answered(name: str) -> None:
    sandbox = open_sandbox(VENUES[name])
    asked = asked_of(name, sandbox)

    @few
    @given(chances)
    def say(chance: Random) -> None:
        request = chance.choice(asked)
        names = [*dict(request.query), "limit", "symbol", text(chance, 8)]
        others = {chance.choice(names): word(chance) for _ in range(chance.randint(0, 4))}
        path = request.path + chance.choice(["", "/", "//", word(chance)])
        method = chance.choice(["GET", "HEAD", "POST", "DELETE", "NOPE"])
        body = chance.randbytes(chance.randint(0, 50))
        ask(sandbox, request, dict(request.query) | others, path, method, body)

    say()
    sandbox.step(START_NS + STEP_NS)
