"""A venue that refuses for two hours: one alarm, tried now and then, and few words about it."""

from collections import Counter

import pytest
import trio
from trio.testing import MockClock

from supervisor.supervision.child import State
from tests.logs import capture_logs
from tests.system.conftest import rig

HOURS_S = 2 * 3600.0


@pytest.mark.parametrize(
    ("refusal", "alarm", "state"),
    [
        (b"", "child_parked", State.PARKED),
        # Whom the venue has banned waits for the end of it, and is not seen to fail.
        (b"HTTP/1.1 403 No\r\n\r\n", "banned", State.STARTING),
    ],
)
async def test_fault_4_a_venue_that_refuses_for_hours_is_left_alone_after_one_alarm(
    refusal: bytes,
    alarm: str,
    state: State,
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(refusal)
        await stream.aclose()

    async with rig("okx", symbols=["BTC/USDT"], audit_s=0) as made:
        await made.until_live(1)
        if refusal:
            made.network.listen("okx.sandbox", refuse)
        else:
            made.network.hang_up("okx.sandbox")
        made.servers["okx"].drop_connections()
        # Two hours of a market would take minutes.
        monkeypatch.setattr(made.servers["okx"].venue, "advance", lambda now_ns: {})
        with capture_logs() as told:
            await trio.sleep(HOURS_S)
        alarms = [entry for entry in told if entry["log_level"] == "error"]
        assert [entry["event"] for entry in alarms] == [alarm]
        warnings = Counter(entry["event"] for entry in told if entry["log_level"] == "warning")
        assert 5 < sum(warnings.values()) < 60
        node = made.nodes()["public 1"]
        assert node.state is state
        assert made.nodes()["okx"].state is State.RUNNING
        made.network.listen("okx.sandbox", made.servers["okx"].serve)
        with trio.fail_after(700):
            while made.nodes()["public 1"].state is not State.RUNNING:
                await trio.sleep(10)
