"""Sockets whose URL must say how they talk: the best way that the venue serves is found."""

import pytest
import trio
from trio.testing import MockClock

from actors.network.websocket import HandshakeRefused
from actors.venue.context import VenueContext
from actors.venue.session import Session
from exchanges import VENUES
from exchanges.market.topics import Channel, Topic
from exchanges.stream.facts import Stream
from tests.actors.sandbox.sandboxes import sandboxes, venue_context
from tests.actors.sandbox.strangers import Stranger
from tests.exchanges.transcripts import PRESENT

STREAMS = [
    (name, stream) for name in PRESENT for stream in VENUES[name].streams if stream.parameters
]
every_stream = pytest.mark.parametrize(
    ("name", "stream"), STREAMS, ids=[f"{name} {stream.name}" for name, stream in STREAMS]
)
BASE = "wss://venue.example/v1"


def of_paradex() -> Stream:
    return VENUES["paradex"].streams[0]


async def connected(context: VenueContext, stream: Stream, nursery: trio.Nursery) -> Session:
    session = Session(context, stream, [], is_primary=True)
    await nursery.start(session.run)
    return session


def test_url_carries_what_the_stream_must_and_nothing_else() -> None:
    best, other = of_paradex().urls(BASE)
    assert best == f"{BASE}?sbeSchemaId=1&sbeSchemaVersion=2"
    assert other == f"{BASE}?sbeSchemaId=1&sbeSchemaVersion=1"
    assert of_paradex().urls(BASE, taken=other) == [other, best]
    assert of_paradex().urls(f"{BASE}?of=its own") == [f"{BASE}?of=its own"]
    assert VENUES["okx"].streams[0].urls(BASE) == [BASE]


@every_stream
async def test_paradex_c1_best_parameters_that_are_served_are_found_and_remembered(
    name: str, stream: Stream, autojump_clock: MockClock
) -> None:
    async with venue_context(name) as (context, server), trio.open_nursery() as nursery:
        for unserved, expected in (
            ((), stream.parameters[0]),
            (stream.parameters[:-1], stream.parameters[-1]),
            ((), stream.parameters[-1]),  # what was taken last goes first
        ):
            server.venue.unserved = set(unserved)
            session = await connected(context, stream, nursery)
            assert server.venue.sessions[-1].parameters == expected
            session.retire()
            await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()


@every_stream
async def test_paradex_c1_each_way_is_tried_before_a_refusal_is_told(
    name: str, stream: Stream, autojump_clock: MockClock
) -> None:
    async with venue_context(name) as (context, server):
        server.venue.unserved = set(stream.parameters)
        session = Session(context, stream, [], is_primary=True)
        with pytest.raises(HandshakeRefused, match="HTTP 400"):
            await session.run()
        assert stream.parameters[-1] in session.waits_for
        assert stream.name not in context.taken


@every_stream
async def test_paradex_c1_another_refusal_is_told_at_once(
    name: str, stream: Stream, autojump_clock: MockClock
) -> None:
    async with venue_context(name) as (context, server):
        server.refuse_connections(10.0, status=503)
        session = Session(context, stream, [], is_primary=True)
        with pytest.raises(HandshakeRefused, match="HTTP 503"):
            await session.run()
        assert stream.parameters[0] in session.waits_for


@pytest.mark.parametrize(
    ("name", "stream"),
    [(name, stream) for name, stream in STREAMS if Channel.BOOK in stream.channels],
)
async def test_paradex_c1_book_lives_in_each_way(
    name: str, stream: Stream, autojump_clock: MockClock
) -> None:
    for served in stream.parameters:
        async with venue_context(name) as (context, server), trio.open_nursery() as nursery:
            server.venue.unserved = set(stream.parameters) - {served}
            context.inboxes.clear()  # nobody reads them here
            topics = [Topic(Channel.BOOK, one.symbol) for one in context.instruments]
            session = Session(context, stream, topics, is_primary=True)
            await nursery.start(session.run)
            with trio.fail_after(60):
                await session.settled.wait()
            assert session.bad_frames == 0
            nursery.cancel_scope.cancel()


@every_stream
async def test_paradex_c1_stranger_who_does_not_say_how_is_refused(
    name: str, stream: Stream, autojump_clock: MockClock
) -> None:
    async with sandboxes(name) as (network, _, _):
        stranger = Stranger(await network.connect(f"{name}.sandbox", 80))
        assert await stranger.open_socket(f"/{stream.name}/v1") == 400
        other = Stranger(await network.connect(f"{name}.sandbox", 80))
        assert await other.open_socket(f"/{stream.name}/v1?{stream.parameters[-1]}") == 101
