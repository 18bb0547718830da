"""Every venue's readers against nonsense: they give sane events or raise the error agreed on.

A venue takes part by being in `VENUES`: its own transcripts and replies are spoiled here.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
)
from exchanges.market.instrument import Instrument
from exchanges.rest.request import Response
from exchanges.stream.books import MarketCodec
from exchanges.stream.facts import Stream
from exchanges.stream.subscriptions import ACK_S
from exchanges.stream.wire import Frame
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
few = settings(max_examples=60)

LONGEST_MESSAGE: Final = 10 * SAMPLE_BYTES


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
            assert 0 < event.interval_s <= 7 * 86_400
        case FundingCharge():
            assert abs(event.rate) < 1e3
        case BookLost() | Subscription() | InstrumentChange() | Notice():
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


# What is not: whole frames, and valid ones of which a part is spoiled.

DEEP: Final = ["[" * 100_000, '{"a":' * 100_000, "[" * 900 + "]" * 900]
LONG: Final = "9" * 300_000
NUMBERS: Final = [
    "NaN", "nan", "inf", "-inf", "Infinity", "1e308", "-1e308", "1e-320", "0", "-0", "-1", "0.0",
    "9" * 40, "-" + "9" * 40, "0." + "0" * 39 + "1", "1e15", "1e400", "", " ", "1_000", "0x10",
    "١٢٣", "1,5", "true", "null", "1",
    0, -1, 1, 1e308, -1e308, 5e-324, int("9" * 40), 2**53, 2**63, -(2**63), 2**64, 0.1, math.nan,
    math.inf, -math.inf, True, None,
]  # fmt: skip
TEXTS: Final = ["NOPE", "nope-usdt", "BTC/USDT", "\x00", "\ud800", "💥", "a" * 10_000]
OTHERS: Final[list[Any]] = [[], {}, [[]], [None], {"": {}}, [[[[[[[[]]]]]]]], [["1", "2"]] * 3]
MARK: Final = "the bad value goes here"
BAD: Final = [json.dumps(value) for value in [*NUMBERS, *TEXTS, *OTHERS]]

json_values: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([*NUMBERS, *TEXTS]) | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)

nonsense: st.SearchStrategy[Frame] = st.one_of(
    st.text(max_size=200),
    st.binary(max_size=200),
    st.binary(max_size=200).map(lambda raw: raw.decode(errors="surrogateescape")),
    json_values.map(json.dumps),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([*DEEP, LONG, f'"{LONG}"', '{"a":' + LONG + "}", " " * 300_000]),
)


def each_spoiled(frame: Frame) -> Iterator[Frame]:
    """A JSON frame with each of its nodes in turn replaced by each bad value."""
    try:
        tree = json.loads(frame)
    except ValueError:
        return
    for marked in _marked(tree):
        before, after = json.dumps(marked).split(f'"{MARK}"')
        for value in BAD:
            text = f"{before}{value}{after}"
            yield text if isinstance(frame, str) else text.encode()


def _marked(tree: Any) -> Iterator[Any]:
    """The tree with one node after the other replaced by a mark."""
    yield MARK
    if isinstance(tree, dict):
        for key, value in tree.items():
            for inner in _marked(value):
                yield {**tree, key: inner}
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            for inner in _marked(value):
                yield [*tree[:index], inner, *tree[index + 1 :]]


@st.composite
def spoiled(draw: st.DrawFn, frame: Frame) -> Frame:
    """A frame of which one thing or another is wrong."""
    try:
        tree = json.loads(frame)
    except ValueError:
        return draw(_spoiled_bytes(frame))
    if draw(st.integers(0, 3)) == 0:
        return draw(_spoiled_bytes(frame))
    for _ in range(draw(st.integers(1, 3))):
        tree = draw(_spoiled_tree(tree))
    text = json.dumps(tree)
    if draw(st.integers(0, 19)) == 0:
        text = text.replace('"', draw(st.sampled_from(DEEP)), 1)
    return text if isinstance(frame, str) else text.encode()


@st.composite
def _spoiled_tree(draw: st.DrawFn, tree: Any) -> Any:
    """The same with one node, from the root down to the leaves, replaced, dropped or doubled."""
    if not isinstance(tree, dict | list) or not tree or draw(st.integers(0, 7)) == 0:
        return draw(st.sampled_from([*NUMBERS, *NUMBERS, *TEXTS, *OTHERS]))
    copy: Any = tree.copy()
    key = draw(st.sampled_from(sorted(tree) if isinstance(tree, dict) else range(len(tree))))
    match draw(st.integers(0, 9)):
        case 0:
            del copy[key]
        case 1 if isinstance(tree, dict):
            copy[draw(st.sampled_from([*TEXTS, *sorted(tree)]))] = copy.pop(key)
        case 1:
            copy.insert(key, copy[key])
        case _:
            copy[key] = draw(_spoiled_tree(tree[key]))
    return copy


@st.composite
def _spoiled_bytes(draw: st.DrawFn, frame: Frame) -> Frame:
    """The same with bits flipped, cut, doubled, padded, or of the other type of frame."""
    raw = bytearray(frame.encode(errors="surrogateescape") if isinstance(frame, str) else frame)
    at = draw(st.integers(0, max(len(raw) - 1, 0)))
    to = draw(st.integers(at, len(raw)))
    match draw(st.integers(0, 6)):
        case 0:
            del raw[at:]
        case 1:
            del raw[at:to]
        case 2:
            raw[at:at] = raw[at:to]
        case 3:
            raw *= 2
        case 4:
            raw[at:at] = draw(st.sampled_from([b" " * 300_000, b"[" * 100_000, b"\xff", b"\x00"]))
        case 5 if raw:
            for _ in range(draw(st.integers(1, 4))):
                raw[draw(st.integers(0, len(raw) - 1))] ^= 1 << draw(st.integers(0, 7))
        case _:
            return bytes(raw) if isinstance(frame, str) else raw.decode(errors="surrogateescape")
    return raw.decode(errors="surrogateescape") if isinstance(frame, str) else bytes(raw)


# The properties.


def hear(codec: MarketCodec, frame: Frame) -> None:
    """Let the codec read a frame, and act on what it makes of it as its actor does."""
    try:
        events = codec.receive(frame, RECEIVED_NS)
    except VenueProtocolError as error:
        check_error(error)
        events = codec.resync(error.symbol, Fault.BAD_FRAME, "", RECEIVED_NS)
    assert isinstance(events, tuple)
    for event in events:
        assert isinstance(event, Event | Notice)
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
@given(data=st.data())
def test_nonsense_is_an_event_or_a_protocol_error(name: str, data: st.DataObject) -> None:
    for stream, transcripts in transcripts_of(name).items():
        codec = open_codec(VENUES[name], stream.name, transcripts)
        for frame in data.draw(st.lists(nonsense, min_size=1, max_size=4)):
            hear(codec, frame)
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


@every_venue
@pytest.mark.parametrize("listening", [False, True], ids=["subscribed", "listening"])
@given(data=st.data())
def test_spoiled_frame_is_a_sane_event_or_a_protocol_error(
    name: str, listening: bool, data: st.DataObject
) -> None:
    transcripts = data.draw(st.sampled_from([*transcripts_of(name).values()]))
    stream = transcripts[0].stream
    codec = open_codec(VENUES[name], stream, transcripts, listening=listening)
    for transcript in data.draw(st.lists(st.sampled_from(transcripts), min_size=1, max_size=5)):
        if transcript.start and data.draw(st.booleans()):
            for event in codec.start(transcript.start):
                check(event)
        for frame in transcript.frames:
            hear(codec, transcript.pack(data.draw(spoiled(frame))))
    if not listening:
        check_still_works(codec, transcripts)


@every_venue
@few
@given(data=st.data())
def test_spoiled_packing_is_a_protocol_error(name: str, data: st.DataObject) -> None:
    for stream, transcripts in transcripts_of(name).items():
        transcript = data.draw(st.sampled_from(transcripts))
        codec = open_codec(VENUES[name], stream.name, transcripts)
        for frame in transcript.frames:
            hear(codec, data.draw(_spoiled_bytes(transcript.pack(frame))))
        check_still_works(codec, transcripts)


@every_venue
def test_bad_value_in_any_place_of_a_reply_is_an_exchange_error_or_does_no_harm(name: str) -> None:
    for reply in replies_of(name):
        for bad in each_spoiled(reply.body):
            read(reply, bad)


@every_venue
@given(data=st.data())
def test_spoiled_reply_is_a_sane_value_or_an_exchange_error(name: str, data: st.DataObject) -> None:
    reply = data.draw(st.sampled_from(replies_of(name)))
    status = data.draw(st.sampled_from([200, 200, 200, 400, 404, 429, 500, 503]))
    headers = data.draw(st.sampled_from([{}, {"retry-after": "soon"}, {"retry-after": "9"}]))
    read(reply, data.draw(nonsense | spoiled(reply.body)), status, headers)


def read(
    reply: Reply, body: Frame, status: int = 200, headers: Mapping[str, str] | None = None
) -> None:
    """Read a body as the answer to the reply's request."""
    raw = body if isinstance(body, bytes) else body.encode(errors="surrogatepass")
    response = Response(status=status, body=raw, received_ns=RECEIVED_NS, headers=headers or {})
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
