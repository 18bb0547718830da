"""Tests of `actors.venue.gateway`: retries, errors and outcomes, against a scripted venue."""

import re

import msgspec
import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.edges.clock import TrioClock
from actors.network.network import MemoryNetwork
from actors.venue.budget import Budget
from actors.venue.gateway import ATTEMPTS, WITHIN_S, Gateway
from exchanges.errors import (
    CodecUsageError,
    ExchangeError,
    InvalidOrder,
    OutcomeUnknown,
    RateLimited,
    VenueProtocolError,
    VenueUnavailable,
)
from exchanges.replies.response import Response
from exchanges.rest.request import Effect, Request
from tests.actors.network.scripted import (
    BINANCE,
    CANCEL,
    ORDER,
    PING,
    Always,
    ScriptedServer,
    after,
    gateway_to,
    reply,
    script,
)

READ_S, ORDER_S = WITHIN_S[Effect.READ], WITHIN_S[Effect.ONCE]


async def test_parameters_that_depend_on_the_time_are_made_when_it_is_asked(
    autojump_clock: MockClock,
) -> None:
    dated = msgspec.structs.replace(PING, dated=lambda now_ns: (("now", str(now_ns)),))
    async with gateway_to(script(reply())) as (gateway, server):
        await gateway.call(dated)
        ((_, target),) = server.asked
        assert target.endswith(f"{PING.target}?now=0")


# Trying again.


async def test_an_error_of_the_venue_is_not_tried_again(autojump_clock: MockClock) -> None:
    answer = script(reply(400, b'{"code":-1100,"msg":"Illegal characters"}'))
    async with gateway_to(answer) as (gateway, server):
        with pytest.raises(ExchangeError, match=r"binance \[-1100\]: Illegal characters"):
            await gateway.call(PING)
        assert len(server.asked) == 1


async def test_an_unreadable_answer_is_not_tried_again(autojump_clock: MockClock) -> None:
    async with gateway_to(script(reply(body=b"<html>"))) as (gateway, server):
        with pytest.raises(VenueProtocolError, match="<html>"):
            await gateway.call(PING)
        assert len(server.asked) == 1


BROKEN = {
    "unavailable": reply(503, b"<html>"),
    "hangs up": b"",
    "cut off": reply(body=b"{}", connection="close")[:-1],
    "no HTTP": b"what?\r\n\r\n",
    "damaged gzip": reply(body=b"not gzip", content_encoding="gzip"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_what_may_be_repeated_is_tried_again_after_growing_pauses(
    broken: bytes, autojump_clock: MockClock
) -> None:
    async with gateway_to(script(broken, broken)) as (gateway, server):
        await gateway.call(PING)
        assert server.asked_s == [0.0, 0.5, 1.5]


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_after_the_last_attempt_the_venue_counts_as_unavailable(
    broken: bytes, autojump_clock: MockClock
) -> None:
    async with gateway_to(script(*[broken] * ATTEMPTS)) as (gateway, server):
        with pytest.raises(VenueUnavailable, match=r"binance.*\(GET /api/v3/ping\)"):
            await gateway.call(PING)
        assert len(server.asked) == ATTEMPTS


@pytest.mark.parametrize(("chance", "second_s", "third_s"), [(0.0, 0.25, 0.75), (1.0, 0.75, 2.25)])
async def test_pauses_are_spread_by_chance(
    chance: float, second_s: float, third_s: float, autojump_clock: MockClock
) -> None:
    answer = script(reply(503), reply(503))
    async with gateway_to(answer, chance=chance) as (gateway, server):
        await gateway.call(PING)
        assert server.asked_s == [0.0, second_s, third_s]


async def test_a_silent_venue_is_given_up_and_asked_again(autojump_clock: MockClock) -> None:
    async with gateway_to(after(READ_S + 1, reply())) as (gateway, server):
        with pytest.raises(VenueUnavailable, match="no answer within 15 s"):
            await gateway.call(PING)
        assert server.asked_s == [0.0, READ_S + 0.5, 2 * READ_S + 1.5]


async def test_a_host_that_cannot_be_reached_is_unavailable(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        urls = {"spot_rest": "http://nowhere"}
        gateway = Gateway(BINANCE, urls, network, TrioClock(0), Always(), Budget(BINANCE))
        await nursery.start(gateway.run)
        with pytest.raises(VenueUnavailable, match="nobody listens on nowhere:80"):
            await gateway.call(PING)
        assert gateway.sent == ATTEMPTS
        nursery.cancel_scope.cancel()


# What must not be repeated.


REFUSED = b'{"code":-2010,"msg":"Account has insufficient balance for requested action."}'
OPEN = BROKEN | {
    "internal error": reply(500),
    "bad gateway": reply(502, b"<html>"),
    "gateway time-out": reply(504, b"<html>"),
    "refused by a 500": reply(500, REFUSED),
    "limited by a 503": reply(503, REFUSED.replace(b"-2010", b"-1003")),
    "elsewhere": reply(307, location="http://venue/other"),
    "request time-out": reply(408),
    "unreadable": reply(body=b"<html>"),
    "cut in the middle": reply(body=b'{"orderId":'),
}


def read_order(response: Response) -> int:
    """The number of an order, or the error that the venue tells, be it with a good status."""
    if b"refused" in response.body:
        raise InvalidOrder("refused", venue="binance", code="-2010")
    PING.read(response)
    return msgspec.json.decode(response.body, type=dict[str, int])["orderId"]


TO_ORDER: Request[int] = Request(
    venue="binance",
    name="order",
    endpoint="spot_rest",
    path=PING.path,
    method="POST",
    effect=Effect.ONCE,
    read=read_order,
)


@pytest.mark.parametrize("broken", OPEN.values(), ids=OPEN)
async def test_an_order_without_a_clear_answer_has_an_unknown_outcome(
    broken: bytes, autojump_clock: MockClock
) -> None:
    async with gateway_to(script(broken)) as (gateway, server):
        with pytest.raises(OutcomeUnknown, match=r"\(POST /api/v3/ping\)"):
            await gateway.call(TO_ORDER)
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "failure",
    [
        TypeError("no number"),
        KeyError("orderId"),
        AttributeError("status"),
        AssertionError(),
        RecursionError(),
        ZeroDivisionError(),
        CodecUsageError("a row about no market"),
        ExceptionGroup("several", [TypeError()]),
    ],
    ids=repr,
)
async def test_an_order_whose_answer_its_reader_fails_on_has_an_unknown_outcome(
    failure: Exception, autojump_clock: MockClock
) -> None:
    def read(response: Response) -> int:
        raise failure

    async with gateway_to(script(reply())) as (gateway, server):
        with pytest.raises(OutcomeUnknown, match=re.escape(type(failure).__name__)) as caught:
            await gateway.call(msgspec.structs.replace(TO_ORDER, read=read))
        assert caught.value.__cause__ is failure
        assert len(server.asked) == 1


class Odd(MemoryNetwork):
    """A network that fails as none should."""

    async def connect(self, host: str, port: int) -> trio.abc.Stream:
        raise RuntimeError("out of order")


async def test_an_order_that_the_network_fails_on_has_an_unknown_outcome(
    autojump_clock: MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        urls = {"spot_rest": "http://venue"}
        gateway = Gateway(BINANCE, urls, Odd(nursery), TrioClock(0), Always(), Budget(BINANCE))
        await nursery.start(gateway.run)
        with pytest.raises(OutcomeUnknown, match="out of order"):
            await gateway.call(ORDER)
        nursery.cancel_scope.cancel()


async def test_an_order_that_cannot_be_delivered_has_an_unknown_outcome(
    autojump_clock: MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        urls = {"spot_rest": "http://nowhere"}
        gateway = Gateway(
            BINANCE, urls, MemoryNetwork(nursery), TrioClock(0), Always(), Budget(BINANCE)
        )
        await nursery.start(gateway.run)
        with pytest.raises(OutcomeUnknown, match="nobody listens on nowhere:80"):
            await gateway.call(ORDER)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"refused"), *((status, REFUSED) for status in (400, 401, 403, 409))]
)
async def test_what_the_venue_clearly_refuses_is_no_unknown_outcome(
    status: int, body: bytes, autojump_clock: MockClock
) -> None:
    async with gateway_to(script(reply(status, body))) as (gateway, server):
        with pytest.raises(ExchangeError, match=r"\[-2010\]:") as caught:
            await gateway.call(TO_ORDER)
        assert not isinstance(caught.value, OutcomeUnknown)
        assert len(server.asked) == 1


async def test_a_refusal_that_leaves_the_order_open_is_an_unknown_outcome(
    autojump_clock: MockClock,
) -> None:
    def read(response: Response) -> int:
        raise RateLimited(
            "too many", venue="binance", code="429000", retry_after_s=1.0, is_open=True
        )

    async with gateway_to(script(reply(200, b"{}"))) as (gateway, server):
        with pytest.raises(OutcomeUnknown, match=r"\[429000\]: too many") as caught:
            await gateway.call(replace(TO_ORDER, read=read))
        assert caught.value.code == "429000"
        assert len(server.asked) == 1


async def test_an_order_answered_too_late_has_an_unknown_outcome(autojump_clock: MockClock) -> None:
    async with gateway_to(after(ORDER_S + 1, reply())) as (gateway, server):
        with pytest.raises(OutcomeUnknown, match="no answer within 10 s"):
            await gateway.call(ORDER)
        assert trio.current_time() == ORDER_S
        assert len(server.asked) == 1


async def test_who_is_cancelled_hears_all_the_same_what_became_of_the_order(
    autojump_clock: MockClock,
) -> None:
    async with gateway_to(after(3.0, reply(body=b'{"orderId":7}'))) as (gateway, server):
        with trio.move_on_after(1.0) as scope:
            placed = await gateway.call(TO_ORDER)
            assert placed == 7
            assert trio.current_time() == 3.0
            await trio.lowlevel.checkpoint()
            raise AssertionError("cancelled here at the latest")
        assert scope.cancelled_caught
        assert len(server.asked) == 1


async def test_who_is_cancelled_hears_that_the_outcome_is_unknown(
    autojump_clock: MockClock,
) -> None:
    async with gateway_to(after(ORDER_S + 1, reply())) as (gateway, _):
        with trio.move_on_after(1.0), pytest.raises(OutcomeUnknown):
            await gateway.call(ORDER)
        assert trio.current_time() == ORDER_S, "and not for ever"


async def test_the_end_of_the_gateway_does_not_lose_an_order_on_its_way(
    autojump_clock: MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        network = MemoryNetwork(nursery)
        network.listen("venue", ScriptedServer(after(5.0, reply())).serve)
        gateway = Gateway(
            BINANCE, {"spot_rest": "http://venue"}, network, TrioClock(0), Always(), Budget(BINANCE)
        )
        ended = trio.CancelScope()

        async def run(*, task_status: trio.TaskStatus[None]) -> None:
            with ended:
                await gateway.run(task_status=task_status)

        async def end() -> None:
            await trio.sleep(1.0)
            ended.cancel()

        await nursery.start(run)
        nursery.start_soon(end)
        with pytest.raises(OutcomeUnknown):
            await gateway.call(ORDER)
        with pytest.raises(VenueUnavailable, match="does not run; nothing was sent"):
            await gateway.call(ORDER)
        nursery.cancel_scope.cancel()


# What may be repeated, and does something.


async def test_a_cancel_is_repeated_soon(autojump_clock: MockClock) -> None:
    async with gateway_to(after(20.0, reply())) as (gateway, server):
        with pytest.raises(VenueUnavailable, match="no answer within 5 s"):
            await gateway.call(CANCEL)
        assert server.asked_s == [0.0, 5.5, 11.5]


async def test_a_refused_order_is_not_sent_again(autojump_clock: MockClock) -> None:
    async with gateway_to(script(reply(429, retry_after="7"))) as (gateway, server):
        with pytest.raises(RateLimited) as caught:
            await gateway.call(ORDER)
        assert caught.value.retry_after_s == 7.0
        assert len(server.asked) == 1
