"""`arbitrio verify`: the conformance suite on our venues, or on anybody's own."""

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import groupby
from time import monotonic
from typing import Final, TypeVar

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from exchanges import VENUES
from supervisor.settings.venues import find_venue
from supervisor.terminal.matrix import markdown
from supervisor.terminal.naming import venues_named
from supervisor.terminal.signals import raising
from supervisor.terminal.tables import table_console
from supervisor.verify import CASES, Outcome, Result, run_case
from supervisor.verify.faults import FAULT_HEADER, PLACES, Count, count_faults, fault_row
from supervisor.verify.processes import run_apart

_SIGNS = {Result.PASSED: "ok", Result.FAILED: "[bold red]FAIL[/]", Result.NONE: "-"}
_DIED: Final = "the process that ran it has died"

T = TypeVar("T")
R = TypeVar("R")


def main(args: Namespace) -> int:
    names = args.venues or list(VENUES)
    told = [venue.name for venue in venues_named(names)]
    with raising():  # the processes that work for it must end, too
        return _count_all(names, args) if args.faults else _verify_all(names, told, args)


def _verify_all(names: list[str], told: list[str], args: Namespace) -> int:
    started_s = monotonic()
    tasks = [(name, case.number) for name in names for case in CASES]
    outcomes = _work_off(_verify_one, tasks, args.jobs, _died)
    if args.json:
        print(msgspec.json.encode(outcomes).decode())
    else:
        _print(outcomes, told, monotonic() - started_s)
    return int(any(outcome.result is Result.FAILED for outcome in outcomes))


def _verify_one(task: tuple[str, int]) -> Outcome:
    name, number = task
    return run_case(CASES[number - 1], find_venue(name))


def _died(task: tuple[str, int]) -> Outcome:
    name, number = task
    return Outcome(
        number=number,
        case=CASES[number - 1].name,
        venue=find_venue(name).name,
        result=Result.FAILED,
        detail=_DIED,
    )


def _work_off(
    work: Callable[[T], R], tasks: Sequence[T], jobs: int, died: Callable[[T], R]
) -> list[R]:
    """The results of all tasks in their order; on a terminal people see how far it is."""
    results: list[R] = []
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar, closing(run_apart(work, tasks, jobs, died, bar.console.print)) as told:
        for result in bar.track(told, total=len(tasks), description="verify"):
            results.append(result)
    return results


def _count_all(names: list[str], args: Namespace) -> int:
    """Tell what comes of hurt frames; a wrong book that can be read is a failure."""
    started_s = monotonic()
    of_venues = _work_off(_count_one, names, args.jobs, _died_counting)
    counts = [count for of_venue in of_venues for count in of_venue or ()]
    by_stream = groupby(counts, key=lambda count: (count.venue, count.stream))
    rows = [fault_row(of_stream) for _, of_stream in by_stream]
    if args.json:
        print(msgspec.json.encode(counts).decode())
    elif args.markdown:
        print(markdown(FAULT_HEADER, rows))
    else:
        table = Table(title=f"{PLACES} places each", title_justify="left")
        for name in FAULT_HEADER:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*row)
        table_console().print(table)
        print(f"{len(names)} venues, in {monotonic() - started_s:.1f} s")
    return int(None in of_venues or any(count.wrong for count in counts))


def _count_one(name: str) -> list[Count] | None:
    return list(count_faults(find_venue(name)))


def _died_counting(name: str) -> list[Count] | None:
    print(f"{name}: {_DIED}", file=sys.stderr)
    return None


def _print(outcomes: list[Outcome], venues: list[str], took_s: float) -> None:
    table = Table(title="cases by venues", title_justify="left")
    table.add_column("", justify="right")
    table.add_column("case", no_wrap=True)
    for name in venues:
        table.add_column(name, justify="center", overflow="fold")
    results = {(one.number, one.venue): one for one in outcomes}
    for case in CASES:
        signs = [_SIGNS[results[case.number, name].result] for name in venues]
        table.add_row(str(case.number), case.name, *signs)
    console = table_console()
    console.print(table)
    for one in outcomes:
        if one.result is Result.FAILED:
            console.print(f"{one.venue} {one.number} {one.case}: {one.detail}", markup=False)
    failed = sum(one.result is Result.FAILED for one in outcomes)
    passed = f"{len(outcomes) - failed} of {len(outcomes)}"
    console.print(f"{passed} passed or do not apply, in {took_s:.1f} s")
