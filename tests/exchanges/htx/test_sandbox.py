"""HTX's server side where clients of another make would notice."""

import gzip
import json
from random import Random
from typing import Any, Final

import pytest

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

VENUE: Final = VENUES["htx"]
START_NS: Final = 1_767_225_600 * NS_PER_S
STEP_NS: Final = NS_PER_S // 10
SYMBOLS: Final = ("BTC/USDT", "ETH/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT")


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    return VENUE.sandbox()(SYMBOLS, world, Random("test"), START_NS)


def opened(venue: SandboxVenue, endpoint: str) -> SandboxSession:
    session = venue.open_session(endpoint)
    session.greet(START_NS)
    return session


def ask(session: SandboxSession, **request: Any) -> list[dict[str, Any]]:
    session.receive(json.dumps(request), START_NS)
    return said(session)


def said(session: SandboxSession) -> list[dict[str, Any]]:
    frames = [outgoing.frame for outgoing in session.take()]
    assert all(isinstance(frame, bytes) for frame in frames)
    return [json.loads(gzip.decompress(frame)) for frame in frames]  # type: ignore[arg-type]


def levels(side: list[list[float]]) -> dict[float, float]:
    return {price: size for price, size in side if size}


@pytest.mark.parametrize(
    ("endpoint", "topic"),
    [
        ("feed", "market.btcusdt.bbo"),  # each socket has its own
        ("feed", "market.btcusdt.mbp.400"),
        ("market", "market.btcusdt.mbp.150"),
        ("market", "market.nopeusdt.bbo"),
        ("market", "market.BTC-USDT.bbo"),
        ("market", "market.btcusdt.kline.3min"),
        ("market", "nonsense"),
        ("swap", "market.btcusdt.bbo"),
        ("swap", "market.BTC-USDT.ticker"),
        ("swap_index", "market.BTC-USDT.bbo"),
    ],
)
def test_what_a_socket_has_not_is_refused(venue: SandboxVenue, endpoint: str, topic: str) -> None:
    session = opened(venue, endpoint)
    (refusal,) = ask(session, sub=topic, id="7")
    assert (refusal["id"], refusal["status"], refusal["err-code"]) == ("7", "error", "bad-request")
    assert session.streams == {}


def test_updates_of_a_spot_book_are_joined_to_one_that_is_asked_for(venue: SandboxVenue) -> None:
    session, topic = opened(venue, "feed"), "market.btcusdt.mbp.150"
    (granted,) = ask(session, sub=topic, id="7")
    assert (granted["id"], granted["subbed"], granted["status"]) == ("7", topic, "ok")
    venue.step(START_NS + STEP_NS)
    (update,) = said(session)
    (whole,) = ask(session, req=topic, id="8")
    assert (whole["id"], whole["rep"], whole["status"]) == ("8", topic, "ok")
    assert whole["data"]["seqNum"] == update["tick"]["seqNum"]
    bids, last = levels(whole["data"]["bids"]), whole["data"]["seqNum"]
    market = venue.markets["BTC/USDT"]
    for step in range(2, 20):
        venue.step(START_NS + step * STEP_NS)
        for frame in said(session):
            assert frame["tick"]["prevSeqNum"] == last
            last = frame["tick"]["seqNum"]
            changes = dict(map(tuple, frame["tick"]["bids"]))
            bids = {p: s for p, s in (bids | changes).items() if s}
            now = {float(p): float(s) for p, s in market.levels(market.depth(150).bids)}
            assert bids == now


def test_versions_of_a_swap_book_rise_by_one_and_go_on_after_a_new_start(
    venue: SandboxVenue,
) -> None:
    session, topic = opened(venue, "swap"), "market.BTC-USDT.depth.size_150.high_freq"
    wish = {"sub": topic, "data_type": "incremental", "id": "7"}
    _, first = ask(session, **wish)
    assert (first["tick"]["event"], first["tick"]["version"]) == ("snapshot", 1)
    for step in range(1, 5):
        venue.step(START_NS + step * STEP_NS)
    events = [(frame["tick"]["event"], frame["tick"]["version"]) for frame in said(session)]
    assert events == [("update", version) for version in (2, 3, 4, 5)]
    (ended,) = ask(session, unsub=topic, id="8")
    assert ended["unsubbed"] == topic
    _, again = ask(session, **wish)
    assert (again["tick"]["event"], again["tick"]["version"]) == ("snapshot", 6)


def test_sizes_of_swaps_are_contracts_and_trades_count_both_sides(venue: SandboxVenue) -> None:
    session, market = opened(venue, "swap"), venue.markets["BTC/USDT:USDT"]
    assert str(market.instrument.contract_size) == "0.001"
    ask(session, sub="market.BTC-USDT.trade.detail", id="7")
    matches = []
    for step in range(1, 50):
        venue.step(START_NS + step * STEP_NS)
        matches = list(market.synthetic.statistics.trades)
    rows = [row for frame in said(session) for row in reversed(frame["tick"]["data"])]
    assert len(rows) == len(matches) > 5
    for row, match in zip(rows, matches, strict=True):
        size = market.synthetic.lots.number(match.size)
        assert row["quantity"] == pytest.approx(2 * size)
        assert row["amount"] == pytest.approx(2 * size / 0.001)


def test_server_pings_every_five_seconds_and_gives_up_after_two(venue: SandboxVenue) -> None:
    for endpoint, ping in (("market", "ping"), ("swap_news", "op")):
        session = opened(venue, endpoint)
        for tenths in range(1, 300):
            session.tick(START_NS + tenths * STEP_NS)
        assert [ping in frame for frame in said(session)] == [True, True]
    session = opened(venue, "market")
    for tenths in range(1, 300):
        session.tick(START_NS + tenths * STEP_NS)
        for frame in said(session):
            assert ask(session, pong=frame["ping"]) == []
    session.tick(START_NS + 40 * NS_PER_S)
    assert len(said(session)) == 1


def test_notifications_speak_a_form_of_their_own(venue: SandboxVenue) -> None:
    session, topic = opened(venue, "swap_news"), "public.BTC-USDT.funding_rate"
    (granted,) = ask(session, op="sub", cid="7", topic=topic)
    assert (granted["op"], granted["cid"], granted["err-code"]) == ("sub", "7", 0)
    venue.step(START_NS + NS_PER_S)
    (news,) = said(session)
    assert (news["op"], news["topic"]) == ("notify", topic)
    assert news["data"][0]["contract_code"] == "BTC-USDT"
    (refusal,) = ask(session, op="sub", cid="8", topic="public.NOPE-USDT.funding_rate")
    assert (refusal["cid"], refusal["err-code"]) == ("8", 2011)


@pytest.mark.parametrize("kind", list(Kind))
def test_tickers_of_all_markets_come_in_one_reply(venue: SandboxVenue, kind: Kind) -> None:
    known = {one.instrument.native: one.instrument for one in venue.of_kind(kind)}
    request = VENUE.rest.tickers(kind, lambda _, native: known.get(native))
    tickers = request.read(answer(venue, request, START_NS))
    assert [each.instrument for each in tickers] == list(known.values())
    assert all(each.bid and each.ask and each.quote_volume for each in tickers)


def test_charges_of_the_past_are_as_far_apart_as_the_next_one(venue: SandboxVenue) -> None:
    perpetual = venue.markets["BTC/USDT:USDT"].instrument
    request = VENUE.rest.funding_history(perpetual, 3)
    charges = request.read(answer(venue, request, START_NS))
    assert [each.charged_ns for each in charges] == [
        START_NS - age * 28_800 * NS_PER_S for age in (2, 1, 0)
    ]


@pytest.mark.parametrize(
    ("endpoint", "path", "told"),
    [
        ("rest", "/market/depth", {"status": "error", "err-code": "base-symbol-error"}),
        ("swap_rest", "/linear-swap-ex/market/depth", {"status": "error", "err_code": 1013}),
        ("swap_rest", "/v5/market/funding_rate", {"code": 1013, "message": "invalid symbol"}),
    ],
)
def test_each_surface_words_its_errors_in_its_own_way(
    venue: SandboxVenue, endpoint: str, path: str, told: dict[str, Any]
) -> None:
    query = {"symbol": "nope", "contract_code": "NOPE", "type": "step0"}
    reply = venue.answer(
        SandboxRequest(endpoint=endpoint, method="GET", path=path, query=query, now_ns=START_NS)
    )
    assert told.items() <= json.loads(reply.body).items()
