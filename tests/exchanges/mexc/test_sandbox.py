"""MEXC's server side where clients of another make would notice."""

import json
from random import Random
from typing import Any, Final

import pytest

from exchanges import VENUES
from exchanges.market.numbers import NS_PER_S
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.world import World

START_NS: Final = 1_767_225_600 * NS_PER_S
SYMBOLS: Final = tuple(f"A{number}/USDT" for number in range(31))


@pytest.fixture
def session() -> SandboxSession:
    world = World(START_NS, lambda asset: Random(f"test {asset}"))
    venue = VENUES["mexc"].sandbox()(SYMBOLS, world, Random("test"), START_NS)
    return venue.open_session("stream")


def deals(number: int) -> str:
    return f"spot@public.aggre.deals.v3.api.pb@100ms@A{number}USDT"


def answers(session: SandboxSession, **request: Any) -> list[dict[str, Any]]:
    session.receive(json.dumps(request), START_NS)
    return [json.loads(outgoing.frame) for outgoing in session.take()]


def test_what_is_beyond_the_limit_is_acknowledged_and_never_sent(session: SandboxSession) -> None:
    names = [deals(number) for number in range(31)]
    assert answers(session, method="SUBSCRIPTION", params=names, id=1) == [
        {"id": 1, "code": 0, "msg": ",".join(names)}
    ]
    assert list(session.streams) == names[:30]


@pytest.mark.parametrize(
    "name",
    [
        "spot@public.aggre.deals.v3.api.pb@100ms@NOPE",
        "spot@public.aggre.deals.v3.api.pb@100ms@a0usdt",
        "spot@public.aggre.deals.v3.api.pb@50ms@A0USDT",
        "spot@public.aggre.deals.v3.api.pb@A0USDT",
        "spot@public.aggre.deals.v3.api@100ms@A0USDT",
        "spot@public.kline.v3.api.pb@A0USDT@Min2",
        "",
    ],
)
def test_refusal_looks_like_success_but_for_its_text(session: SandboxSession, name: str) -> None:
    message = f"Not Subscribed successfully! [{name}].  Reason\uff1a Blocked! "
    assert answers(session, method="SUBSCRIPTION", params=[name]) == [
        {"id": 0, "code": 0, "msg": message}
    ]
    assert session.streams == {}


def test_ended_stream_is_acknowledged_by_its_name(session: SandboxSession) -> None:
    answers(session, method="SUBSCRIPTION", params=[deals(0)], id=1)
    assert answers(session, method="UNSUBSCRIPTION", params=[deals(0)], id=2) == [
        {"id": 2, "code": 0, "msg": deals(0)}
    ]
    assert session.streams == {}


def test_ping_is_answered(session: SandboxSession) -> None:
    assert answers(session, method="PING") == [{"id": 0, "code": 0, "msg": "PONG"}]
