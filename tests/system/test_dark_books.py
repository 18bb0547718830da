"""At every venue: what makes books dark without ending a socket, and that they come back.

The lab compares each book with the market's whenever it is told something, so that a wrong one
that can be read fails a test at once.
"""

from collections.abc import Iterator

import pytest
import trio
from trio.testing import MockClock

from actors.venue.instruments import ASK_AGAIN_S
from exchanges import VENUES
from exchanges.market.events import BookLost, Fault, Subscription, SubscriptionState
from exchanges.market.topics import Channel
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.facts import Stream
from exchanges.stream.sequence import STUCK_S
from exchanges.stream.starts import START_S, BookRoute
from exchanges.stream.subscriptions import ACK_S
from exchanges.stream.wire import Frame
from exchanges.venue import Venue
from supervisor.verify.case import book_streams
from supervisor.verify.lab import Lab, open_sandbox, topics_of
from tests.system.conftest import rig

BOOKS = (Channel.BOOK,)
REFRESH_S = 10.0
FIRST_ID = 7
# How sandboxes of venues that number the frames of a connection or the updates of a book call it.
FRAME_NUMBERS = ("_sequence", "_sent")


def streams() -> Iterator[object]:
    for name, venue in VENUES.items():
        for stream in book_streams(venue):
            yield pytest.param(venue, stream, id=f"{name} {stream.name}")


on_every_stream = pytest.mark.parametrize(("venue", "stream"), list(streams()))


class DeafLab(Lab):
    """A lab whose server does not get to hear what the client asks for while it `is_deaf`."""

    is_deaf = True

    def send(self, frame: Frame) -> None:
        if not self.is_deaf or self.codec.wire.ping(self.now_ns) == frame:
            super().send(frame)


@on_every_stream
def test_requests_that_are_lost_on_their_way_are_made_again(venue: Venue, stream: Stream) -> None:
    """Where a venue acknowledges nothing, nobody can tell so of what may be quiet."""
    channels = (Channel.BOOK, Channel.TRADES) if stream.acknowledges else BOOKS
    lab = DeafLab(venue, open_sandbox(venue), stream)
    lab.is_deaf = False
    lab.run(1)  # greetings
    lab.is_deaf = True
    topics = topics_of(stream, lab.sandbox, channels)
    lab.codec.subscribe(topics)
    lab.run(5)
    lab.is_deaf = False
    lab.run(ACK_S + 25)
    lab.settle()
    lab.expect_books_are_now()
    states = {one.topic: one.state for one in lab.events if isinstance(one, Subscription)}
    assert states == dict.fromkeys(map(str, topics), SubscriptionState.SUBSCRIBED)
    if stream.acknowledges:
        reasons = {one.detail for one in lab.events if isinstance(one, BookLost)}
        assert all("no answer within 10 s" in reason for reason in reasons)
        assert reasons


@on_every_stream
def test_a_book_that_is_granted_and_told_nothing_says_why_and_comes_back(
    venue: Venue, stream: Stream
) -> None:
    lab = Lab(venue, open_sandbox(venue), stream)
    lab.codec.subscribe(topics_of(stream, lab.sandbox, BOOKS))
    silent, *_ = (route for route in lab.codec._subscriptions if isinstance(route, BookRoute))
    read, symbol = silent.read, silent.instrument.symbol
    # The subscription that is made anew then is served.
    silent.read = lambda *frame: read(*frame) if lab.lost() else ()
    lab.run(START_S + 2)
    told = [one for one in lab.events if isinstance(one, BookLost)]
    assert {(one.instrument.symbol, one.fault) for one in told} == {(symbol, Fault.STARTING)}
    assert all(" for 15 s" in one.detail for one in told)
    assert all(book.is_live for one, book in lab.books.items() if one != symbol)
    lab.run(10)
    lab.expect_books_are_now()


@on_every_stream
def test_books_come_back_when_the_venue_counts_anew_on_open_sockets(
    venue: Venue, stream: Stream
) -> None:
    lab = Lab.open(venue, stream, BOOKS)
    lab.run(5)
    lab.expect_books_are_now()
    count_anew(lab.sandbox)
    lab.run(STUCK_S + 3)
    lab.expect_books_are_now()


def count_anew(sandbox: SandboxVenue) -> None:
    """Number what happens at the venue from below what its clients have."""
    for market in sandbox.markets.values():
        engine = market.synthetic.engine
        assert engine.last_id > FIRST_ID
        engine.last_id = engine._published_id = FIRST_ID
    for session in sandbox.sessions:
        for stream in session.streams.values():
            stream.last_id = FIRST_ID
        for number in FRAME_NUMBERS:
            if hasattr(session, number):
                setattr(session, number, 0)


@pytest.mark.parametrize("name", list(VENUES))
async def test_a_market_that_is_delisted_costs_no_other_and_may_come_back(
    name: str, autojump_clock: MockClock
) -> None:
    async with rig(name, refresh_s=REFRESH_S) as made:
        markets = made.servers[name].venue.markets
        symbols = list(markets)
        await made.until_live(len(symbols))
        gone, *others = symbols
        book, market = made.engine.book(name, gone), markets.pop(gone)
        with trio.fail_after(REFRESH_S + 2 * ASK_AGAIN_S):  # the only one of its list twice
            while book.is_live:
                await trio.sleep(1.0)
        assert book.fault is Fault.DELISTED
        await trio.sleep(2.0)
        assert [one.instrument.symbol for one in made.live()] == others
        markets[gone] = market
        await made.until_live(len(symbols), within_s=REFRESH_S + 4 * ASK_AGAIN_S)
