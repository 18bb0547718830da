"""Paradex's server side where clients of another make would notice."""

import json
from decimal import Decimal
from itertools import pairwise
from random import Random
from struct import Struct
from typing import Any, Final

import pytest

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.market.events import FundingCharge
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.paradex import sbe
from exchanges.paradex.sbe import Message
from exchanges.rest.request import Request, Rows
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
HEAD: Final = Struct("<qqB")


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
    """Answers as they are, frames of data in their parts."""
    frames = [outgoing.frame for outgoing in session.take()]
    return [json.loads(one) if isinstance(one, str) else sbe.read(one) for one in frames]


def number_of(message: Message) -> int:
    return message.fields(HEAD)[1]


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
    frames = [first]
    for tenth in range(1, 30):
        venue.step(START_NS + tenth * NS_PER_S // 10)
        frames += heard(session)
    assert len(frames) > 20
    kinds = [frame.fields(HEAD)[2] for frame in frames]
    assert kinds == [0] + [1] * (len(frames) - 1)
    for before, after in pairwise(map(number_of, frames)):
        assert after == before + 1
    assert not any(size == 0 for side in (0, 1) for _, size in first.levels(side))
    depth = read(venue, REST.book(venue.markets[BTC].instrument, 1000))
    assert depth.sequence == number_of(frames[-1])
    for side, told in enumerate((depth.bids, depth.asks)):
        levels = dict(first.levels(side))
        for frame in frames[1:]:
            levels |= dict(frame.levels(side))
        assert {level for level in levels.items() if level[1]} == set(told)


def test_books_of_all_sessions_have_the_same_numbers(venue: SandboxVenue) -> None:
    sessions = [venue.open_session("public") for _ in range(2)]
    starts = [number_of(ask(one, "subscribe", BOOK)[1]) for one in sessions]
    ask(sessions[0], "subscribe", "bbo.BTC-USD-PERP", 2)
    venue.step(START_NS + NS_PER_S)
    numbers = [[number_of(message) for message in heard(one)] for one in sessions]
    assert starts[0] == starts[1]
    assert {*numbers[0], *numbers[1]} == {starts[0] + 1}


@pytest.mark.parametrize(("version", "texts"), [(1, 1), (2, 2)])
def test_paradex_c1_session_speaks_the_version_that_its_url_asks_for(
    venue: SandboxVenue, version: int, texts: int
) -> None:
    session = venue.open_session("public", f"sbeSchemaId=1&sbeSchemaVersion={version}")
    for channel in ("trades", "markets_summary", "funding_data", "bbo"):
        ask(session, "subscribe", f"{channel}.BTC-USD-PERP")
    venue.step(START_NS + 3 * NS_PER_S)
    frames = [frame for one in session.take() if isinstance(frame := one.frame, bytes)]
    assert {int.from_bytes(frame[6:8], "little") for frame in frames} == {version}
    messages = [message for frame in frames if (message := sbe.read(frame))]
    assert {message.template for message in messages} == {1, 2, 4, 5}
    assert {len(one.texts) for one in messages if one.template == sbe.TRADE} == {texts}


@pytest.mark.parametrize(
    ("query", "served"),
    [
        ({}, None),
        ({"sbeSchemaId": "1"}, None),
        ({"sbeSchemaId": "1", "sbeSchemaVersion": "3"}, None),
        ({"sbeSchemaId": "2", "sbeSchemaVersion": "1"}, None),
        ({"sbeSchemaId": "1", "sbeSchemaVersion": "1"}, sbe.PARAMETERS[1]),
        (
            {"sbeSchemaId": "1", "sbeSchemaVersion": "2", "cancel-on-disconnect": "true"},
            sbe.PARAMETERS[0],
        ),
    ],
)
def test_paradex_c1_socket_must_ask_for_a_version(
    venue: SandboxVenue, query: dict[str, str], served: str | None
) -> None:
    assert venue.served("public", query) == served


def test_paradex_c1_cheapest_coin_has_a_tick_that_frames_can_tell() -> None:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    symbols = [f"{asset}/USD:USDC" for asset in ("PEPE", "SHIB", "BTC")]
    venue = VENUE.sandbox()(symbols, world, Random("test"), START_NS)
    for market in venue.markets.values():
        assert market.listed.tick >= Decimal("1e-8")
        assert market.listed.step >= Decimal("1e-8")


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


def test_paradex_c18_charges_are_of_whole_hours(venue: SandboxVenue) -> None:
    """Each is asked for by itself; what is known so far is told meanwhile."""
    market = venue.markets[BTC]
    now_ns = START_NS + 90 * 60 * NS_PER_S
    request: Request[Rows[FundingCharge]] | None = REST.funding_history(market.instrument, 3)
    requests, counts = 0, []
    while request:
        charges = request.read(answer(venue, request, now_ns))
        counts.append(len(charges))
        request, requests = charges.more, requests + 1
    assert (requests, counts) == (4, [0, 1, 2, 3])
    rate = market.synthetic.perpetual().funding_rate
    assert [one.rate for one in charges] == pytest.approx([rate] * 3)
    hours = [one.charged_ns for one in charges]
    assert hours == [START_NS + hour * 3600 * NS_PER_S for hour in (-1, 0, 1)]
