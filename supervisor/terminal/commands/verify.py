"""`arbitrio verify`: the conformance suite on our venues, or on anybody's own."""

import sys
from argparse import Namespace
from importlib import import_module
from itertools import groupby

import msgspec
from rich.console import Console
from rich.table import Table

from exchanges import VENUES, Venue
from supervisor.settings.reader import suggest
from supervisor.terminal.cli import USAGE_ERROR
from supervisor.terminal.logs import log_to_stderr
from supervisor.terminal.matrix import markdown
from supervisor.verify import CASES, Outcome, Result, verify
from supervisor.verify.faults import FAULT_HEADER, PLACES, count_faults, fault_row

_SIGNS = {Result.PASSED: "ok", Result.FAILED: "[bold red]FAIL[/]", Result.NONE: "-"}


def main(args: Namespace) -> int:
    try:
        venues = [find_venue(name) for name in args.venues or VENUES]
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return USAGE_ERROR
    if args.faults:
        return _count_faults(venues, args)
    log_to_stderr("critical")  # what fails is told by the outcomes
    outcomes: list[Outcome] = []
    for outcome in verify(venues):
        outcomes.append(outcome)
        if not args.json and sys.stderr.isatty():
            print(f"\r{outcome.venue}: {outcome.case}\x1b[K", end="", file=sys.stderr)
    if args.json:
        print(msgspec.json.encode(outcomes).decode())
    else:
        _print(outcomes, [venue.name for venue in venues])
    return int(any(outcome.result is Result.FAILED for outcome in outcomes))


def _count_faults(venues: list[Venue], args: Namespace) -> int:
    """Tell what comes of hurt frames; a wrong book that can be read is a failure."""
    counts = [count for venue in venues for count in count_faults(venue)]
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
        Console().print(table)
    return int(any(count.wrong for count in counts))


def find_venue(name: str) -> Venue:
    """One of ours by its name, or anybody's as `package.module:VENUE`.

    Raises:
        LookupError: there is none; says what would be right.
    """
    module, separator, attribute = name.partition(":")
    if not separator:
        if name in VENUES:
            return VENUES[name]
        raise LookupError(f"{name}: no such venue; {suggest(name, list(VENUES))}")
    try:
        venue = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"{name}: {error}") from error
    if not isinstance(venue, Venue):
        raise LookupError(f"{name}: a Venue is wanted, not {type(venue).__name__}")
    return venue


def _print(outcomes: list[Outcome], venues: list[str]) -> None:
    table = Table(title="cases by venues", title_justify="left")
    table.add_column("", justify="right")
    table.add_column("case", no_wrap=True)
    for name in venues:
        table.add_column(name, justify="center", overflow="fold")
    results = {(one.number, one.venue): one for one in outcomes}
    for case in CASES:
        signs = [_SIGNS[results[case.number, name].result] for name in venues]
        table.add_row(str(case.number), case.name, *signs)
    console = Console()
    console.print(table)
    for one in outcomes:
        if one.result is Result.FAILED:
            console.print(f"{one.venue} {one.number} {one.case}: {one.detail}", markup=False)
    failed = sum(one.result is Result.FAILED for one in outcomes)
    console.print(f"{len(outcomes) - failed} of {len(outcomes)} passed or do not apply")
