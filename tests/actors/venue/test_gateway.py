"""Tests of `actors.venue.gateway`: limits, retries and errors, against a scripted venue."""

import re
from collections.abc import Iterable
from itertools import pairwise
from random import Random

import msgspec
import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.edges.clock import TrioClock
from actors.network.network import MemoryNetwork
from actors.venue.budget import Budget, take_turn
from actors.venue.gateway import ATTEMPTS, CONCURRENT, CONCURRENT_ORDERS, WITHIN_S, Gateway
from exchanges.errors import (
    CodecUsageError,
    ExchangeError,
    InvalidOrder,
    OutcomeUnknown,
    RateLimited,
    VenueProtocolError,
    VenueUnavailable,
)
from exchanges.limits import Bucket, Rate
from exchanges.replies.response import Response
from exchanges.rest.request import Effect, Request
from tests.actors.network.scripted import (
    BINANCE,
    ORDER,
    PING,
    PLENTY,
    SPOT,
    UM,
    Always,
    ScriptedServer,
    after,
    gateway_to,
    reply,
    script,
)

READ_S, ORDER_S = WITHIN_S[Effect.READ], WITHIN_S[Effect.ONCE]
CANCEL = msgspec.structs.replace(PING, method="DELETE", effect=Effect.REPEATABLE)


def costing(cost: float, *buckets: str) -> Request[None]:
    """A ping at another price, which stands in its query."""
    costs = tuple((bucket, cost) for bucket in buckets or (SPOT,))
    return msgspec.structs.replace(PING, costs=costs, query=(("cost", f"{cost:g}"),))


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


async def test_an_order_cancelled_while_it_waits_for_its_turn_is_never_sent(
    autojump_clock: MockClock,
) -> None:
    order = msgspec.structs.replace(ORDER, costs=((SPOT, 1),))
    async with gateway_to(script(), rates={SPOT: Rate(1, 10.0)}) as (gateway, server):
        await gateway.call(order)
        with trio.move_on_after(1.0) as scope:
            await gateway.call(order)
        assert scope.cancelled_caught
        assert trio.current_time() == 1.0
        assert len(server.asked) == 1
        await gateway.call(costing(1))
        assert server.asked_s == pytest.approx([0.0, 10.05]), "and it holds back nobody"


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


@pytest.mark.parametrize("request_", [ORDER, CANCEL])
async def test_orders_and_cancels_do_not_wait_for_a_burst_of_questions(
    request_: Request[None], autojump_clock: MockClock
) -> None:
    async def answer(target: str) -> bytes:
        if "cost" in target:
            await trio.sleep(10.0)
        return reply()

    async with gateway_to(answer) as (gateway, server), trio.open_nursery() as nursery:
        for _ in range(20 * CONCURRENT):
            nursery.start_soon(gateway.call, costing(1))
        await trio.sleep(1.0)
        for _ in range(3 * CONCURRENT_ORDERS):
            nursery.start_soon(gateway.call, request_)
        await wait_all_tasks_blocked()
        assert server.asked_s[CONCURRENT:] == [1.0] * 3 * CONCURRENT_ORDERS
        nursery.cancel_scope.cancel()


async def test_orders_are_paid_before_the_questions_that_wait(autojump_clock: MockClock) -> None:
    rates = {SPOT: Rate(10, 10.0)}
    order = msgspec.structs.replace(ORDER, costs=((SPOT, 1),), query=(("cost", "1"),))
    async with gateway_to(script(), rates=rates) as (gateway, server):
        async with trio.open_nursery() as nursery:
            for cost in (10, 8, 1, 1):
                nursery.start_soon(gateway.call, costing(cost))
                await wait_all_tasks_blocked()
            await trio.sleep(0.5)
            for _ in range(3):
                nursery.start_soon(gateway.call, order)
        paid = [float(target.partition("=")[2]) for _, target in server.asked]
        assert paid == [10, 1, 1, 1, 8, 1, 1]
        assert server.asked_s == pytest.approx([0, *[10.05] * 3, *[20.1] * 3])


async def test_a_refused_order_is_not_sent_again(autojump_clock: MockClock) -> None:
    async with gateway_to(script(reply(429, retry_after="7"))) as (gateway, server):
        with pytest.raises(RateLimited) as caught:
            await gateway.call(ORDER)
        assert caught.value.retry_after_s == 7.0
        assert len(server.asked) == 1


# Staying away.


async def test_a_rate_limit_closes_the_bucket_for_all_its_callers(
    autojump_clock: MockClock,
) -> None:
    answer = script(reply(429, retry_after="30"))
    async with gateway_to(answer) as (gateway, server), trio.open_nursery() as nursery:
        nursery.start_soon(gateway.call, PING)
        await trio.sleep(1)
        for cost in range(1, 4):
            nursery.start_soon(gateway.call, costing(cost))
        nursery.start_soon(gateway.call, costing(9, UM))
        await trio.sleep(60)
        assert sorted(server.asked_s) == [0.0, 1.0, 30.0, 30.0, 30.0, 30.0]
        assert server.asked[1] == (1.0, "/spot/api/v3/ping?cost=9"), "another bucket"


BANNED_UNTIL = b'{"code":-1003,"msg":"Way too many requests; IP banned until 600000."}'
BANS = {
    "a header": (reply(418, retry_after="600"), 600.0),
    "a body": (reply(418, BANNED_UNTIL), 600.0),
    "a body of another status": (reply(429, BANNED_UNTIL), 600.0),
    "the later of both": (reply(418, BANNED_UNTIL, retry_after="7"), 600.0),
    "a date": (reply(418, retry_after="Thu, 01 Jan 1970 00:10:00 GMT"), 600.0),
    "nobody": (reply(418), 120.0),
    "a firewall": (reply(403, b"<html>Forbidden</html>"), 60.0),
    "a firewall with a header": (reply(403, b"<html>", retry_after="90.5"), 90.5),
}


@pytest.mark.parametrize(("banned", "until_s"), BANS.values(), ids=BANS)
async def test_no_request_goes_into_a_ban(
    banned: bytes, until_s: float, autojump_clock: MockClock
) -> None:
    async with gateway_to(script(banned)) as (gateway, server):
        with pytest.raises(RateLimited) as caught:
            await gateway.call(ORDER)
        assert caught.value.retry_after_s == until_s
        await trio.sleep(until_s - 10.0)
        requests = (PING, costing(9, UM), CANCEL, ORDER, msgspec.structs.replace(PING, costs=()))
        for request in requests:
            with pytest.raises(RateLimited, match="not asked: it is to be left alone") as caught:
                await gateway.call(request)
            assert caught.value.is_ban
            assert caught.value.retry_after_s == pytest.approx(10.0)
        assert trio.current_time() == until_s - 10.0, "nobody has waited"
        await trio.sleep(10.0)
        for request in requests:
            await gateway.call(request)
        assert server.asked_s == pytest.approx([0.0, *[until_s] * 5])


@pytest.mark.parametrize("request_", [PING, CANCEL])
async def test_a_ban_is_told_at_once_to_who_meets_it_and_to_who_waits(
    request_: Request[None], autojump_clock: MockClock
) -> None:
    rates = {SPOT: Rate(1, 10.0), UM: PLENTY}
    answer = after(1.0, reply(418, retry_after="600"))
    told_s: list[float] = []

    async def call(request: Request[None]) -> None:
        with pytest.raises(RateLimited):
            await gateway.call(request)
        told_s.append(trio.current_time())

    async with gateway_to(answer, rates=rates) as (gateway, server):
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(call, costing(1))
            await trio.sleep(0.5)
            nursery.start_soon(call, replace(request_, costs=((SPOT, 1),)))
        assert told_s == [1.0] * 4
        assert len(server.asked) == 1


async def test_a_long_rate_limit_is_told_and_a_short_one_waited_for(
    autojump_clock: MockClock,
) -> None:
    async with gateway_to(script(reply(429, retry_after="61"))) as (gateway, server):
        for _ in range(2):
            with pytest.raises(RateLimited) as caught:
                await gateway.call(PING)
            assert (caught.value.retry_after_s, caught.value.is_ban) == (61.0, False)
        await trio.sleep(5.0)
        await gateway.call(PING)
        assert server.asked_s == [0.0, 61.0]


@pytest.mark.parametrize(("request_", "most_s"), [(ORDER, 1.0), (CANCEL, 5.0)])
async def test_orders_and_cancels_do_not_wait_for_a_venue_to_take_them_late(
    request_: Request[None], most_s: float, autojump_clock: MockClock
) -> None:
    request_ = replace(request_, costs=((SPOT, 1),))
    async with gateway_to(script(reply(429, retry_after="30"))) as (gateway, server):
        with pytest.raises(RateLimited):
            await gateway.call(request_)
        await trio.sleep(29.5 - most_s)
        with pytest.raises(RateLimited):
            await gateway.call(request_)
        await trio.sleep(1.0)
        await gateway.call(request_)
        assert server.asked_s == [0.0, 30.0]


async def test_a_ban_that_goes_on_is_met_by_one_and_less_and_less_often(
    autojump_clock: MockClock,
) -> None:
    shut = True

    async def answer(target: str) -> bytes:
        await trio.sleep(0.5)
        return reply(403, b"<html>") if shut else reply()

    async def ask_for_ever() -> None:
        while True:
            try:
                await gateway.call(PING)
            except RateLimited as error:
                await trio.sleep(error.retry_after_s)
            else:
                await trio.sleep(1.0)

    async with gateway_to(answer) as (gateway, server), trio.open_nursery() as nursery:
        nursery.start_soon(ask_for_ever)
        await trio.sleep(1.0)
        for _ in range(2):
            nursery.start_soon(ask_for_ever)
        await trio.sleep(14_000.0)
        pauses_s = [later - before for before, later in pairwise(server.asked_s)]
        assert pauses_s == [60.5, 120.5, 240.5, 480.5, 960.5, 1920.5, 3600.5, 3600.5]
        shut = False
        await trio.sleep(3_600.0)
        shut, asked = True, len(server.asked)
        await trio.sleep(60.0)
        assert 1 <= len(server.asked) - asked <= 3
        await trio.sleep(1.0)
        assert len(server.asked) - asked > 1, "the first pause again"
        nursery.cancel_scope.cancel()


async def test_a_ban_is_told_in_the_words_of_the_venue(autojump_clock: MockClock) -> None:
    async with gateway_to(script(reply(418, BANNED_UNTIL))) as (gateway, _):
        with pytest.raises(RateLimited, match=r"\[-1003\]: Way too many requests; IP banned until"):
            await gateway.call(ORDER)
    async with gateway_to(script(reply(403, b"<html>\nAccess denied</html>"))) as (gateway, _):
        with pytest.raises(RateLimited, match=r"HTTP 403: <html> Access denied</html>"):
            await gateway.call(ORDER)


@pytest.mark.parametrize("after", ["20.5", "Thu, 01 Jan 1970 00:00:20 GMT"])
async def test_a_venue_that_is_unavailable_until_a_time_is_not_asked_before(
    after: str, autojump_clock: MockClock
) -> None:
    async with gateway_to(script(reply(503, retry_after=after))) as (gateway, server):
        await gateway.call(PING)
        assert server.asked_s[1] == pytest.approx(20.5, abs=0.6)
        assert server.asked_s[1] >= 20.0


async def test_what_waits_for_a_slot_is_not_sent_after_a_rate_limit(
    autojump_clock: MockClock,
) -> None:
    answer = after(1.0, reply(429, retry_after="30"))
    async with gateway_to(answer) as (gateway, server), trio.open_nursery() as nursery:
        for _ in range(3 * CONCURRENT):
            nursery.start_soon(gateway.call, PING)
        await trio.sleep(30)
        assert server.asked_s == [0.0] * CONCURRENT
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("text", ["", "soon", "inf", "1e999"])
async def test_an_unreadable_retry_after_counts_as_what_the_venue_wants(
    text: str, autojump_clock: MockClock
) -> None:
    async with gateway_to(script(reply(429, retry_after=text))) as (gateway, server):
        await gateway.call(PING)
        assert server.asked_s == [0.0, 60.0]


# The budget.


async def sent_costs(
    gateway: Gateway, server: ScriptedServer, requests: Iterable[Request[None]], chance: Random
) -> list[tuple[float, float]]:
    """Send requests at random instants; gives when each arrived, and its cost."""

    async def send(request: Request[None]) -> None:
        await trio.sleep(chance.uniform(0, 20))
        await gateway.call(request)

    async with trio.open_nursery() as nursery:
        for request in requests:
            nursery.start_soon(send, request)
    return [(at_s, float(target.partition("=")[2])) for at_s, target in server.asked]


def most_within(sent: Iterable[tuple[float, float]], window_s: float) -> float:
    """The highest sum of costs in any window."""
    sent = list(sent)
    return max(
        sum(cost for at_s, cost in sent if from_s <= at_s < from_s + window_s) for from_s, _ in sent
    )


@pytest.mark.parametrize("seed", range(5))
async def test_no_window_ever_sees_more_than_the_venue_allows(
    seed: int, autojump_clock: MockClock
) -> None:
    chance, rates = Random(seed), {SPOT: Rate(40, 10.0), UM: Rate(20, 1.0)}

    async def answer(target: str) -> bytes:
        await trio.sleep(chance.uniform(0, 2))
        return reply()

    def some_request() -> Request[None]:
        buckets = chance.choice([(SPOT,), (SPOT, UM), (UM, SPOT)])
        request = costing(chance.randint(1, 8), *buckets)
        return msgspec.structs.replace(request, effect=chance.choice(list(Effect)))

    async with gateway_to(answer, rates=rates) as (gateway, server):
        requests = [some_request() for _ in range(100)]
        sent = await sent_costs(gateway, server, requests, chance)
        total = sum(cost for _, cost in sent)
        assert len(sent) == 100
        assert most_within(sent, 10.0) <= 40
        ended_s = max(at_s for at_s, _ in sent)
        assert ended_s <= 20 + total / 4 + 12, "and the budget is used, but for late answers"


async def test_a_bucket_serves_in_the_order_of_asking(autojump_clock: MockClock) -> None:
    async with gateway_to(script(), rates={SPOT: Rate(8, 8.0)}) as (gateway, server):
        async with trio.open_nursery() as nursery:
            for cost in (8, 1, 7, 2, 6, 3):
                nursery.start_soon(gateway.call, costing(cost))
                await wait_all_tasks_blocked()
        assert [float(target.partition("=")[2]) for _, target in server.asked] == [8, 1, 7, 2, 6, 3]
        assert server.asked_s == pytest.approx([0, 8.05, 8.05, 16.1, 16.1, 24.15])


async def test_many_small_requests_do_not_keep_a_large_one_waiting(
    autojump_clock: MockClock,
) -> None:
    async with gateway_to(script(), rates={SPOT: Rate(10, 1.0)}) as (gateway, server):

        async def ask_for_ever() -> None:
            while True:
                await gateway.call(costing(1))

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(ask_for_ever)
            await trio.sleep(5)
            with trio.fail_after(2):
                await gateway.call(costing(10))
            nursery.cancel_scope.cancel()
        assert "/spot/api/v3/ping?cost=10" in [target for _, target in server.asked]


async def test_a_cost_above_the_limit_waits_for_a_full_budget(autojump_clock: MockClock) -> None:
    bucket = Bucket(Rate(10, 10.0))
    await take_turn([(bucket, 4)])
    await take_turn([(bucket, 25)])
    assert trio.current_time() == pytest.approx(10.05)
    await take_turn([(bucket, 1)])
    assert trio.current_time() == pytest.approx(3.5 * 10.05), "it counts for longer"


async def test_a_turn_needs_every_bucket_and_pays_all_at_once(autojump_clock: MockClock) -> None:
    quick, slow = Bucket(Rate(1, 0.1)), Bucket(Rate(1, 2.0))
    for expected_s in (0.0, 2.05, 4.1):
        await take_turn([(quick, 1), (slow, 1)])
        assert trio.current_time() == pytest.approx(expected_s)
    assert quick.wait_s(1, trio.current_time()) == pytest.approx(0.105)


async def test_so_many_requests_are_under_way_and_no_more(autojump_clock: MockClock) -> None:
    async with gateway_to(after(6.0, reply())) as (gateway, server):
        async with trio.open_nursery() as nursery:
            for _ in range(3 * CONCURRENT):
                nursery.start_soon(gateway.call, PING)
        assert server.busiest == CONCURRENT
        assert server.asked_s == [0.0] * CONCURRENT + [6.0] * CONCURRENT + [12.0] * CONCURRENT
