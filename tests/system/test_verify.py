"""Every venue passes the conformance suite, and the suite tells one that does not."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from exchanges import VENUES
from exchanges.errors import UNREADABLE, StreamStale
from exchanges.market.events import UNTOLD, BookDelta, StreamEvent
from exchanges.market.instrument import Instruments
from exchanges.market.topics import Topic
from exchanges.stream.allowance import Allowance
from exchanges.stream.books import MarketCodec
from exchanges.stream.facts import Stream
from exchanges.stream.wire import Frame, Reader, Route, Said
from exchanges.venue import Venue
from supervisor.settings.venues import find_venue
from supervisor.terminal.cli import main
from supervisor.verify import CASES, Case, Result, run_case
from supervisor.verify.faults import count_faults, fault_row

README = Path(__file__).parents[2] / "README.md"
GATEIO = VENUES["gateio"]
WIRE = GATEIO.wire


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


class Careless(WIRE):  # type: ignore[misc, valid-type]
    """Takes every update for the next one."""

    def reader(self, topic: Topic) -> Reader:
        read: Reader = super().reader(topic)

        def read_carelessly(route: Route, payload: Any, now_ns: int) -> tuple[StreamEvent, ...]:
            return tuple(
                replace(event, previous=UNTOLD) if isinstance(event, BookDelta) else event
                for event in read(route, payload, now_ns)
            )

        return read_carelessly


class Crashing(WIRE):  # type: ignore[misc, valid-type]
    """Fails at what it does not expect."""

    def said(self, frame: Frame) -> Iterable[Said]:
        try:
            return tuple(super().said(frame))
        except UNREADABLE as error:
            raise RuntimeError("unexpected") from error


class Hoarding(WIRE):  # type: ignore[misc, valid-type]
    """Keeps every frame."""

    def said(self, frame: Frame) -> Iterable[Said]:
        self.hoard = (*getattr(self, "hoard", ()), frame)
        return tuple(super().said(frame))


class DeafCodec(MarketCodec):
    """Does not notice that nobody answers."""

    def expire(self, now_s: float, now_ns: int) -> tuple[StreamEvent, ...]:
        with suppress(StreamStale):
            return tuple(super().expire(now_s, now_ns))
        return ()


class Deaf(Venue, frozen=True, kw_only=True, eq=False):
    """A venue whose codec is."""

    def codec(
        self,
        stream: Stream,
        instruments: Instruments,
        *,
        listening: bool = False,
        allowance: Allowance | None = None,
    ) -> MarketCodec:
        wire = self.wire(stream, instruments, listening=listening)
        return DeafCodec(wire, self.rest.errors, self.rest.book, allowance)


def speaking(wire: type) -> Venue:
    return replace(GATEIO, wire=wire)


@pytest.mark.parametrize(
    ("wrong", "fails"),
    [
        (speaking(Careless), "gap"),
        (speaking(Crashing), "mutated frames"),
        (speaking(Hoarding), "memory per frame"),
        (Deaf(**asdict(GATEIO)), "silence"),
    ],
    ids=["careless", "crashing", "hoarding", "deaf"],
)
def test_a_venue_that_does_it_wrong_fails(wrong: Venue, fails: str) -> None:
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


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases that a test makes up are known to no other process."""

    def run_here(work: Any, tasks: Iterable[Any], jobs: int, died: Any, note: Any) -> Iterator[Any]:
        return (work(task) for task in tasks)

    monkeypatch.setattr("supervisor.terminal.commands.verify.run_apart", run_here)


def test_a_case_that_wants_to_end_the_program_fails() -> None:
    def leave(venue: Venue) -> None:
        raise SystemExit(0)

    assert run_case(Case(1, "leaves", leave), GATEIO).result is Result.FAILED


def test_a_process_that_dies_fails_its_case(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_die(work: Any, tasks: Iterable[Any], jobs: int, died: Any, note: Any) -> Iterator[Any]:
        return (died(task) for task in tasks)

    monkeypatch.setattr("supervisor.terminal.commands.verify.run_apart", all_die)
    assert main(["verify", "mexc"]) == 1
    assert "mexc 2 snapshot: the process that ran it has died" in capsys.readouterr().out
    assert main(["verify", "mexc", "--faults"]) == 1
    assert "mexc: the process that ran it has died" in capsys.readouterr().err


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_a_number_of_jobs_that_is_none_is_told(
    jobs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["verify", "mexc", f"--jobs={jobs}"])
    assert f"'{jobs}' is not a number from 1 on" in capsys.readouterr().err


@pytest.mark.usefixtures("in_this_process")
def test_outcomes_are_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = CASES[:2]
    monkeypatch.setattr("supervisor.terminal.commands.verify.CASES", few)
    assert main(["verify", "mexc", "--json"]) == 0
    assert [one["result"] for one in json.loads(capsys.readouterr().out)] == ["passed", "passed"]
    assert main(["verify", "mexc"]) == 0
    assert "2 of 2 passed" in capsys.readouterr().out


@pytest.mark.usefixtures("in_this_process")
def test_a_failure_is_told_and_makes_the_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(venue: Venue) -> None:
        raise RuntimeError("oh no")

    failing = (Case(1, "hopeless", fail),)
    monkeypatch.setattr("supervisor.terminal.commands.verify.CASES", failing)
    assert main(["verify", "mexc"]) == 1
    assert "mexc 1 hopeless: RuntimeError: oh no" in capsys.readouterr().out
