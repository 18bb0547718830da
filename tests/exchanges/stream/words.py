"""A venue that speaks in words, on which the contract of a stream is tested."""

from collections.abc import Sequence

from exchanges.errors import InvalidSymbol, RateLimited
from exchanges.limits import Rate, Scope
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Fault,
    StreamEvent,
    Subscription,
    SubscriptionState,
    Trade,
)
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, Topic
from exchanges.replies.errors import ErrorTable
from exchanges.replies.response import Response
from exchanges.rest.request import Request
from exchanges.stream.books import MarketCodec, MarketWire
from exchanges.stream.facts import UNSTATED, Heartbeat, Stream
from exchanges.stream.sequence import BookRule, Recovery
from exchanges.stream.wire import Data, Frame, Granted, Reader, Refused, Reply, Route, Said
from tests.exchanges.transcripts import RECEIVED_NS, AnError, market

BTC, ETH = market("BTC/USDT"), market("ETH/USDT")
PERPETUAL = market("BTC/USDT:USDT", "BTC")
TRADES = Topic(Channel.TRADES, "BTC/USDT")
ETH_TRADES = Topic(Channel.TRADES, "ETH/USDT")
BOOK = Topic(Channel.BOOK, "BTC/USDT")
ETH_BOOK = Topic(Channel.BOOK, "ETH/USDT")
MARK, FUNDING = Topic(Channel.MARK_PRICE, "BTC/USDT"), Topic(Channel.FUNDING, "BTC/USDT")

STREAM = Stream(
    name="words",
    kinds=frozenset({Kind.SPOT}),
    channels=frozenset({Channel.BOOK, Channel.TRADES, Channel.MARK_PRICE, Channel.FUNDING}),
    heartbeat=Heartbeat(idle_s=20.0, reply_s=10.0),
    limits=UNSTATED,
    messages=Rate(5, 1.0, Scope.CONNECTION),
    max_topics=100,
    batch=10,
)


SLOW_DOWN_S = 42.0
ERRORS = ErrorTable(
    reads=lambda response: None,
    codes={},
    words={"no such market": InvalidSymbol, "slow down": RateLimited},
    retry_s=SLOW_DOWN_S,
)


class WordsWire(MarketWire):
    """Says `granted ID`, `refused ID WHY`, and data as `CHANNEL NAME NUMBER...`.

    A book says `book NAME PREVIOUS LAST`, and in this class `book NAME ID` for a snapshot.
    """

    venue = "words"

    def key(self, topic: Topic, instrument: Instrument) -> str:
        channel = (
            "mark" if topic.channel in (Channel.MARK_PRICE, Channel.FUNDING) else topic.channel
        )
        return f"{channel} {instrument.native}"

    def topic(self, key: str) -> Topic | None:
        channel, native = key.split()
        instrument = self.instruments.native(Kind.SPOT, native)
        return Topic(Channel(channel), instrument.symbol) if instrument else None

    def request(
        self, routes: Sequence[Route], subscribe: bool, request_id: int, now_ns: int
    ) -> Frame:
        verb = "subscribe" if subscribe else "unsubscribe"
        return f"{verb} {request_id} {', '.join(route.key for route in routes)}"

    def ping(self, now_ns: int) -> Frame:
        return "ping"

    def reader(self, topic: Topic) -> Reader:
        return _book if topic.channel is Channel.BOOK else _trade

    def said(self, frame: Frame) -> tuple[Said, ...]:
        assert isinstance(frame, str)
        match frame.split():
            case ["pong"]:
                return ()
            case ["ping", number]:
                return (Reply(f"pong {number}"),)
            case ["granted", request_id]:
                return (Granted(int(request_id)),)
            case ["refused", request_id, *why]:
                return (Refused(int(request_id), " ".join(why)),)
            case [channel, native, *numbers]:
                return (Data(f"{channel} {native}", numbers),)
        raise ValueError("fewer words than a frame has")


class AskingWire(WordsWire):
    """The same venue, where snapshots are fetched."""

    def rule(self, key: str) -> BookRule:
        return BookRule(Recovery.SNAPSHOT_BY_REQUEST)


def book_request(instrument: Instrument) -> Request[BookSnapshot]:
    def read(response: Response) -> BookSnapshot:
        raise AssertionError("tests give the answer themselves")

    return Request(
        venue="words", name="book", endpoint="rest", path="/book", read=read, instrument=instrument
    )


def _book(route: Route, numbers: list[str], received_ns: int) -> tuple[StreamEvent, ...]:
    if len(numbers) == 1:
        return (book(int(numbers[0]), route.instrument),)
    previous, last = map(int, numbers)
    return (delta(previous, last, route.instrument),)


def _trade(route: Route, numbers: list[str], received_ns: int) -> tuple[StreamEvent, ...]:
    return (trade(float(numbers[0]), route.instrument),)


def trade(price: float, instrument: Instrument = BTC) -> Trade:
    return Trade(
        instrument=instrument, price=price, size=1.0, side=Side.BUY, received_ns=RECEIVED_NS
    )


def book(sequence: int, instrument: Instrument = BTC) -> BookSnapshot:
    return BookSnapshot(
        instrument=instrument, bids=[], asks=[], sequence=sequence, received_ns=RECEIVED_NS
    )


def delta(previous: int, last: int, instrument: Instrument = BTC) -> BookDelta:
    return BookDelta(
        instrument=instrument,
        bids=[],
        asks=[],
        previous=previous,
        sequence=last,
        received_ns=RECEIVED_NS,
    )


def lost(fault: Fault, detail: str, instrument: Instrument = BTC) -> BookLost:
    return BookLost(instrument=instrument, fault=fault, detail=detail, received_ns=RECEIVED_NS)


def news(topic: Topic, state: SubscriptionState, error: AnError | None = None) -> Subscription:
    return Subscription(
        instrument=BTC if topic.symbol == BTC.symbol else ETH,
        topic=str(topic),
        state=state,
        error=error,
        received_ns=RECEIVED_NS,
    )


def codec_of(
    kind: type[WordsWire] = WordsWire, stream: Stream = STREAM, *, listening: bool = False
) -> MarketCodec:
    wire = kind(stream, Instruments([BTC, ETH, PERPETUAL]), listening=listening)
    return MarketCodec(wire, ERRORS, book_request)


def subscribed(*topics: Topic, kind: type[WordsWire] = WordsWire) -> MarketCodec:
    """A codec whose topics the venue has granted at second 0."""
    codec = codec_of(kind)
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe(topics)
    for number, _ in enumerate(codec.outgoing(0.0), 1):
        hear(codec, f"granted {number}")
    return codec


def hear(codec: MarketCodec, *frames: Frame) -> tuple[StreamEvent, ...]:
    return tuple(event for frame in frames for event in codec.receive(frame, RECEIVED_NS))
