"""Every venue's client against its own server, without sockets: what one side says, the other
understands, and what is lost between them never leaves a wrong book behind.

A venue takes part by being in `VENUES`.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from random import Random
from typing import Any, Final, TypeVar

import pytest
from msgspec.structs import replace

from actors.faults import FrameFault, FrameFaults
from actors.order_book import OrderBook
from exchanges import VENUES
from exchanges.errors import (
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    RateLimited,
    StreamStale,
    VenueProtocolError,
)
from exchanges.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Fault,
    Funding,
    Kline,
    KlineInterval,
    Level,
    MarkPrice,
    OpenInterest,
    StreamEvent,
    Subscription,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.instrument import Instrument, Instruments, Kind
from exchanges.matching import Match, MatchingEngine
from exchanges.numbers import NS_PER_S
from exchanges.orders import Side
from exchanges.rest import Request, Response
from exchanges.sandbox import SandboxMarket, SandboxRequest, SandboxVenue
from exchanges.stream import Channel, Stream, Topic
from exchanges.synthetic import Candle
from exchanges.venue import Venue
from exchanges.world import World
from tests.exchanges.transcripts import PRESENT, market

T = TypeVar("T")

START_NS: Final = 1_767_225_600 * NS_PER_S
STEP_NS: Final = NS_PER_S // 10
SYMBOLS: Final = ("BTC/USDT", "ETH/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT")
ALL: Final = 10_000
"""More levels than any book here has."""


def streams(channel: Channel | None = None) -> pytest.MarkDecorator:
    """Every stream of every venue, or every one that carries the channel."""
    found = [
        pytest.param(name, stream, id=f"{name} {stream.name}")
        for name in PRESENT
        for stream in VENUES[name].streams
        if channel is None or channel in stream.channels
    ]
    return pytest.mark.parametrize(("name", "stream"), found)


every_venue = pytest.mark.parametrize("name", PRESENT)
every_stream = streams()
every_book_stream = streams(Channel.BOOK)

PERPETUAL_ONLY: Final = frozenset({"funding", "mark price", "open interest"})
NEWS: Final[Mapping[Channel, type[Event]]] = {
    Channel.BOOK: BookDelta,
    Channel.TOP: Top,
    Channel.TRADES: Trade,
    Channel.TICKER: Ticker,
    Channel.KLINES: Kline,
    Channel.FUNDING: Funding,
    Channel.MARK_PRICE: MarkPrice,
    Channel.OPEN_INTEREST: OpenInterest,
}


def open_sandbox(name: str, symbols: Sequence[str] = SYMBOLS) -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    return VENUES[name].sandbox()(symbols, world, Random(f"test {name}"), START_NS)


def ask(sandbox: SandboxVenue, request: Request[T], now_ns: int = START_NS) -> T:
    """What the client reads in the server's answer."""
    reply = sandbox.answer(
        SandboxRequest(
            endpoint=request.endpoint,
            method=request.method,
            path=request.path,
            query=dict(request.query),
            now_ns=now_ns,
        )
    )
    response = Response(
        status=reply.status, body=reply.body, received_ns=now_ns, headers=dict(reply.headers)
    )
    return request.read(response)


def instruments_of(venue: Venue, sandbox: SandboxVenue) -> list[Instrument]:
    return [
        each for request in venue.rest.instruments() for each in ask(sandbox, request).instruments
    ]


def with_funding(
    venue: Venue, sandbox: SandboxVenue, instruments: list[Instrument]
) -> list[Instrument]:
    """The instruments with their funding intervals, where the lists leave them out."""
    request = venue.rest.funding_intervals()
    if request is None:
        return instruments
    intervals_s, default_s = ask(sandbox, request), venue.rest.default_funding_s
    return [
        replace(each, funding_interval_s=intervals_s.get(each.native, default_s))
        if each.settle
        else each
        for each in instruments
    ]


# What the markets of the server are, in the client's terms.


def levels_of(one: SandboxMarket, count: int = ALL) -> tuple[list[Level], list[Level]]:
    """The best levels of both sides."""
    depth, price, size = one.depth(count), one.synthetic.ticks, one.synthetic.lots
    bids, asks = (
        [(price.number(ticks), size.number(lots)) for ticks, lots in side]
        for side in (depth.bids, depth.asks)
    )
    return rounded(bids), rounded(asks)


def rounded(levels: Sequence[Level]) -> list[Level]:
    """Sizes that were contracts on the way have lost their last binary digit."""
    return [(price, float(f"{size:.12g}")) for price, size in levels]


def check_trades(one: SandboxMarket, trades: Sequence[Trade], matches: Sequence[Match]) -> None:
    """Raise unless the trades are the market's, one by one; not every venue numbers them."""
    price, size = one.synthetic.ticks.number, one.synthetic.lots.number
    assert [(trade.price, trade.side) for trade in trades] == [
        (price(match.price), match.side) for match in matches
    ]
    for trade, match in zip(trades, matches, strict=True):
        assert trade.size == pytest.approx(size(match.size), rel=1e-12)
        assert trade.trade_id in ("", str(match.trade_id))
        assert trade.venue_ns == match.time_ns


# A client and the server's side of its socket.


class Link:
    """One codec and the session that it talks to, in simulated time.

    Attributes:
        events: all that the codec has told.
        books, windows: those that the events make, and how many levels of them are kept.
        states: for each market, the books that it has had in the last seconds, newest first.
        live: whether the server's frames arrive.
    """

    def __init__(self, venue: Venue, sandbox: SandboxVenue, stream: Stream) -> None:
        instruments = with_funding(venue, sandbox, instruments_of(venue, sandbox))
        self.codec = venue.codec(stream, Instruments(instruments))
        self.sandbox = sandbox
        self.faults = FrameFaults()
        self.events: list[StreamEvent] = []
        self.books: dict[str, OrderBook] = {}
        self.windows: dict[str, int] = {}
        self.states: dict[str, deque[tuple[list[Level], list[Level]]]] = {}
        self.live = True
        self.now_ns = START_NS
        self.session = sandbox.open_session(stream.name)
        self.session.greet(self.now_ns)
        self._checksum = venue.checksum
        sandbox.sessions.add(self.session)
        self._note_states()

    @property
    def now_s(self) -> float:
        return (self.now_ns - START_NS) / NS_PER_S

    def run(self, seconds: float) -> None:
        """Let the markets live on, and both sides talk."""
        for _ in range(round(seconds * NS_PER_S / STEP_NS)):
            self.now_ns += STEP_NS
            self.sandbox.step(self.now_ns)
            self._note_states()
            self.talk()

    def talk(self) -> None:
        """Let both sides say what they have to say, until neither has."""
        self._take(self.codec.expire(self.now_s, self.now_ns))
        while True:
            frames = self.codec.outgoing(self.now_s)
            for frame in frames:
                self.session.receive(frame, self.now_ns)
            arrived = self.faults.pass_on(self.session.take())
            for frame in arrived if self.live else ():
                self._receive(frame)
            requests = self.codec.requests(self.now_s)
            for request in requests:
                self._fetch(request)
            if not frames and not arrived and not requests:
                return

    def check_books(self) -> None:
        """Raise if a book can be read that the market has not had."""
        for symbol, book in self.books.items():
            if book.is_live:
                window = self.windows[symbol] or ALL
                bids, asks = rounded(book.bids(ALL)), rounded(book.asks(ALL))
                assert any(
                    bids == had_bids[:window] and asks == had_asks[:window]
                    for had_bids, had_asks in self.states[symbol]
                ), f"{symbol} is wrong at {self.now_s} s"

    def assert_books_are_now(self) -> None:
        """Raise unless every book is live and what the market's is at this moment."""
        for symbol, book in self.books.items():
            window = self.windows[symbol] or ALL
            now = levels_of(self.sandbox.markets[symbol], window)
            assert (rounded(book.bids(ALL)), rounded(book.asks(ALL))) == now

    def _receive(self, frame: str | bytes) -> None:
        try:
            self._take(self.codec.receive(frame, self.now_ns))
        except VenueProtocolError as error:
            self._take(self.codec.resync(error.symbol, Fault.BAD_FRAME, "", self.now_ns))

    def _fetch(self, request: Request[BookSnapshot]) -> None:
        try:
            snapshot = ask(self.sandbox, request, self.now_ns)
        except ExchangeError:
            self.codec.fail(request)
        else:
            self._take(self.codec.answer(request, snapshot))

    def _take(self, events: Sequence[StreamEvent]) -> None:
        self.events += events
        for event in events:
            if isinstance(event, BookSnapshot | BookDelta | BookLost):
                symbol = event.instrument.symbol
                if symbol not in self.books:
                    self.books[symbol] = OrderBook(event.instrument, self._checksum)
                if isinstance(event, BookSnapshot):
                    self.windows[symbol] = event.window
                self.books[symbol].apply(event)
                self.check_books()

    def _note_states(self) -> None:
        for symbol, one in self.sandbox.markets.items():
            states = self.states.setdefault(symbol, deque(maxlen=100))
            states.appendleft(levels_of(one))


def open_link(name: str, stream: Stream, topics: Sequence[Topic] | None = None) -> Link:
    """A client that is connected and has asked for `topics`: by default for everything."""
    venue, sandbox = VENUES[name], open_sandbox(name)
    link = Link(venue, sandbox, stream)
    link.codec.subscribe(all_topics(stream, sandbox) if topics is None else topics)
    link.talk()
    return link


def all_topics(stream: Stream, sandbox: SandboxVenue) -> list[Topic]:
    return [
        Topic(channel, symbol, KlineInterval.M1 if channel is Channel.KLINES else None)
        for symbol, one in sandbox.markets.items()
        for channel in sorted(stream.channels)
        if one.instrument.kind in stream.kinds
    ]


def books_of(name: str, stream: Stream) -> list[Topic]:
    topics = all_topics(stream, open_sandbox(name))
    return [topic for topic in topics if topic.channel is Channel.BOOK]


# REST.


@every_venue
def test_client_reads_the_instruments_that_the_server_has(name: str) -> None:
    sandbox = open_sandbox(name)
    listed = {each.symbol: each for each in instruments_of(VENUES[name], sandbox)}
    assert listed == {symbol: one.instrument for symbol, one in sandbox.markets.items()}
    assert {each.kind for each in listed.values()} == set(VENUES[name].kinds)


@pytest.mark.parametrize(
    ("name", "own", "usual"),
    [(name, own, usual) for name in PRESENT for own, usual in VENUES[name].assets.items()],
)
def test_asset_that_the_venue_calls_differently_has_its_usual_name(
    name: str, own: str, usual: str
) -> None:
    sandbox = open_sandbox(name, [f"{usual}/USDT"])
    (instrument,) = instruments_of(VENUES[name], sandbox)
    assert (instrument.symbol, instrument.base) == (f"{usual}/USDT", usual)
    assert instrument.native.startswith(own)
    guessed = VENUES[name].guess(Kind.SPOT, instrument.native)
    assert guessed is not None
    assert guessed.symbol == instrument.symbol


@every_venue
@pytest.mark.parametrize("symbol", ["PEPE/USDT", "SHIB/BTC", "BTC/SHIB", "X/USDT"])
def test_rules_of_any_price_survive_the_wire(name: str, symbol: str) -> None:
    sandbox = open_sandbox(name, [symbol])
    assert instruments_of(VENUES[name], sandbox) == [sandbox.markets[symbol].instrument]


def requests_about(venue: Venue, instrument: Instrument) -> Iterator[Request[Any]]:
    rest = venue.rest
    offers = (
        rest.book,
        rest.trades,
        rest.ticker,
        lambda one: rest.klines(one, KlineInterval.M1),
        rest.funding,
        rest.mark_price,
        rest.open_interest,
    )
    for offer in offers:
        try:
            yield offer(instrument)
        except CodecUsageError:
            continue


@every_venue
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_answer_to_every_request_is_the_state_of_the_market(name: str, symbol: str) -> None:
    venue, sandbox = VENUES[name], open_sandbox(name)
    one = sandbox.markets.get(symbol)
    if one is None:
        assert Kind.PERPETUAL not in venue.kinds
        return
    now_ns = START_NS + 5 * NS_PER_S
    sandbox.step(now_ns)
    answers = {
        request.name: ask(sandbox, request, now_ns)
        for request in requests_about(venue, one.instrument)
        if one.instrument.kind is Kind.PERPETUAL or request.name not in PERPETUAL_ONLY
    }
    book, (bids, asks) = answers.pop("book"), levels_of(one)
    assert min(len(book.bids), len(book.asks)) >= 20
    assert rounded(book.bids) == bids[: len(book.bids)]
    assert rounded(book.asks) == asks[: len(book.asks)]
    if trades := answers.pop("trades", []):
        check_trades(one, trades, list(one.synthetic.statistics.trades)[-len(trades) :])
    if klines := answers.pop("klines", []):
        candles = one.synthetic.statistics.candles(KlineInterval.M1)[-len(klines) :]
        for kline, candle in zip(klines, candles, strict=True):
            check_kline(one, kline, candle)
            assert kline.closed in (None, candle is not candles[-1])
    for value in answers.values():
        check_state(one, value)


@every_venue
def test_server_tells_its_time(name: str) -> None:
    sandbox, now_ns = open_sandbox(name), START_NS + 123_000_000
    assert ask(sandbox, VENUES[name].rest.server_time(), now_ns) == now_ns
    ask(sandbox, VENUES[name].rest.ping(), now_ns)


@every_venue
def test_busy_server_is_a_rate_limit(name: str) -> None:
    sandbox = open_sandbox(name)
    sandbox.busy = 1
    with pytest.raises(RateLimited):
        ask(sandbox, VENUES[name].rest.server_time())
    ask(sandbox, VENUES[name].rest.server_time())


@every_venue
def test_unknown_market_is_an_invalid_symbol(name: str) -> None:
    unknown = market("NOPE/USDT", "NOPEUSDT", venue=name)
    with pytest.raises(InvalidSymbol):
        ask(open_sandbox(name), VENUES[name].rest.book(unknown))


@every_venue
def test_unknown_path_is_an_error(name: str) -> None:
    request = SandboxRequest(endpoint="rest", method="GET", path="/nope", query={}, now_ns=START_NS)
    reply = open_sandbox(name).answer(request)
    response = Response(status=reply.status, body=reply.body, received_ns=START_NS)
    with pytest.raises(ExchangeError):
        VENUES[name].rest.server_time().read(response)


# Streams.


@every_stream
def test_every_topic_is_granted_and_every_book_comes_alive(name: str, stream: Stream) -> None:
    link = open_link(name, stream)
    link.run(10)
    refused = [
        event
        for event in link.events
        if isinstance(event, Subscription) and event.state is not SubscriptionState.SUBSCRIBED
    ]
    assert refused == []
    assert link.codec.is_settled
    assert set(link.codec.topics) == set(all_topics(stream, link.sandbox))
    link.assert_books_are_now()


@every_book_stream
def test_book_is_the_markets_at_every_moment(name: str, stream: Stream) -> None:
    link = open_link(name, stream, books_of(name, stream))
    link.run(5)
    assert len(link.books) == len(books_of(name, stream))
    for _ in range(50):
        link.run(0.1)
        link.assert_books_are_now()
    assert not any(isinstance(event, BookLost) for event in link.events)


@streams(Channel.TRADES)
def test_trades_are_those_of_the_market(name: str, stream: Stream) -> None:
    link = open_link(name, stream)
    link.run(5)
    link.events.clear()
    since_ns = link.now_ns
    link.run(10)
    trades = [event for event in link.events if isinstance(event, Trade)]
    assert trades
    for symbol, one in link.sandbox.markets.items():
        if one.instrument.kind in stream.kinds:
            check_trades(
                one,
                [trade for trade in trades if trade.instrument.symbol == symbol],
                [each for each in one.synthetic.statistics.trades if each.time_ns > since_ns],
            )


@every_stream
def test_news_are_the_state_of_the_market_when_they_come(name: str, stream: Stream) -> None:
    link = open_link(name, stream)
    link.run(3)
    told: set[tuple[str, type[Event]]] = set()
    for _ in range(70):
        link.events.clear()
        link.run(0.1)
        for event in link.events:
            if isinstance(event, Event):
                check_state(link.sandbox.markets[event.instrument.symbol], event)
                told.add((event.instrument.symbol, type(event)))
    expected = {
        (topic.symbol, NEWS[topic.channel])
        for topic in all_topics(stream, link.sandbox)
        if topic.channel is not Channel.LIQUIDATIONS  # nobody is liquidated here
    }
    assert expected <= told


def check_state(one: SandboxMarket, event: Event) -> None:
    """Raise unless a number that the event tells is the market's now."""
    price, size = one.synthetic.ticks.number, one.synthetic.lots.number
    match event:
        case Top():
            ((bid, bid_size), *_), ((ask, ask_size), *_) = levels_of(one, 1)
            assert (event.bid, event.ask) == (bid, ask)
            assert rounded([(bid, event.bid_size), (ask, event.ask_size)]) == [
                (bid, bid_size),
                (ask, ask_size),
            ]
        case Ticker():
            day, ((bid, _), *_), ((ask, _), *_) = (
                one.synthetic.statistics.day(),
                *levels_of(one, 1),
            )
            assert event.last == price(day.close)
            assert event.bid in (None, bid)
            assert event.ask in (None, ask)
            assert (event.high, event.low) == (price(day.high), price(day.low))
            assert event.volume == pytest.approx(size(day.volume))
            if event.quote_volume is not None:
                assert event.quote_volume == pytest.approx(one.synthetic.values.number(day.value))
            assert event.change == pytest.approx(day.close / day.open - 1, abs=1e-4)
        case Kline():
            assert event.closed is not True
            check_kline(one, event, one.synthetic.statistics.candle(event.interval))
        case Funding():
            state = one.synthetic.perpetual()
            assert event.rate == pytest.approx(state.funding_rate, abs=1e-8)
            assert event.interval_s == state.funding_interval_s
            assert event.next_ns == state.next_funding_ns
        case MarkPrice():
            state = one.synthetic.perpetual()
            assert event.mark == price(state.mark)
            assert event.index in (None, price(state.index))
        case OpenInterest():
            assert event.size == pytest.approx(size(one.synthetic.perpetual().open_interest))
        case BookSnapshot() | BookDelta() | Trade() | Subscription():
            pass  # tested by themselves
        case _:
            raise AssertionError(f"a sandbox told {event}")


def check_kline(one: SandboxMarket, kline: Kline, candle: Candle) -> None:
    price, size = one.synthetic.ticks.number, one.synthetic.lots.number
    assert kline.open_ns == candle.open_ns
    assert (kline.open, kline.high, kline.low, kline.close) == (
        price(candle.open),
        price(candle.high),
        price(candle.low),
        price(candle.close),
    )
    assert kline.volume == pytest.approx(size(candle.volume))
    if kline.quote_volume is not None:
        assert kline.quote_volume == pytest.approx(one.synthetic.values.number(candle.value))
    assert kline.trades in (None, candle.trades)


@streams(Channel.TOP)
def test_side_that_is_empty_has_neither_price_nor_size(name: str, stream: Stream) -> None:
    topics = [
        topic for topic in all_topics(stream, open_sandbox(name)) if topic.channel is Channel.TOP
    ]
    link = open_link(name, stream, topics)
    link.run(5)
    link.events.clear()
    for topic in topics:
        one = link.sandbox.markets[topic.symbol]
        for side in Side:  # bids first
            cancel_all(one.synthetic.engine, side)
            link.session.publish(one, one.synthetic.publish(link.now_ns), link.now_ns)
    link.talk()
    tops = [event for event in link.events if isinstance(event, Top)]
    assert len(tops) == 2 * len(topics)
    for without_bids, empty in zip(tops[::2], tops[1::2], strict=True):
        assert (without_bids.bid, without_bids.bid_size) == (0.0, 0.0)
        assert 0.0 < without_bids.ask < inf
        assert without_bids.ask_size > 0.0
        assert (empty.bid, empty.bid_size, empty.ask, empty.ask_size) == (0.0, 0.0, inf, 0.0)


def cancel_all(engine: MatchingEngine, side: Side) -> None:
    book = engine.side(side)
    for order in [order for price in list(book) for order in book.orders_at(price)]:
        engine.cancel(order.order_id)


@every_stream
def test_ended_topics_fall_silent(name: str, stream: Stream) -> None:
    link = open_link(name, stream)
    link.run(5)
    link.codec.unsubscribe(link.codec.topics)
    link.run(1)
    link.events.clear()
    link.run(5)
    assert link.events == []
    assert link.codec.is_settled


@every_stream
def test_refused_market_is_told_and_the_others_go_on(name: str, stream: Stream) -> None:
    venue, sandbox = VENUES[name], open_sandbox(name)
    kind = next(iter(sorted(stream.kinds)))
    bad, good = (one.instrument.symbol for one in sandbox.of_kind(kind))
    sandbox.refused.add(bad)
    link = Link(venue, sandbox, stream)
    channel = next(each for each in NEWS if each in stream.channels)
    interval = KlineInterval.M1 if channel is Channel.KLINES else None
    link.codec.subscribe([Topic(channel, symbol, interval) for symbol in (bad, good)])
    link.run(15)
    states = {
        event.instrument.symbol: event.state
        for event in link.events
        if isinstance(event, Subscription)
    }
    assert states[bad] is SubscriptionState.REFUSED
    assert states[good] is SubscriptionState.SUBSCRIBED
    assert [topic.symbol for topic in link.codec.topics] == [good]
    told = {event.instrument.symbol for event in link.events if isinstance(event, NEWS[channel])}
    assert told == {good}
    assert link.codec.is_settled


@every_stream
def test_quiet_connection_is_kept_by_heartbeats(name: str, stream: Stream) -> None:
    link = open_link(name, stream, [])
    for _ in range(600):
        link.now_ns += STEP_NS
        link.talk()
    assert link.codec.frames


@every_stream
def test_silent_server_is_noticed(name: str, stream: Stream) -> None:
    link = open_link(name, stream)
    link.run(5)
    link.live = False
    with pytest.raises(StreamStale):
        link.run(60)


# Faults on the way.


@every_book_stream
@pytest.mark.parametrize("fault", list(FrameFault))
def test_fault_never_leaves_a_wrong_book_and_the_book_comes_back(
    name: str, stream: Stream, fault: FrameFault
) -> None:
    link = open_link(name, stream, books_of(name, stream))
    link.run(5)
    for topic in books_of(name, stream):
        link.faults.arm(fault, symbol=topic.symbol, times=2)
    link.run(5)  # each event of a book checks it
    while not link.codec.is_settled:
        link.run(1)
        assert link.now_s < 60
    assert link.faults.done[fault] == 2 * len(link.books)
    link.assert_books_are_now()
    lost = {event.instrument.symbol for event in link.events if isinstance(event, BookLost)}
    assert lost == (set() if fault is FrameFault.DUPLICATE else set(link.books))


@every_book_stream
def test_loss_of_one_book_leaves_the_others_alone(name: str, stream: Stream) -> None:
    link = open_link(name, stream, books_of(name, stream))
    link.run(5)
    symbol, *others = link.books
    link.faults.arm(FrameFault.LOSE, symbol=symbol)
    link.events.clear()
    for _ in range(100):
        link.run(0.1)
        assert all(link.books[other].is_live for other in others)
    starts = [event.instrument.symbol for event in link.events if isinstance(event, BookSnapshot)]
    assert starts == [symbol]


@every_book_stream
def test_snapshot_that_cannot_be_had_is_asked_for_again(name: str, stream: Stream) -> None:
    link = open_link(name, stream, [])
    link.sandbox.busy = 3
    link.codec.subscribe(books_of(name, stream))
    link.run(20)
    link.assert_books_are_now()
    assert link.codec.is_settled


@every_book_stream
def test_new_connection_starts_with_a_new_book(name: str, stream: Stream) -> None:
    link = open_link(name, stream, books_of(name, stream))
    link.run(5)
    successor = Link(VENUES[name], link.sandbox, stream)
    successor.now_ns = link.now_ns
    successor.codec.subscribe(books_of(name, stream))
    successor.run(5)
    successor.assert_books_are_now()
    assert successor.books.keys() == link.books.keys()
