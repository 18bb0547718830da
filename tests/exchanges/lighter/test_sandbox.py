"""Lighter's server side where clients of another make would notice."""

import json
from itertools import pairwise
from random import Random
from typing import Any, Final

import pytest

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.request import Request
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

VENUE: Final = VENUES["lighter"]
REST: Final = VENUE.rest
START_NS: Final = 1_767_225_600 * NS_PER_S
MARKETS: Final = ("BTC/USDC:USDC", "SOL/USDC:USDC", "BTC/USDT:USDT", "ETH/USDC", "BTC/USDC")
BTC: Final = MARKETS[0]


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    return VENUE.sandbox()(MARKETS, world, Random("test"), START_NS)


@pytest.fixture
def session(venue: SandboxVenue) -> SandboxSession:
    session = venue.open_session("public")
    session.greet(START_NS)
    assert [frame["type"] for frame in heard(session)] == ["connected"]
    return session


def ask(session: SandboxSession, verb: str, channel: str = "") -> list[Any]:
    session.receive(json.dumps({"type": verb, "channel": channel}), START_NS)
    return heard(session)


def heard(session: SandboxSession) -> list[Any]:
    return [json.loads(outgoing.frame) for outgoing in session.take()]


def read(venue: SandboxVenue, request: Request[Any]) -> Any:
    return request.read(answer(venue, request, START_NS))


def test_markets_have_numbers(venue: SandboxVenue) -> None:
    numbers = [one.instrument.native for one in venue.markets.values()]
    assert numbers == ["1", "2", "3", "2048", "2049"]


def test_ping_is_answered_and_sent(venue: SandboxVenue, session: SandboxSession) -> None:
    assert ask(session, "ping") == [{"type": "pong"}]
    venue.step(START_NS + 60 * NS_PER_S)
    assert heard(session) == [{"type": "ping"}]


def test_first_frame_is_the_answer_and_updates_are_linked(
    venue: SandboxVenue, session: SandboxSession
) -> None:
    (first,) = ask(session, "subscribe", "order_book/1")
    assert (first["type"], first["channel"]) == ("subscribed/order_book", "order_book:1")
    assert first["order_book"]["begin_nonce"] == 0
    frames = [first]
    for tenth in range(1, 4):
        venue.step(START_NS + tenth * NS_PER_S // 10)
        frames += heard(session)
    for before, after in pairwise(frames):
        assert after["type"] == "update/order_book"
        assert after["order_book"]["begin_nonce"] == before["order_book"]["nonce"]
        assert after["offset"] > before["offset"] + 1
    gone = {"type": "unsubscribed", "channel": "order_book:1"}
    assert ask(session, "unsubscribe", "order_book/1") == [gone]


@pytest.mark.parametrize(
    ("verb", "channel", "code"),
    [
        ("subscribe", "order_book/99", 30005),
        ("subscribe", "nope/1", 30005),
        ("subscribe", "candle/1/7m", 30005),
        ("subscribe", "spot_market_stats/1", 30005),
        ("subscribe", "ticker/2048", 30003),
        ("unsubscribe", "trade/1", 30002),
    ],
)
def test_error_names_no_request(
    session: SandboxSession, verb: str, channel: str, code: int
) -> None:
    ask(session, "subscribe", "ticker/2048")
    (frame,) = ask(session, verb, channel)
    assert frame["error"]["code"] == code
    session.receive("not JSON", START_NS)
    assert heard(session)[0]["error"]["code"] == 30000


def test_book_is_told_order_by_order(venue: SandboxVenue) -> None:
    market = venue.markets[BTC]
    request = REST.book(market.instrument, 3)
    reply = json.loads(answer(venue, request, START_NS).body)
    assert len(reply["bids"]) > len({order["price"] for order in reply["bids"]})
    bids = [(market.price(ticks), market.size(lots)) for ticks, lots in market.depth(3).bids]
    assert read(venue, request).bids == [(float(price), float(size)) for price, size in bids]


def test_both_kinds_are_listed_and_can_be_asked_for_apart(venue: SandboxVenue) -> None:
    (listing,) = REST.instruments()
    assert {one.symbol for one in read(venue, listing).instruments} == set(MARKETS)
    known = Instruments(market.instrument for market in venue.markets.values())
    tickers = read(venue, REST.tickers(Kind.SPOT, known.native))
    assert [ticker.instrument.symbol for ticker in tickers] == ["ETH/USDC", "BTC/USDC"]


def test_past_charges_end_with_the_last_hour(venue: SandboxVenue) -> None:
    market = venue.markets[BTC]
    charges = read(venue, REST.funding_history(market.instrument, 4))
    state = market.synthetic.perpetual()
    assert len(charges) == 4
    assert charges[-1].charged_ns == state.next_funding_ns - 3600 * NS_PER_S
    assert charges[-1].rate == pytest.approx(state.funding_rate, abs=1e-9)
