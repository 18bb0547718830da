"""A server finds in the client's calls what it is asked, for every venue alike."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.errors import CodecUsageError, ExchangeError
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import KlineInterval
from exchanges.rest.question import Question
from exchanges.rest.request import Request
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.venue import SandboxVenue
from supervisor.verify.lab import START_NS, open_sandbox
from tests.exchanges.transcripts import PRESENT

every_venue = pytest.mark.parametrize("name", PRESENT)


def ask(sandbox: SandboxVenue, question: Question, one: Instrument) -> Request[Any]:
    """How a question is asked about a market."""
    if one.settle:
        one = replace(one, funding_interval_s=28_800.0)
    interval = KlineInterval.M5 if question is Question.KLINES else None
    return sandbox.rest.about(question, one, 5, interval)


def questions(sandbox: SandboxVenue, kind: Kind) -> list[Question]:
    return [one for one in sorted(sandbox.rest.offers(kind)) if one.is_about_one]


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
        for question in questions(sandbox, one.kind):
            request = ask(sandbox, question, stranger)
            with pytest.raises(ExchangeError):
                request.read(answer(sandbox, request, START_NS))


@every_venue
def test_what_a_kind_of_market_has_not_is_our_mistake_before_anything_is_sent(name: str) -> None:
    sandbox = open_sandbox(VENUES[name])
    for market in sandbox.markets.values():
        one = market.instrument
        for question in sorted(set(Question) - sandbox.rest.offers(one.kind)):
            if question.is_about_one:
                with pytest.raises(CodecUsageError, match=f"of {one.kind} markets"):
                    ask(sandbox, question, one)


@every_venue
def test_other_methods_are_no_question(name: str) -> None:
    sandbox = open_sandbox(VENUES[name])
    one = next(iter(sandbox.markets.values())).instrument
    for question in questions(sandbox, one.kind):
        request = replace(ask(sandbox, question, one), method="POST")
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
