"""Hosts that accept and say nothing: who waits for what is told."""

import trio
from trio.testing import MockClock

from actors.network.websocket import HANDSHAKE_S
from supervisor.supervision.child import State
from tests.system.conftest import rig


async def test_a_host_that_never_answers_a_list_is_named_with_what_it_was_asked(
    autojump_clock: MockClock,
) -> None:
    async with rig("okx", absent="okx") as made:
        made.network.listen("okx.sandbox", say_nothing)
        with trio.fail_after(1200):
            while made.nodes()["okx"].state is not State.PARKED:
                await trio.sleep(5)
        told = made.nodes()["okx"].last_failure
        assert "instruments was not ready within 30 s" in told
        assert "it waited for the answer of okx to GET /api/v5/public/instruments" in told
        assert "at http://okx.sandbox" in told


async def test_a_host_that_never_answers_a_handshake_is_named_with_the_step(
    autojump_clock: MockClock,
) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        made.network.listen("okx.sandbox", say_nothing)
        made.servers["okx"].drop_connections()
        await trio.sleep(5)
        waits_for = made.nodes()["public 1"].info["waits_for"]
        assert waits_for == "ws://okx.sandbox/public/ws/v5/public to accept a connection"
        await trio.sleep(HANDSHAKE_S)
        told = made.nodes()["public 1"].last_failure
        assert "okx.sandbox:80 gave no answer to the handshake within 10 s" in told


async def say_nothing(stream: trio.abc.Stream) -> None:
    await trio.sleep_forever()
