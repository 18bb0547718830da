"""Traffic to measure with: frames of a venue's own sandbox, made before the clock runs."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

import msgspec

from exchanges import VENUES
from exchanges.dialogue import Dialogue
from exchanges.market.events import StreamEvent
from exchanges.market.instrument import kind_of
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import Channel, Topic
from exchanges.sandbox.synthetic import MarketProfile
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World
from exchanges.stream.books import MarketCodec
from exchanges.stream.facts import Stream
from exchanges.stream.wire import Frame

SEED: Final = 7
EPOCH_NS: Final = 1_790_000_000_000_000_000
STEP_NS: Final = 100 * NS_PER_MS
# About thirteen changed levels a frame, as recorded books of large markets have on average.
PROFILE: Final = MarketProfile(makers_per_s=85.0, takers_per_s=4.0, levels=400)


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Book frames of some markets, in order, with a client that is ready for the first.

    `start` are the events that made the client's books live.
    """

    codec: MarketCodec
    start: tuple[StreamEvent, ...]
    frames: tuple[Frame, ...]
    changes_per_frame: float
    bytes_per_frame: float


def make_sandbox(venue: str, symbols: Sequence[str]) -> SandboxVenue:
    """The venue's server; equal ones behave equally."""
    world = World(EPOCH_NS, lambda asset: Random(f"{SEED} {asset}"))
    return VENUES[venue].sandbox()(symbols, world, Random(SEED), EPOCH_NS, PROFILE)


def book_stream(venue: str, symbols: Sequence[str]) -> Stream:
    """The stream of the venue that carries the books of the symbols."""
    stream = VENUES[venue].stream_for(kind_of(symbols[0]), Channel.BOOK)
    assert stream is not None
    return stream


def make_traffic(venue: str, symbols: Sequence[str], count: int) -> Traffic:
    """The first so many book frames after a subscription."""
    sandbox = make_sandbox(venue, symbols)
    dialogue = Dialogue(VENUES[venue], sandbox, book_stream(venue, symbols), EPOCH_NS)
    start = dialogue.subscribe(Topic(Channel.BOOK, symbol) for symbol in symbols)
    while not dialogue.codec.is_settled:
        start += dialogue.pass_time(STEP_NS)
    steps = frames_of(dialogue, sandbox)
    changes, made = 0, list[Frame]()
    while len(made) < count:
        update_changes, frames = next(steps)
        changes += update_changes
        made += frames
    return Traffic(
        codec=dialogue.codec,
        start=tuple(start),
        frames=tuple(made[:count]),
        changes_per_frame=changes / len(made),
        bytes_per_frame=sum(map(len, made)) / len(made),
    )


def frames_of(dialogue: Dialogue, sandbox: SandboxVenue) -> Iterator[tuple[int, list[Frame]]]:
    """Step by step: how many levels changed, and the frames that say so, kept from the client."""
    while True:
        dialogue.now_ns += STEP_NS
        updates = sandbox.advance(dialogue.now_ns)
        changes = sum(len(one.bids) + len(one.asks) for one in updates.values())
        dialogue.session.publish(updates, dialogue.now_ns)
        yield changes, [one.frame for one in dialogue.session.take()]
