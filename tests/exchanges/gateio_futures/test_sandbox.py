"""Gate.io's futures server side where clients of another make would notice."""

import json
from random import Random
from typing import Any, Final

import pytest

from actors.books.order_book import OrderBook
from exchanges import VENUES
from exchanges.market.events import Event, StreamEvent
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.request import Request
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World
from tests.exchanges.transcripts import ok

VENUE: Final = VENUES["gateio_futures"]
START_NS: Final = 1_767_225_600 * NS_PER_S
BTC: Final = "BTC/USDT:USDT"


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    return VENUE.sandbox()([BTC, "ETH/USDT:USDT"], world, Random("test"), START_NS)


@pytest.fixture
def session(venue: SandboxVenue) -> SandboxSession:
    return venue.open_session("stream")


def ask(session: SandboxSession, channel: str, *payload: str) -> None:
    request = {"id": 7, "channel": channel, "event": "subscribe", "payload": payload}
    session.receive(json.dumps({**request, "time": START_NS // NS_PER_S}), START_NS)


def said(session: SandboxSession) -> list[dict[str, Any]]:
    return [json.loads(outgoing.frame) for outgoing in session.take()]


def answer(venue: SandboxVenue, request: Request[Any]) -> bytes:
    asked = SandboxRequest(
        endpoint=request.endpoint,
        method=request.method,
        path=request.path,
        query=dict(request.query),
        now_ns=START_NS,
    )
    return venue.answer(asked).body


def follow(book: OrderBook, events: tuple[StreamEvent, ...]) -> None:
    for event in events:
        assert isinstance(event, Event)
        book.apply(event)


def test_sizes_are_whole_contracts_as_strings(venue: SandboxVenue, session: SandboxSession) -> None:
    ask(session, "futures.obu", "ob.BTC_USDT.50")
    _, first = said(session)
    depth = venue.markets[BTC].depth(50)
    sizes = [size for _, size in first["result"]["b"]]
    assert sizes == [str(lots) for _, lots in depth.bids]
    assert venue.markets[BTC].instrument.contract_size == venue.markets[BTC].instrument.step


def test_older_book_stream_tells_levels_as_objects(
    venue: SandboxVenue, session: SandboxSession
) -> None:
    market = venue.markets[BTC]
    book = OrderBook(market.instrument)
    codec = VENUE.codec(VENUE.streams[0], Instruments([market.instrument]), listening=True)
    price, size = market.synthetic.ticks.number, market.synthetic.lots.number
    ask(session, "futures.order_book_update", "BTC_USDT", "100ms", "20")
    venue.step(START_NS + 1)
    frames = [outgoing.frame for outgoing in session.take()]
    assert json.loads(frames[-1])["result"]["l"] == "20"
    for frame in frames:
        codec.receive(frame, START_NS)
    request = VENUE.rest.book(market.instrument)
    follow(book, codec.start(request.read(ok(answer(venue, request)))))
    for step in range(1, 50):
        venue.step(START_NS + step * NS_PER_S // 10)
        for outgoing in session.take():
            follow(book, codec.receive(outgoing.frame, START_NS))
        bids = market.depth(20).bids
        assert [level for level, _ in book.bids(1000)] == [price(ticks) for ticks, _ in bids]
        assert [lots for _, lots in book.bids(1000)] == pytest.approx(
            [size(lots) for _, lots in bids]
        )
    assert book.losses.total() == 0


@pytest.mark.parametrize(
    ("channel", "payload"),
    [
        ("futures.trades", ["NOPE_USDT"]),
        ("spot.trades", ["BTC_USDT"]),
        ("futures.obu", ["ob.BTC_USDT.100"]),
        ("futures.order_book_update", ["BTC_USDT", "100ms", "400"]),
    ],
)
def test_what_the_venue_has_not_is_refused(
    session: SandboxSession, channel: str, payload: list[str]
) -> None:
    ask(session, channel, *payload)
    (refusal,) = said(session)
    assert refusal["error"]["message"].startswith("unknown contract ")
    assert session.streams == {}


def test_tickers_of_all_markets_and_past_charges_can_be_had(venue: SandboxVenue) -> None:
    markets = venue.markets.values()
    known = Instruments(market.instrument for market in markets)
    tickers = VENUE.rest.tickers(Kind.PERPETUAL, known.native)
    days = [market.synthetic.statistics.day() for market in markets]
    assert [ticker.last for ticker in tickers.read(ok(answer(venue, tickers)))] == [
        market.synthetic.ticks.number(day.close) for market, day in zip(markets, days, strict=True)
    ]
    history = VENUE.rest.funding_history(venue.markets[BTC].instrument, 3)
    charges = history.read(ok(answer(venue, history)))
    state = venue.markets[BTC].synthetic.perpetual()
    assert [charge.rate for charge in charges] == [state.funding_rate] * 3
    assert charges[-1].charged_ns == state.next_funding_ns - 28_800 * NS_PER_S
