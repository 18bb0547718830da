"""`arbitrio replay`: recordings through the same codecs, books and detector as live traffic."""

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from heapq import merge
from pathlib import Path
from typing import Any

import msgspec
import trio
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from actors.detection.identity import Comparable
from actors.detection.opportunity import DetectorSettings, OpportunityChange, Phase
from actors.recording.format import Record, RecordingBroken, read_recording
from actors.recording.packing import OnRead
from actors.recording.replay import Replay
from exchanges import Venue
from exchanges.market.instrument import Instrument
from exchanges.market.numbers import plain
from supervisor.settings.checking import check_detector
from supervisor.settings.config import Config, VenueConfig
from supervisor.settings.loading import load_config
from supervisor.terminal.exits import PARTIAL, USAGE_ERROR
from supervisor.terminal.keeping import Keep, keep_opportunities
from supervisor.terminal.report import thresholds
from supervisor.terminal.stopping import Stop
from supervisor.terminal.tables import table_console

Breaks = list[RecordingBroken]
"""Where files could be read no further."""

_BREATH = 500
"""Records fed at a stretch."""

MOST_REASONS = 20
"""Reasons why records were not read that are told; the most frequent ones."""


def main(args: Namespace) -> int:
    config = load_config(args.config) if args.config else Config()
    settings = _settings(config, args)
    comparable = Comparable(args.comparable) if args.comparable else config.comparable
    identity = config.identity(comparable)
    fee_of = _fee_of(config, args.fees)
    replay = Replay(settings, identity, fee_of, config.units_of, partial(_is_compared, config))
    breaks: Breaks = []
    started_s = time.perf_counter()
    with (
        keep_opportunities(args.opportunities, replace=args.force) as keep,
        _progress(args.files) as on_read,
    ):
        records = in_order(args.files, on_read, breaks)
        Stop().run(play, replay, records, args.speed, _teller(args, keep))
    report = {
        "wall_s": time.perf_counter() - started_s,
        "settings": settings,
        "comparable": comparable,
        "breaks": [_break(one) for one in breaks],
        **replay.report(),
    }
    _warn(report)
    if args.json:
        print(msgspec.json.encode(report).decode())
    elif replay.books:
        _print(report, args.fees)
    if not replay.books:
        return USAGE_ERROR
    return PARTIAL if breaks else 0


Tell = Callable[[OpportunityChange, float], None]
"""Told each change, and when it was, in seconds after the first record."""


def _teller(args: Namespace, keep: Keep) -> Tell:
    is_watched = args.speed is not None and not args.json

    def tell(change: OpportunityChange, at_s: float) -> None:
        keep(change)
        if is_watched and change.phase is not Phase.IMPROVED:
            print(_line(change, at_s), flush=True)

    return tell


async def play(replay: Replay, records: Iterable[Record], speed: float | None, tell: Tell) -> None:
    """Feed records, so many times as fast as they were recorded; None is as fast as possible."""
    first_s: float | None = None
    started_s = trio.current_time()
    for number, record in enumerate(records):
        first_s = record.ts if first_s is None else first_s
        if number % _BREATH == 0:
            await trio.lowlevel.checkpoint()  # so that a signal can end it
        if speed is not None:
            await trio.sleep_until(started_s + (record.ts - first_s) / speed)
        for change in replay.feed(record):
            tell(change, record.ts - first_s)


def in_order(files: Iterable[Path], on_read: OnRead, breaks: Breaks) -> Iterable[Record]:
    """The records of all files in the order of their stamps; files that break are noted."""
    recordings = [_until_break(path, on_read, breaks) for path in files]
    if len(recordings) == 1:
        return recordings[0]
    return merge(*recordings, key=_stamp)


def _until_break(path: Path, on_read: OnRead, breaks: Breaks) -> Iterator[Record]:
    try:
        yield from read_recording(path, on_read)
    except RecordingBroken as broken:
        breaks.append(broken)


def _stamp(record: Record) -> float:
    return record.ts


@contextmanager
def _progress(files: Iterable[Path]) -> Iterator[OnRead]:
    """On a terminal people see how far it is, on stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda size: None
        return
    total = sum(path.stat().st_size for path in files if path.is_file())
    columns = (TextColumn("replay"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("replay", total=total)
        yield lambda size: bar.advance(task, size)


def _settings(config: Config, args: Namespace) -> DetectorSettings:
    wishes = {
        "open_bps": args.open_bps,
        "close_bps": args.close_bps,
        "max_age_s": args.max_age,
    }
    given = {name: value for name, value in wishes.items() if value is not None}
    settings = msgspec.structs.replace(config.detector, **given)
    if not args.config:
        # Without a configuration the smallest opportunity counts: the recording is the measure.
        settings = msgspec.structs.replace(settings, min_notional=0.0)
    check_detector(settings)
    return settings


def _fee_of(config: Config, fees: str) -> Callable[[Venue, Instrument], float]:
    def taker_fee(venue: Venue, instrument: Instrument) -> float:
        if fees == "none":
            return 0.0
        known = config
        if venue.name not in config.venues:
            known = msgspec.structs.replace(config, venues={venue.name: VenueConfig()})
        return float(known.fees_of(venue, instrument).taker)

    return taker_fee


def _is_compared(config: Config, instrument: Instrument) -> bool:
    """Whether the configuration asks for a market, where it may have been kept for its rate."""
    if instrument.venue not in config.venues:
        return True
    is_rate = config.quotes.converts(instrument.base, instrument.quote)
    return not is_rate or instrument.symbol in config.symbols_of(instrument.venue)


def _line(change: OpportunityChange, at_s: float) -> str:
    reason = f" ({change.reason})" if change.reason else ""
    return f"{at_s:10.3f} s  {change.phase}{reason}: {change.opportunity}"


def _break(broken: RecordingBroken) -> dict[str, Any]:
    return {"problem": str(broken), "records": broken.records, "last_s": broken.last_s}


def _warn(report: dict[str, Any]) -> None:
    """Say on stderr what was not read, and why."""
    for one in report["breaks"]:
        last = datetime.fromtimestamp(one["last_s"], UTC).isoformat(timespec="milliseconds")
        print(
            f"{one['problem']}; read up to there: {one['records']} records, the last of {last}",
            file=sys.stderr,
        )
    unread = report["unread"]
    for one in unread[:MOST_REASONS]:
        print(
            f"unparsed: {one['venue']} {one['stream']}: {one['frames']} frames: {one['reason']}",
            file=sys.stderr,
        )
    if more := unread[MOST_REASONS:]:
        frames = sum(one["frames"] for one in more)
        print(f"unparsed: {frames} frames for {len(more)} other reasons", file=sys.stderr)
    if not report["books"]:
        print(f"nothing to replay: no book in {report['frames']} records", file=sys.stderr)


def _print(report: dict[str, Any], fees: str) -> None:
    console = table_console()
    books = Table(title="books", title_justify="left")
    for name in ("venue", "symbol", "state", "gaps", "resyncs", "sequence", "bid", "ask"):
        books.add_column(name)
    for book in report["books"]:
        best = [plain(side[0][0]) if side else "" for side in (book["bids"], book["asks"])]
        state = "live" if book["live"] else "not live"
        counts = [str(book[name]) for name in ("gaps", "resyncs", "sequence")]
        books.add_row(book["venue"], book["symbol"], state, *counts, *best)
    console.print(books)
    pairs = Table(title="opportunities", title_justify="left")
    for name in ("sell", "buy", "opened", "open s", "best edge bp"):
        pairs.add_column(name)
    for pair in report["opportunities"]["pairs"]:
        figures = (str(pair["opened"]), f"{pair['open_s']:.3f}", f"{pair['best_edge_bps']:.2f}")
        pairs.add_row(pair["sell"], pair["buy"], *figures)
    console.print(pairs)
    fees_told = "no fees" if fees == "none" else "taker fees of configuration or price list"
    lines = [
        f"{thresholds(report['settings'])}; {report['comparable']}; {fees_told}",
        *(f"refused: {reason}: {count}" for reason, count in report["refused"].items()),
        f"{report['frames']} frames in {report['wall_s']:.2f} s "
        f"({report['frames'] / report['wall_s']:,.0f} a second), {report['unparsed']} unparsed",
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False)
