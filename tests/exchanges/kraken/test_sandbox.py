"""Kraken's server side where clients of another make would notice."""

import json
from random import Random
from typing import Any, Final

import pytest

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

VENUE: Final = VENUES["kraken"]
START_NS: Final = 1_767_225_600 * NS_PER_S


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    return VENUE.sandbox()(["BTC/USD", "DOGE/USDT"], world, Random("test"), START_NS)


@pytest.fixture
def session(venue: SandboxVenue) -> SandboxSession:
    return venue.open_session("public")


def taken(session: SandboxSession) -> list[dict[str, Any]]:
    return [json.loads(outgoing.frame) for outgoing in session.take()]


def ask(
    session: SandboxSession, *symbols: str, method: str = "subscribe", **about: object
) -> list[dict[str, Any]]:
    request = {"method": method, "params": {"symbol": symbols, **about}, "req_id": 5}
    session.receive(json.dumps(request), START_NS)
    return taken(session)


def test_server_tells_its_state_first_and_speaks_once_something_is_subscribed(
    venue: SandboxVenue, session: SandboxSession
) -> None:
    session.greet(START_NS)
    assert [frame["channel"] for frame in taken(session)] == ["status"]
    session.tick(START_NS + 5 * NS_PER_S)
    assert taken(session) == []
    ask(session, "BTC/USD", channel="trade")
    session.tick(START_NS + 6 * NS_PER_S)
    assert taken(session) == [{"channel": "heartbeat"}]


def test_each_symbol_is_answered_by_itself(session: SandboxSession) -> None:
    granted, start, refused = ask(session, "BTC/USD", "NO/PE", channel="book", depth=25)
    assert (granted["success"], granted["req_id"]) == (True, 5)
    assert granted["result"] == {"channel": "book", "depth": 25, "symbol": "BTC/USD"}
    assert len(start["data"][0]["bids"]) == 25
    assert refused["error"] == "Currency pair not supported NO/PE"
    (again,) = ask(session, "BTC/USD", channel="book", depth=25)
    assert again["error"] == "Already subscribed"
    (ended,) = ask(session, "BTC/USD", channel="book", depth=25, method="unsubscribe")
    assert (ended["method"], ended["success"]) == ("unsubscribe", True)
    assert session.streams == {}


@pytest.mark.parametrize(("channel", "rows"), [("ticker", 1), ("ohlc", 3), ("trade", 0)])
def test_past_is_told_unless_it_is_not_wanted(
    session: SandboxSession, channel: str, rows: int
) -> None:
    _, *told = ask(session, "BTC/USD", channel=channel)
    assert sum(len(frame["data"]) for frame in told) == rows
    ask(session, "BTC/USD", channel=channel, method="unsubscribe")
    assert len(ask(session, "BTC/USD", channel=channel, snapshot=False)) == 1


def test_numbers_have_all_their_digits(session: SandboxSession) -> None:
    request = {"method": "subscribe", "params": {"channel": "book", "symbol": ["DOGE/USDT"]}}
    session.receive(json.dumps(request), START_NS)
    *_, book = session.take()
    assert isinstance(book.frame, str)
    assert '{"price":0.1' in book.frame
    assert '"timestamp":"2026-01-01T00:00:00.000000Z"' in book.frame


@pytest.mark.parametrize(
    ("name", "pair_id"),
    [("XBTUSD", "XXBTZUSD"), ("XXBTZUSD", "XXBTZUSD"), ("XDGUSDT", "XDGUSDT")],
)
def test_result_is_keyed_by_the_id_of_the_pair(
    venue: SandboxVenue, name: str, pair_id: str
) -> None:
    query = {"pair": name, "count": "3"}
    request = SandboxRequest(
        endpoint="rest", method="GET", path="/0/public/Depth", query=query, now_ns=START_NS
    )
    (key,) = json.loads(venue.answer(request).body)["result"]
    assert key == pair_id


def test_tickers_of_all_pairs_are_told_apart_by_their_ids(venue: SandboxVenue) -> None:
    known = Instruments(market.instrument for market in venue.markets.values())
    request = VENUE.rest.tickers(Kind.SPOT, known.native)
    tickers = request.read(answer(venue, request, START_NS))
    assert [ticker.instrument.symbol for ticker in tickers] == ["BTC/USD", "DOGE/USDT"]
