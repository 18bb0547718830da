"""Every venue passes the conformance suite, and the suite tells one that does not."""

import json
from contextlib import suppress
from itertools import groupby
from pathlib import Path

import msgspec
import pytest

from exchanges import VENUES
from exchanges.errors import StreamStale
from exchanges.market.events import StreamEvent
from exchanges.stream.wire import Frame
from exchanges.venue import Venue
from supervisor.terminal.cli import main
from supervisor.terminal.commands.verify import find_venue
from supervisor.verify import CASES, Case, Result, run_case
from supervisor.verify.faults import count_faults, fault_row

README = Path(__file__).parents[2] / "README.md"
GATEIO = VENUES["gateio"]
CODEC = GATEIO.codec


@pytest.mark.parametrize("name", list(VENUES))
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number} {case.name}")
def test_a_venue_passes(case: Case, name: str) -> None:
    outcome = run_case(case, VENUES[name])
    assert outcome.result is not Result.FAILED, outcome.detail


@pytest.mark.parametrize("name", list(VENUES))
def test_hurt_frames_at_200_places_leave_no_wrong_book(name: str) -> None:
    text = README.read_text("utf-8")
    for _, of_stream in groupby(count_faults(VENUES[name]), key=lambda count: count.stream):
        counts = list(of_stream)
        assert [count.wrong for count in counts] == [0, 0, 0]
        assert f"| {' | '.join(fault_row(counts))} |" in text, "the README has another row"


class Careless(CODEC):  # type: ignore[misc, valid-type]
    """Takes every update for the next one."""

    def _delta(self, route, previous, last, *rest):  # type: ignore[no-untyped-def]
        if route.feed.is_live:
            previous = route.feed.last
        return super()._delta(route, previous, max(last, previous), *rest)


class Crashing(CODEC):  # type: ignore[misc, valid-type]
    """Fails at what it does not expect."""

    def receive(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        return tuple(self._decode(frame, received_ns))


class Hoarding(CODEC):  # type: ignore[misc, valid-type]
    """Keeps every frame."""

    def receive(self, frame: Frame, received_ns: int) -> tuple[StreamEvent, ...]:
        self.hoard = (*getattr(self, "hoard", ()), frame)
        events: tuple[StreamEvent, ...] = super().receive(frame, received_ns)
        return events


class Deaf(CODEC):  # type: ignore[misc, valid-type]
    """Does not notice that nobody answers."""

    def expire(self, now_s: float, now_ns: int) -> tuple[StreamEvent, ...]:
        with suppress(StreamStale):
            return tuple(super().expire(now_s, now_ns))
        return ()


@pytest.mark.parametrize(
    ("codec", "fails"),
    [
        (Careless, "gap"),
        (Crashing, "mutated frames"),
        (Hoarding, "memory per frame"),
        (Deaf, "silence"),
    ],
)
def test_a_venue_that_does_it_wrong_fails(codec: type, fails: str) -> None:
    wrong = msgspec.structs.replace(GATEIO, codec=codec)
    tried = [case for case in CASES if case.name in (fails, "snapshot")]
    snapshot, outcome = (run_case(case, wrong) for case in tried)
    assert snapshot.result is Result.PASSED
    assert outcome.result is Result.FAILED
    assert outcome.detail


def test_a_venue_is_found_by_name_or_place() -> None:
    assert find_venue("okx") is VENUES["okx"]
    assert find_venue("exchanges.okx:VENUE") is VENUES["okx"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("oxk", "did you mean 'okx'"),
        ("no.such:VENUE", "No module named 'no'"),
        ("exchanges.okx:NOTHING", "no attribute 'NOTHING'"),
        ("exchanges.okx:BOTH", "a Venue is wanted"),
    ],
)
def test_a_venue_that_is_not_there_is_told(
    name: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchanges.okx.BOTH", "no venue", raising=False)
    assert main(["verify", name]) == 2
    assert told in capsys.readouterr().err


def test_outcomes_are_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = CASES[:2]
    monkeypatch.setattr("supervisor.verify.CASES", few)
    monkeypatch.setattr("supervisor.terminal.commands.verify.CASES", few)
    assert main(["verify", "mexc", "--json"]) == 0
    assert [one["result"] for one in json.loads(capsys.readouterr().out)] == ["passed", "passed"]
    assert main(["verify", "mexc"]) == 0
    assert "2 of 2 passed" in capsys.readouterr().out


def test_a_failure_is_told_and_makes_the_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(venue: Venue) -> None:
        raise RuntimeError("oh no")

    failing = (Case(1, "hopeless", fail),)
    monkeypatch.setattr("supervisor.verify.CASES", failing)
    monkeypatch.setattr("supervisor.terminal.commands.verify.CASES", failing)
    assert main(["verify", "mexc"]) == 1
    assert "mexc 1 hopeless: RuntimeError: oh no" in capsys.readouterr().out
