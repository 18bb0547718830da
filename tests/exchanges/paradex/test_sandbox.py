"""Paradex's server side where clients of another make would notice."""

import json
from itertools import pairwise
from random import Random
from typing import Any, Final

import pytest

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.request import Request
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

VENUE: Final = VENUES["paradex"]
REST: Final = VENUE.rest
START_NS: Final = 1_767_225_600 * NS_PER_S
MARKETS: Final = ("BTC/USD:USDC", "ETH/USD:USDC", "BTC/USDT:USDT", "BTC/USDT")
BTC: Final = MARKETS[0]
BOOK: Final = "order_book.BTC-USD-PERP.deltas"
INVALID: Final = -32600


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    return VENUE.sandbox()(MARKETS, world, Random("test"), START_NS)


@pytest.fixture
def session(venue: SandboxVenue) -> SandboxSession:
    return venue.open_session("public")


def ask(session: SandboxSession, method: str, channel: str, number: int = 1) -> list[Any]:
    request = {"jsonrpc": "2.0", "method": method, "params": {"channel": channel}, "id": number}
    session.receive(json.dumps(request), START_NS)
    return heard(session)


def heard(session: SandboxSession) -> list[Any]:
    return [json.loads(outgoing.frame) for outgoing in session.take()]


def told(frames: list[Any]) -> list[Any]:
    return [frame["params"]["data"] for frame in frames]


def read(venue: SandboxVenue, request: Request[Any]) -> Any:
    return request.read(answer(venue, request, START_NS))


def test_markets_have_names_and_settle_in_usdc(venue: SandboxVenue) -> None:
    names = [one.instrument.native for one in venue.markets.values()]
    assert names == ["BTC-USD-PERP", "ETH-USD-PERP", "BTC-USDT-PERP"]
    listed = {one.symbol for one in read(venue, REST.instruments()[0]).instruments}
    assert listed == {symbol for symbol in MARKETS if ":" in symbol}


def test_book_begins_after_the_answer_and_its_numbers_rise_by_one(
    venue: SandboxVenue, session: SandboxSession
) -> None:
    grant, first = ask(session, "subscribe", BOOK, 7)
    assert (grant["id"], grant["result"]) == (7, {"channel": BOOK})
    frames = told([first])
    assert (frames[0]["update_type"], frames[0]["deletes"]) == ("s", [])
    for tenth in range(1, 30):
        venue.step(START_NS + tenth * NS_PER_S // 10)
        frames += told(heard(session))
    assert len(frames) > 20
    for before, after in pairwise(frames):
        assert (after["update_type"], after["seq_no"]) == ("d", before["seq_no"] + 1)
    known = {(row["side"], row["price"]) for row in frames[0]["inserts"]}
    for frame in frames[1:]:
        inserts, updates, deletes = (
            {(row["side"], row["price"]) for row in frame[name]}
            for name in ("inserts", "updates", "deletes")
        )
        assert not inserts & known
        assert updates <= known
        assert deletes <= known
        known = (known | inserts) - deletes
    assert read(venue, REST.book(venue.markets[BTC].instrument)).sequence == frames[-1]["seq_no"]


def test_books_of_all_sessions_have_the_same_numbers(venue: SandboxVenue) -> None:
    sessions = [venue.open_session("public") for _ in range(2)]
    starts = [told(ask(one, "subscribe", BOOK)[1:])[0]["seq_no"] for one in sessions]
    ask(sessions[0], "subscribe", "bbo.BTC-USD-PERP", 2)
    venue.step(START_NS + NS_PER_S)
    numbers = [[data["seq_no"] for data in told(heard(one))] for one in sessions]
    assert starts[0] == starts[1]
    assert {*numbers[0], *numbers[1]} == {starts[0] + 1}


@pytest.mark.parametrize(
    ("method", "channel", "code"),
    [
        ("subscribe", "order_book.NOPE-USD-PERP.deltas", INVALID),
        ("subscribe", "order_book.BTC-USD-PERP.deltas@15@50ms", INVALID),
        ("subscribe", "nope.BTC-USD-PERP", INVALID),
        ("subscribe", BOOK, INVALID),
        ("unsubscribe", "bbo.ALL", INVALID),
        ("nope", BOOK, -32601),
    ],
)
def test_error_names_its_request(
    session: SandboxSession, method: str, channel: str, code: int
) -> None:
    ask(session, "subscribe", BOOK)
    (frame,) = ask(session, method, channel, 5)
    assert (frame["id"], frame["error"]["code"]) == (5, code)
    session.receive("not JSON", START_NS)
    (frame,) = heard(session)
    assert (frame["id"], frame["error"]["code"]) == (None, -32700)


def test_what_was_begun_can_be_ended_once(session: SandboxSession) -> None:
    ask(session, "subscribe", BOOK)
    (granted,) = ask(session, "unsubscribe", BOOK, 2)
    assert granted["result"] == {"channel": BOOK}
    (refused,) = ask(session, "unsubscribe", BOOK, 3)
    assert refused["error"]["code"] == INVALID


def test_summary_must_name_a_market_or_all(venue: SandboxVenue) -> None:
    request = REST.tickers(Kind.PERPETUAL, lambda *_: None)
    assert len(json.loads(answer(venue, request, START_NS).body)["results"]) == 3


def test_charges_are_of_whole_periods(venue: SandboxVenue) -> None:
    market = venue.markets[BTC]
    charges = read(venue, REST.funding_history(market.instrument, 3))
    rate = market.synthetic.perpetual().funding_rate
    assert [one.rate for one in charges] == pytest.approx([rate] * 3)
    assert charges[-1].charged_ns == START_NS
    assert charges[1].charged_ns - charges[0].charged_ns == 8 * 3600 * NS_PER_S
