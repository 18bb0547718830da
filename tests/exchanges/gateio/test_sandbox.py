"""Gate.io's server side where clients of another make would notice."""

import json
from collections.abc import Iterable
from random import Random
from typing import Any, Final

import pytest

from actors.books.order_book import OrderBook
from exchanges import VENUES
from exchanges.market.events import Event, StreamEvent
from exchanges.market.instrument import Instruments
from exchanges.market.numbers import NS_PER_S
from exchanges.replies.response import Response
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

VENUE: Final = VENUES["gateio"]
START_NS: Final = 1_767_225_600 * NS_PER_S
START_S: Final = START_NS // NS_PER_S


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    return VENUE.sandbox()(["BTC/USDT", "ETH/USDT"], world, Random("test"), START_NS)


@pytest.fixture
def session(venue: SandboxVenue) -> SandboxSession:
    return venue.open_session("stream")


def ask(
    session: SandboxSession, channel: str, *payload: str, event: str = "subscribe", **changes: Any
) -> None:
    request = {"time": START_S, "id": 7, "channel": channel, "event": event, "payload": payload}
    session.receive(json.dumps({**request, **changes}), START_NS)


def said(session: SandboxSession) -> list[dict[str, Any]]:
    return [json.loads(outgoing.frame) for outgoing in session.take()]


def refusal(session: SandboxSession) -> str:
    (answer,) = said(session)
    assert (answer["id"], answer["result"], answer["error"]["code"]) == (7, {"status": "fail"}, 2)
    message = answer["error"]["message"]
    assert isinstance(message, str)
    return message


def follow(book: OrderBook, events: Iterable[StreamEvent]) -> None:
    for event in events:
        assert isinstance(event, Event)
        book.apply(event)


@pytest.mark.parametrize(
    ("channel", "payload", "depth"),
    [
        ("spot.obu", ["ob.BTC_USDT.50"], 50),
        ("spot.obu", ["ob.BTC_USDT.400"], 400),
        ("spot.order_book_update", ["BTC_USDT", "100ms"], 100),
    ],
)
def test_book_is_told_as_deep_as_it_was_asked_for(
    venue: SandboxVenue, session: SandboxSession, channel: str, payload: list[str], depth: int
) -> None:
    market = venue.markets["BTC/USDT"]
    book = OrderBook(market.instrument)
    codec = VENUE.codec(VENUE.streams[0], Instruments([market.instrument]), listening=True)
    price, size = market.synthetic.ticks.number, market.synthetic.lots.number
    ask(session, channel, *payload)
    if channel == "spot.order_book_update":
        venue.step(START_NS + 1)
        for outgoing in session.take():
            follow(book, codec.receive(outgoing.frame, START_NS))
        request = VENUE.rest.book(market.instrument)
        reply = venue.answer(
            SandboxRequest(
                endpoint=request.endpoint,
                method=request.method,
                path=request.path,
                query=dict(request.query),
                now_ns=START_NS,
            )
        )
        start = request.read(Response(status=200, body=reply.body, received_ns=START_NS))
        follow(book, codec.start(start))
    for step in range(1, 100):
        venue.step(START_NS + step * NS_PER_S // 10)
        for outgoing in session.take():
            follow(book, codec.receive(outgoing.frame, START_NS))
        now = market.depth(depth)
        assert book.bids(1000) == [(price(ticks), size(lots)) for ticks, lots in now.bids]
        assert book.asks(1000) == [(price(ticks), size(lots)) for ticks, lots in now.asks]
    assert (book.snapshots, book.losses.total()) == (1, 0)


@pytest.mark.parametrize(
    ("channel", "payload"),
    [
        ("spot.trades", ["NOPE_USDT"]),
        ("spot.trades", ["BTCUSDT"]),
        ("spot.nope", ["BTC_USDT"]),
        ("spot.obu", ["ob.BTC_USDT.100"]),
        ("spot.obu", ["BTC_USDT"]),
        ("spot.order_book_update", ["BTC_USDT", "1000ms"]),
        ("spot.candlesticks", ["3m", "BTC_USDT"]),
    ],
)
def test_what_the_venue_has_not_is_refused(
    session: SandboxSession, channel: str, payload: list[str]
) -> None:
    ask(session, channel, *payload)
    assert refusal(session).startswith("unknown currency pair: ")
    assert session.streams == {}


def test_one_unknown_pair_refuses_the_whole_request(session: SandboxSession) -> None:
    ask(session, "spot.trades", "BTC_USDT", "NOPE_USDT", "ETH_USDT")
    assert refusal(session) == "unknown currency pair: NOPE_USDT"
    assert session.streams == {}


def test_book_can_be_had_once_at_a_time(session: SandboxSession) -> None:
    ask(session, "spot.obu", "ob.BTC_USDT.400")
    answer, first = said(session)
    assert answer["result"] == {"status": "success"}
    assert first["result"]["full"] is True
    ask(session, "spot.obu", "ob.BTC_USDT.400")
    assert refusal(session) == "Alert sub ob.BTC_USDT.400"
    ask(session, "spot.obu", "ob.BTC_USDT.400", event="unsubscribe")
    (answer,) = said(session)
    assert (answer["event"], answer["result"]) == ("unsubscribe", {"status": "success"})
    ask(session, "spot.obu", "ob.BTC_USDT.400")
    answer, first = said(session)
    assert first["result"]["full"] is True


@pytest.mark.parametrize("late_s", [-61, 61])
def test_request_of_another_time_is_refused(session: SandboxSession, late_s: int) -> None:
    ask(session, "spot.trades", "BTC_USDT", time=START_S + late_s)
    assert refusal(session) == "request expired"
