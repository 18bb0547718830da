"""Connections: subscriptions and their answers, signs of life, limits, rollover."""

from collections import deque
from random import Random
from typing import Final

import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.books.keeper import BookInbox, run_book
from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from actors.edges.clock import TrioClock
from actors.edges.hub import Hub
from actors.sandbox.server import SandboxServer, sandbox_endpoints, serve_in_memory
from actors.venue.commands import Subscribe
from actors.venue.connection import Connection
from actors.venue.context import Injected, VenueContext
from exchanges.dialogue import answer
from exchanges.errors import CodecUsageError, ExchangeError, StreamStale
from exchanges.market.events import Subscription, SubscriptionState
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.facts import Stream
from exchanges.venue import Venue
from supervisor.verify.book_cases import BOOKS, on_book_streams
from supervisor.verify.case import CaseFailed, NotApplicable, book_streams, expect
from supervisor.verify.lab import START_NS, Lab, instruments_of, open_sandbox, topics_of

NOTHING = "NOSUCH/THING"
LIFETIME_S: Final = 15.0
"""Of a connection that rolls over: a venue's day would say no more, and last longer."""
ROLLOVERS_S: Final = 4 * LIFETIME_S


def unknown_symbol(venue: Venue) -> None:
    """A symbol that the venue does not trade is refused before anything is sent."""
    for stream in venue.streams:
        sandbox = open_sandbox(venue)
        lab = Lab(venue, sandbox, stream)
        symbol = NOTHING if Kind.SPOT in stream.kinds else f"{NOTHING}:THING"
        channel = sorted(stream.channels)[0]
        try:
            lab.codec.subscribe([_topic(channel, symbol)])
        except CodecUsageError:
            pass
        else:
            raise CaseFailed(f"{stream.name}: subscribing {symbol} is not refused")
        _ask_for_a_stranger(venue, lab, channel)


def _ask_for_a_stranger(venue: Venue, lab: Lab, channel: Channel) -> None:
    """A market that only the client knows is an error, the same of a request and of a stream."""
    known = next(one for one in lab.codec.wire.instruments if one.kind in lab.stream.kinds)
    stranger = replace(known, symbol=f"NO{known.symbol}", native="NOSUCHTHING")
    request = venue.rest.book(stranger)
    try:
        request.read(answer(lab.sandbox, request, lab.now_ns))
    except ExchangeError as error:
        asked = error
    else:
        raise CaseFailed(f"{lab.stream.name}: the book of an unknown market was read")
    lab.codec.wire.instruments.add(stranger)
    lab.codec.subscribe([_topic(channel, stranger.symbol)])
    lab.run(20)
    expect(not lab.unreadable, f"{lab.stream.name}: the venue said {lab.unreadable}")
    for event in lab.events:
        if isinstance(event, Subscription) and event.state is SubscriptionState.REFUSED:
            expect(
                type(event.error) is type(asked),
                f"{lab.stream.name}: a request says {asked!r}, the stream {event.error!r}",
            )


def refused_subscription(venue: Venue) -> None:
    """A market that the venue refuses is told as such; the others go on."""
    answering = [stream for stream in venue.streams if stream.acknowledges]
    if not answering:
        raise NotApplicable("the venue answers no subscription")
    for stream in answering:
        sandbox = open_sandbox(venue)
        markets = [one for one in sandbox.markets.values() if one.instrument.kind in stream.kinds]
        bad, good = (one.instrument.symbol for one in markets[:2])
        sandbox.refused.add(bad)
        lab = Lab(venue, sandbox, stream)
        channel = Channel.BOOK if Channel.BOOK in stream.channels else sorted(stream.channels)[0]
        lab.codec.subscribe([_topic(channel, symbol) for symbol in (bad, good)])
        lab.run(20)
        states = {
            event.instrument.symbol: event.state
            for event in lab.events
            if isinstance(event, Subscription)
        }
        expect(
            states.get(bad) is SubscriptionState.REFUSED,
            f"{stream.name}: the refusal is told as {states.get(bad)}",
        )
        expect(
            [topic.symbol for topic in lab.codec.topics] == [good],
            f"{stream.name}: topics are {lab.codec.topics}",
        )
        expect(lab.codec.is_settled, f"{stream.name}: never settled")


def late_ack(venue: Venue) -> None:
    """Answers that are seconds late are matched to what they answer; nothing is asked twice."""
    for stream in venue.streams:
        lab = Lab(venue, open_sandbox(venue), stream)
        lab.late_s = 3.0
        lab.codec.subscribe(topics_of(stream, lab.sandbox))
        lab.talk()
        lab.run(20)
        expect(lab.codec.is_settled, f"{stream.name}: not settled")
        told = {event.state for event in lab.events if isinstance(event, Subscription)}
        expect(told == {SubscriptionState.SUBSCRIBED}, f"{stream.name}: told {sorted(told)}")
        expect(not lab.lost(), f"{stream.name}: lost the books {lab.lost()}")


def heartbeat(venue: Venue) -> None:
    """A connection on which nothing happens stays up by its heartbeat."""
    for stream in venue.streams:
        lab = Lab(venue, open_sandbox(venue), stream)
        lab.wait(max(120.0, 2 * stream.heartbeat.idle_s))
        expect(lab.codec.frames, f"{stream.name}: the venue never said a word")
        expect(not lab.unreadable, f"{stream.name}: the venue said {lab.unreadable}")


def silence(venue: Venue) -> None:
    """A venue that falls silent is noticed within the time that its heartbeat allows."""
    for stream in venue.streams:
        lab = Lab.open(venue, stream)
        lab.run(5)
        lab.is_heard = False
        pulse = stream.heartbeat
        try:
            lab.run(pulse.idle_s + (pulse.reply_s or 0.0) + 1.0)
        except StreamStale:
            continue
        raise CaseFailed(f"{stream.name}: silence was not noticed")


def limits(venue: Venue) -> None:
    """Never more messages, topics in a request, or requests than the venue allows."""
    for stream in venue.streams:
        lab = Lab(venue, open_sandbox(venue), stream)
        before = 0
        lab.codec.subscribe(topics_of(stream, lab.sandbox))
        while frames := lab.codec.outgoing(lab.now_s):
            for frame in frames:
                lab.sent.append((lab.now_s, frame))
                lab.session.receive(frame, lab.now_ns)
                asked, before = len(lab.session.streams) - before, len(lab.session.streams)
                expect(asked <= stream.batch, f"{stream.name}: {asked} topics in a request")
        lab.run(20)
        _expect_rate(stream, [at_s for at_s, _ in lab.sent])
    for name, rate in venue.buckets.items():
        expect(rate.limit > 0 and rate.window_s > 0, f"bucket {name} never pays")


def _expect_rate(stream: Stream, times_s: list[float]) -> None:
    """No window holds more messages than the stream allows us."""
    rate = stream.messages
    recent: deque[float] = deque()
    for at_s in times_s:
        recent.append(at_s)
        while recent[0] <= at_s - rate.window_s:
            recent.popleft()
        expect(
            len(recent) <= rate.limit, f"{stream.name}: {len(recent)} messages, not {rate.limit:g}"
        )


@on_book_streams
def unsubscribe(venue: Venue, stream: Stream) -> None:
    """Ended topics fall silent."""
    lab = Lab.open(venue, stream, BOOKS)
    lab.run(5)
    lab.codec.unsubscribe(lab.codec.topics)
    lab.run(2)
    lab.events.clear()
    lab.run(5)
    expect(not lab.events, f"{len(lab.events)} events after the end")


def rollover(venue: Venue) -> None:
    """Before the venue ends a connection another one has taken over, without a gap."""
    streams = [stream for stream in book_streams(venue) if stream.lifetime_s]
    if not streams:
        raise NotApplicable("the venue states no lifetime of connections")
    for stream in streams:
        trio.run(_roll_over, venue, stream, clock=MockClock(autojump_threshold=0))


async def _roll_over(venue: Venue, stream: Stream) -> None:
    clock = TrioClock(START_NS)
    server = SandboxServer(open_sandbox(venue), clock)
    short = replace(stream, lifetime_s=LIFETIME_S)
    hurried = replace(
        venue, streams=tuple(short if one is stream else one for one in venue.streams)
    )
    async with (
        serve_in_memory([server]) as (network, addresses),
        trio.open_nursery() as nursery,
    ):
        given = Injected(network=network, clock=clock, chance=Random("verify"))
        endpoints = sandbox_endpoints(venue, addresses[venue.name])
        context = VenueContext.open(hurried, endpoints, Hub(), given)
        context.instruments = Instruments(instruments_of(venue, server.venue))
        await nursery.start(context.gateway.run)
        connection, books = Connection(context, short), []
        for topic in topics_of(stream, server.venue, BOOKS):
            instrument = context.instruments.get(topic.symbol)
            assert instrument is not None
            book = OrderBook(instrument, venue.checksum)
            inbox = context.inboxes[topic.symbol] = BookInbox(64)
            stamps = context.venue_clock.heard
            await nursery.start(run_book, book, inbox, Tops(), connection.tell, stamps)
            connection.tell(Subscribe((topic,)))
            books.append(book)
        await nursery.start(connection.run)
        await trio.sleep(LIFETIME_S / 2)
        expect(all(book.is_live for book in books), f"{stream.name}: not all books are live")
        for _ in range(round(ROLLOVERS_S / 0.2)):
            await trio.sleep(0.2)
            expect(all(book.is_live for book in books), f"{stream.name}: a book had a gap")
        rolled = min(book.snapshots for book in books) - 1
        expect(
            rolled >= 2,
            f"{stream.name}: replaced {rolled} times in {ROLLOVERS_S:g} s of "
            f"{LIFETIME_S:g} s lifetimes",
        )
        nursery.cancel_scope.cancel()


def _topic(channel: Channel, symbol: str) -> Topic:
    return Topic(channel, symbol, KlineInterval.M1 if channel is Channel.KLINES else None)
