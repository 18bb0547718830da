"""A server finds in the client's calls what it is asked, for every venue alike."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.errors import CodecUsageError, ExchangeError
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import KlineInterval
from exchanges.rest.request import Request
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.routes import ABOUT_ONE
from exchanges.sandbox.venue import SandboxVenue
from supervisor.verify.lab import START_NS, open_sandbox
from tests.exchanges.transcripts import PRESENT

every_venue = pytest.mark.parametrize("name", PRESENT)


@dataclass
class Ask:
    """How a question is asked about a market."""

    question: str

    def of(self, sandbox: SandboxVenue, one: Instrument) -> Request[Any]:
        rest = sandbox.rest
        if one.settle:
            one = replace(one, funding_interval_s=28_800.0)
        match self.question:
            case "klines":
                return rest.klines(one, KlineInterval.M5, 5)
            case "charges":
                return rest.funding_history(one, 5)
            case "book" | "trades":
                ask = rest.book if self.question == "book" else rest.trades
                return ask(one, 5)
            case _:
                found: Request[Any] = getattr(rest, self.question)(one)
                return found


def questions(sandbox: SandboxVenue, kind: Kind) -> list[Ask]:
    return [Ask(name) for name in sorted(ABOUT_ONE & sandbox.rest.offers(kind))]


@every_venue
def test_every_question_that_a_client_asks_has_an_answer(name: str) -> None:
    sandbox = open_sandbox(VENUES[name])
    asked = {name for kind in sandbox.rest.surfaces for name in sandbox.rest.offers(kind)}
    assert asked == set(sandbox.answers())


@every_venue
def test_market_that_there_is_not_is_an_error_in_every_answer(name: str) -> None:
    sandbox = open_sandbox(VENUES[name])
    for market in list(sandbox.markets.values()):
        one = market.instrument
        stranger = replace(one, native="2047" if one.native.isdecimal() else f"NO{one.native}")
        for ask in questions(sandbox, one.kind):
            request = ask.of(sandbox, stranger)
            with pytest.raises(ExchangeError):
                request.read(answer(sandbox, request, START_NS))


@every_venue
def test_what_a_kind_of_market_has_not_is_our_mistake_before_anything_is_sent(name: str) -> None:
    sandbox = open_sandbox(VENUES[name])
    for market in sandbox.markets.values():
        one = market.instrument
        for question in sorted(ABOUT_ONE - sandbox.rest.offers(one.kind)):
            with pytest.raises(CodecUsageError, match=f"of {one.kind} markets"):
                Ask(question).of(sandbox, one)


@every_venue
def test_other_methods_are_no_question(name: str) -> None:
    sandbox = open_sandbox(VENUES[name])
    one = next(iter(sandbox.markets.values())).instrument
    for ask in questions(sandbox, one.kind):
        request = replace(ask.of(sandbox, one), method="POST")
        with pytest.raises(ExchangeError):
            request.read(answer(sandbox, request, START_NS))


@pytest.mark.parametrize(
    ("name", "path", "query"),
    [
        ("gateio", "/api/v4/spot/order_book", "currency_pair=BTC_USDT"),
        ("gateio_futures", "/api/v4/futures/usdt/order_book", "contract=BTC_USDT"),
        ("lighter", "/api/v1/orderBookOrders", "market_id=2&limit=20"),
        ("paradex", "/v1/funding/data", "market=BTC-USDT-PERP&page_size=5"),
        (
            "htx",
            "/linear-swap-ex/market/history/mark_price_kline",
            "contract_code=BTC-USDT&period=1min&size=5",
        ),
    ],
)
def test_stranger_need_not_want_all_that_our_client_wants(name: str, path: str, query: str) -> None:
    sandbox = open_sandbox(VENUES[name])
    reply = sandbox.answer(
        SandboxRequest(
            endpoint="swap_rest" if name == "htx" else "rest",
            method="GET",
            path=path,
            query=dict(parse_qsl(query)),
            now_ns=START_NS,
        )
    )
    assert reply.status == 200
    assert b"error" not in reply.body
