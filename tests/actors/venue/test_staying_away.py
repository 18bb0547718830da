"""What the venue wants to be left alone for is not sent, and whoever asks is told so."""

from itertools import pairwise

import msgspec
import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.venue.gateway import CONCURRENT
from exchanges.errors import (
    RateLimited,
)
from exchanges.limits import Rate
from exchanges.rest.request import Request
from tests.actors.network.scripted import (
    CANCEL,
    ORDER,
    PING,
    PLENTY,
    SPOT,
    UM,
    after,
    costing,
    gateway_to,
    reply,
    script,
)


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
        await trio.sleep(2_900.0)
        pauses_s = [later - before for before, later in pairwise(server.asked_s)]
        assert pauses_s == [60.5, 120.5, 240.5, 480.5, 600.5, 600.5, 600.5]
        shut = False
        await trio.sleep(600.0)
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
