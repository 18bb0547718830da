"""Half an answer: data without a word that they are granted, and a grant without data."""

from collections.abc import Iterable
from random import Random
from typing import Final

import pytest

from exchanges import VENUES
from exchanges.dialogue import Dialogue
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    StreamEvent,
    Subscription,
    SubscriptionState,
)
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel, Topic
from exchanges.sandbox.world import World
from exchanges.stream.subscriptions import ACK_S
from exchanges.stream.wire import Data, Granted, GrantedKey
from tests.exchanges.transcripts import RECEIVED_NS

BOOKS: Final = [
    (name, stream.name)
    for name in VENUES
    for stream in VENUES[name].streams
    if Channel.BOOK in stream.channels
]
every_book_stream = pytest.mark.parametrize(("name", "stream_name"), BOOKS)


def heard(
    name: str, stream_name: str, lost: tuple[type, ...], duration_s: float
) -> list[StreamEvent]:
    """What a client of a book hears, to whom nobody says what is lost."""
    venue = VENUES[name]
    stream = next(one for one in venue.streams if one.name == stream_name)
    world = World(RECEIVED_NS, lambda asset: Random(asset))
    sandbox = venue.sandbox()(("BTC/USDT", "BTC/USDT:USDT"), world, Random(1), RECEIVED_NS)
    dialogue = Dialogue(venue, sandbox, stream, RECEIVED_NS)
    wire = dialogue.codec.wire
    said = wire.said
    wire.said = lambda frame: [one for one in said(frame) if not isinstance(one, lost)]  # type: ignore[method-assign]
    market = next(one for one in wire.instruments if one.kind in stream.kinds)
    events = dialogue.subscribe([Topic(Channel.BOOK, market.symbol)])
    for _ in range(round(duration_s * 2)):
        events += dialogue.pass_time(NS_PER_S // 2)
    return events


def states(events: Iterable[StreamEvent]) -> list[SubscriptionState]:
    return [event.state for event in events if isinstance(event, Subscription)]


@every_book_stream
def test_fault_8_data_tell_that_a_topic_is_granted(name: str, stream_name: str) -> None:
    events = heard(name, stream_name, (Granted, GrantedKey), ACK_S + 1.0)
    assert states(events) == [SubscriptionState.SUBSCRIBED]
    assert any(isinstance(event, BookDelta | BookSnapshot) for event in events)


@every_book_stream
def test_fault_8_a_grant_without_data_shows_no_book(name: str, stream_name: str) -> None:
    events = heard(name, stream_name, (Data,), 14.0)
    assert not any(isinstance(event, BookDelta | BookSnapshot) for event in events)
