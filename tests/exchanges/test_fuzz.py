"""Every venue's readers against nonsense: they give sane events or raise the error agreed on.

A venue takes part by being in `VENUES`: its own transcripts and replies are spoiled here.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings

from exchanges import VENUES
from exchanges.errors import SAMPLE_BYTES, ExchangeError, VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Fault,
    Funding,
    FundingCharge,
    InstrumentChange,
    Kline,
    Liquidation,
    MarkPrice,
    Notice,
    OpenInterest,
    StreamEvent,
    Subscription,
    Ticker,
    Top,
    Trade,
    VenueState,
)
from exchanges.market.instrument import Instrument
from exchanges.market.topics import Channel
from exchanges.replies.response import Response
from exchanges.stream.books import MarketCodec
from exchanges.stream.facts import Stream
from exchanges.stream.subscriptions import ACK_S
from exchanges.stream.wire import Frame
from tests.exchanges.nonsense import chances, each_spoiled, nonsense, spoiled, spoiled_bytes
from tests.exchanges.transcripts import (
    PRESENT,
    RECEIVED_NS,
    Reply,
    Transcript,
    ok,
    open_codec,
    play,
)

HERE: Final = Path(__file__).parent
every_venue = pytest.mark.parametrize(
    "name", [name for name in PRESENT if (HERE / name / "test_public.py").exists()]
)
few = settings(max_examples=120)  # each reads frames of every stream
many = settings(max_examples=3 * settings().max_examples)  # each reads one reply, or few frames

LONGEST_MESSAGE: Final = 10 * SAMPLE_BYTES
SHOWN: Final = 500
"""Of a frame that a failure names, so many characters are told."""


def transcripts_of(name: str) -> Mapping[Stream, list[Transcript]]:
    """A venue's transcripts by the stream that they come from."""
    written: tuple[Transcript, ...] = _test_module(name, "test_public").TRANSCRIPTS
    return {
        stream: [each for each in written if each.stream == stream.name]
        for stream in VENUES[name].streams
    }


def replies_of(name: str) -> tuple[Reply, ...]:
    written: tuple[Reply, ...] = _test_module(name, "test_rest").REPLIES
    return written


def _test_module(name: str, module: str) -> Any:
    return import_module(f"tests.exchanges.{name}.{module}")


# What is sane. Zero and infinity stand for an empty side of a top, and nowhere else.


def check(event: StreamEvent) -> None:
    """Raise unless every number of the event is one that a market can have."""
    match event:
        case BookSnapshot() | BookDelta():
            assert all(_is_price(price) and _is_size(size) for price, size in event.bids)
            assert all(_is_price(price) and _is_size(size) for price, size in event.asks)
        case Top():
            assert _is_price(event.bid) or event.bid == event.bid_size == 0
            assert _is_price(event.ask) or (event.ask == math.inf and event.ask_size == 0)
            assert _is_size(event.bid_size)
            assert _is_size(event.ask_size)
        case Trade() | Liquidation():
            assert _is_price(event.price)
            assert _is_size(event.size)
            assert event.size > 0
        case Ticker() | Kline() | OpenInterest():
            # A market that was not traded yet has zeros here; nothing is bought by them.
            numbers = msgspec.structs.asdict(event)
            signed = numbers.pop("change", None)
            assert signed is None or abs(signed) < 1e6
            assert all(_is_size(value) for value in numbers.values() if isinstance(value, float))
        case MarkPrice():
            assert _is_price(event.mark)
            assert event.index is None or _is_price(event.index)
        case Funding():
            assert abs(event.rate) < 1e3
            assert event.interval_s is None or 0 < event.interval_s <= 7 * 86_400
        case FundingCharge():
            assert abs(event.rate) < 1e3
        case BookLost() | Subscription() | InstrumentChange() | Notice() | VenueState():
            pass
        case _:
            raise AssertionError(f"what is sane in a {type(event).__name__}?")


def check_instrument(instrument: Instrument) -> None:
    rules = (instrument.tick, instrument.step, instrument.min_size, instrument.min_notional)
    assert all(rule.is_finite() and rule >= 0 for rule in rules)
    assert instrument.max_size is None or instrument.max_size.is_finite()
    assert instrument.contract_size.is_finite()
    assert instrument.contract_size > 0


def check_error(error: ExchangeError) -> None:
    """Raise unless a person can read the error, however long the frame was."""
    assert len(str(error)) < LONGEST_MESSAGE
    if isinstance(error, VenueProtocolError):
        assert len(error.payload) <= SAMPLE_BYTES


def _is_price(number: float) -> bool:
    return 0 < number < 1e18


def _is_size(number: float) -> bool:
    return 0 <= number < 1e30  # contracts of a large base may pass the limit of `numbers.Size`


# The properties.


@contextmanager
def naming(frame: Frame) -> Iterator[None]:
    """What fails inside tells the frame."""
    try:
        yield
    except Exception as error:
        error.add_note(f"the frame is {frame[:SHOWN]!r}")
        raise


def hear(codec: MarketCodec, frame: Frame) -> None:
    """Let the codec read a frame, and act on what it makes of it as its actor does."""
    with naming(frame):
        try:
            events = codec.receive(frame, RECEIVED_NS)
        except VenueProtocolError as error:
            check_error(error)
            events = codec.resync(error.symbol, Fault.BAD_FRAME, "", RECEIVED_NS)
        assert isinstance(events, tuple)
        for event in events:
            assert isinstance(event, StreamEvent)
            check(event)


def check_still_works(codec: MarketCodec, transcripts: list[Transcript]) -> None:
    """Valid frames mean to a codec what they mean to a new one, once its books start anew."""
    codec.resync_all(Fault.DISCONNECTED, "", RECEIVED_NS)
    codec.subscribe(transcript.topic for transcript in transcripts)  # what was "refused"
    let_time_pass(codec)
    for transcript in transcripts:
        codec.resync(transcript.instrument.symbol, Fault.DISCONNECTED, "", RECEIVED_NS)
        assert without_answers(play(codec, transcript)) == without_answers(transcript.events)


def without_answers(events: Iterable[StreamEvent]) -> list[StreamEvent]:
    """An answer to a request is news only while the codec waits for it."""
    return [event for event in events if not isinstance(event, Subscription)]


HOURS = count(1)


def let_time_pass(codec: MarketCodec) -> None:
    """Until requests that nobody answers count as done, and books have been asked for anew."""
    start_s = next(HOURS) * 3600.0
    for second in range(int(ACK_S) + 3):
        codec.frames += 1  # the venue shows signs of life
        codec.expire(start_s + second, RECEIVED_NS)
        codec.outgoing(start_s + second)


@pytest.mark.parametrize("name", PRESENT)
def test_every_venue_lends_its_frames_to_be_spoiled(name: str) -> None:
    for module, table in (("test_public", "TRANSCRIPTS"), ("test_rest", "REPLIES")):
        assert (HERE / name / f"{module}.py").exists(), f"{module}.py with {table} is missing"
        assert getattr(_test_module(name, module), table)


@every_venue
def test_transcripts_and_replies_are_valid_before_they_are_spoiled(name: str) -> None:
    for stream, transcripts in transcripts_of(name).items():
        assert transcripts, f"{stream.name} has no transcript"
        codec = open_codec(VENUES[name], stream.name, transcripts)
        check_still_works(codec, transcripts)
        for transcript in transcripts:
            for event in transcript.events:
                check(event)
    for reply in replies_of(name):
        assert reply.request.read(ok(reply.body)) == reply.value


@every_venue
@few
@given(chance=chances)
def test_nonsense_is_an_event_or_a_protocol_error(name: str, chance: Random) -> None:
    for stream, transcripts in transcripts_of(name).items():
        codec = open_codec(VENUES[name], stream.name, transcripts)
        for _ in range(chance.randint(1, 4)):
            hear(codec, nonsense(chance))
        check_still_works(codec, transcripts)


@every_venue
def test_bad_value_in_any_place_is_a_protocol_error_or_does_no_harm(name: str) -> None:
    for stream, transcripts in transcripts_of(name).items():
        codec = open_codec(VENUES[name], stream.name, transcripts)
        for transcript in transcripts:
            play(codec, transcript)
            for frame in transcript.frames:
                for bad in each_spoiled(frame):
                    hear(codec, transcript.pack(bad))
        check_still_works(codec, transcripts)


NO_NUMBERS: Final = ("-1.5", "NaN", "Infinity", "1e308", "9" * 40)
_DECIMAL: Final = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])")


@every_venue
def test_fault_20_a_number_that_no_market_has_costs_its_frame_and_the_book_starts_anew(
    name: str,
) -> None:
    rejected = 0
    for stream, transcripts in transcripts_of(name).items():
        codec = open_codec(VENUES[name], stream.name, transcripts)
        for transcript in transcripts:
            if transcript.channel is not Channel.BOOK:
                continue
            for frame in transcript.frames:
                text = frame if isinstance(frame, str) else ""
                for place in list(_DECIMAL.finditer(text))[:8]:
                    for bad in NO_NUMBERS:
                        spoiled_frame = f"{text[: place.start()]}{bad}{text[place.end() :]}"
                        rejected += is_rejected(codec, transcript, transcript.pack(spoiled_frame))
        check_still_works(codec, transcripts)
    assert rejected


def is_rejected(codec: MarketCodec, transcript: Transcript, frame: Frame) -> bool:
    """Whether the frame is; if it is not, it tells nothing that no market can have."""
    symbol = transcript.instrument.symbol
    try:
        events = codec.receive(frame, RECEIVED_NS)
    except VenueProtocolError:
        lost = codec.resync(symbol, Fault.BAD_FRAME, "", RECEIVED_NS)
        assert all(isinstance(event, BookLost) for event in lost)
        return True
    for event in events:
        check(event)
    return False


@every_venue
@pytest.mark.parametrize("listening", [False, True], ids=["subscribed", "listening"])
@many
@given(chance=chances)
def test_spoiled_frame_is_a_sane_event_or_a_protocol_error(
    name: str, listening: bool, chance: Random
) -> None:
    stream, transcripts = chance.choice([*transcripts_of(name).items()])
    codec = open_codec(VENUES[name], stream.name, transcripts, listening=listening)
    for transcript in chance.choices(transcripts, k=chance.randint(1, 5)):
        if transcript.start and chance.random() < 0.5:
            for event in codec.start(transcript.start):
                check(event)
        for frame in transcript.frames:
            hear(codec, transcript.pack(spoiled(frame, chance)))
    if not listening:
        check_still_works(codec, transcripts)


@every_venue
@few
@given(chance=chances)
def test_spoiled_packing_is_a_protocol_error(name: str, chance: Random) -> None:
    for stream, transcripts in transcripts_of(name).items():
        transcript = chance.choice(transcripts)
        codec = open_codec(VENUES[name], stream.name, transcripts)
        for frame in transcript.frames:
            hear(codec, spoiled_bytes(transcript.pack(frame), chance))
        check_still_works(codec, transcripts)


@every_venue
def test_bad_value_in_any_place_of_a_reply_is_an_exchange_error_or_does_no_harm(name: str) -> None:
    for reply in replies_of(name):
        for bad in each_spoiled(reply.body):
            read(reply, bad)


@every_venue
@many
@given(chance=chances)
def test_spoiled_reply_is_a_sane_value_or_an_exchange_error(name: str, chance: Random) -> None:
    reply = chance.choice(replies_of(name))
    status = chance.choice([200, 200, 200, 400, 404, 429, 500, 503])
    headers = chance.choice([{}, {"retry-after": "soon"}, {"retry-after": "9"}])
    body = nonsense(chance) if chance.random() < 0.5 else spoiled(reply.body, chance)
    read(reply, body, status, headers)


def read(
    reply: Reply, body: Frame, status: int = 200, headers: Mapping[str, str] | None = None
) -> None:
    """Read a body as the answer to the reply's request."""
    raw = body if isinstance(body, bytes) else body.encode(errors="surrogatepass")
    response = Response(status=status, body=raw, received_ns=RECEIVED_NS, headers=headers or {})
    with naming(body):
        try:
            value = reply.request.read(response)
        except ExchangeError as error:
            check_error(error)
            return
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Event):
                check(each)
            elif isinstance(each, Instrument):
                check_instrument(each)
