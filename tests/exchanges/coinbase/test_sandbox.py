"""Coinbase's server side where clients of another make would notice."""

import json
from random import Random
from typing import Any, Final

import pytest

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.market.numbers import NS_PER_S
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.sandbox.world import World

VENUE: Final = VENUES["coinbase"]
START_NS: Final = 1_767_225_600 * NS_PER_S
MARKETS: Final = ("BTC/USD", "BTC/USD:USD", "ETH/USDT:USDT", "BTC/USDC", "CELO/USDT")


@pytest.fixture
def venue() -> SandboxVenue:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    return VENUE.sandbox()(MARKETS, world, Random("test"), START_NS)


@pytest.fixture
def session(venue: SandboxVenue) -> SandboxSession:
    return venue.open_session("public")


def ask(session: SandboxSession, channel: str, *products: str, end: bool = False) -> list[Any]:
    verb = "unsubscribe" if end else "subscribe"
    request = {"type": verb, "channel": channel, "product_ids": products}
    session.receive(json.dumps(request), START_NS)
    return [json.loads(outgoing.frame) for outgoing in session.take()]


def test_markets_are_named_as_the_venue_names_them(venue: SandboxVenue) -> None:
    assert [one.instrument.native for one in venue.markets.values()] == [
        "BTC-USD",
        "BTCP-20DEC30-CDE",
        "ETHUSDTP-20DEC30-CDE",
        "BTC-USDC",
        "CGLD-USDT",
    ]


def test_data_come_before_the_answer_and_all_frames_are_numbered(session: SandboxSession) -> None:
    first = ask(session, "level2", "BTC-USD", "BTCP-20DEC30-CDE")
    assert [frame["channel"] for frame in first] == ["l2_data", "l2_data", "subscriptions"]
    second = ask(session, "market_trades", "BTC-USD")
    assert [frame["sequence_num"] for frame in first + second] == [0, 1, 2, 3, 4]
    assert second[-1]["events"] == [
        {
            "subscriptions": {
                "level2": ["BTC-USD", "BTCP-20DEC30-CDE"],
                "market_trades": ["BTC-USD"],
            }
        }
    ]


def test_coinbase_c8_book_in_usdc_is_that_in_usd_and_says_so(
    venue: SandboxVenue, session: SandboxSession
) -> None:
    told, answer_ = ask(session, "level2", "BTC-USDC")
    assert told["events"][0]["product_id"] == "BTC-USD"
    assert answer_["events"] == [{"subscriptions": {"level2": ["BTC-USD"]}}]
    venue.step(START_NS + NS_PER_S)
    dollars, coins = venue.markets["BTC/USD"], venue.markets["BTC/USDC"]
    assert dollars.depth(20) == coins.depth(20)
    usd, usdc = (
        VENUE.rest.book(one.instrument).read(answer(venue, VENUE.rest.book(one.instrument), 1))
        for one in (dollars, coins)
    )
    assert (usd.bids, usd.asks) == (usdc.bids, usdc.asks)


def test_channel_is_left_as_a_whole_without_products(session: SandboxSession) -> None:
    ask(session, "level2", "BTC-USD", "BTCP-20DEC30-CDE")
    ask(session, "ticker", "BTC-USD")
    (answer_,) = ask(session, "level2", end=True)
    assert answer_["events"] == [{"subscriptions": {"ticker": ["BTC-USD"]}}]


def test_unknown_product_refuses_the_whole_request(session: SandboxSession) -> None:
    (error,) = ask(session, "level2", "BTC-USD", "NOPE-USD")
    assert error["type"] == "error"
    assert session.streams == {}
    session.receive("not JSON", START_NS)
    (outgoing,) = session.take()
    assert json.loads(outgoing.frame)["type"] == "error"


def test_heart_beats_every_second_once_it_is_asked_to(
    venue: SandboxVenue, session: SandboxSession
) -> None:
    venue.step(START_NS + NS_PER_S)
    assert session.take() == []
    (answer_,) = ask(session, "heartbeats")
    assert answer_["events"] == [{"subscriptions": {"heartbeats": ["heartbeats"]}}]
    for second in (1, 2, 3):
        venue.step(START_NS + second * NS_PER_S)
    beats = [json.loads(outgoing.frame) for outgoing in session.take()]
    assert [beat["events"][0]["heartbeat_counter"] for beat in beats] == [1, 2, 3]
    assert ask(session, "heartbeats", end=True)[0]["events"] == [{"subscriptions": {}}]


def test_future_is_counted_in_contracts(venue: SandboxVenue) -> None:
    market = venue.markets["BTC/USD:USD"]
    request = VENUE.rest.book(market.instrument, 1)
    body = json.loads(answer(venue, request, START_NS).body)["pricebook"]
    lots = market.depth(1).bids[0][1]
    assert body["bids"][0]["size"] == str(lots)
    assert request.read(answer(venue, request, START_NS)).bids[0][1] == pytest.approx(lots * 0.01)
