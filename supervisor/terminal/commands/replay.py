"""`arbitrio replay`: recordings through the same codecs, books and detector as live traffic."""

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable
from heapq import merge
from pathlib import Path
from typing import Any

import msgspec
import trio
from rich.console import Console
from rich.table import Table

from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings, OpportunityChange, Phase
from actors.recording.format import Record, RecordingError, read_recording
from actors.recording.replay import Replay
from exchanges import Venue
from exchanges.market.instrument import Instrument
from supervisor.settings.config import Config, VenueConfig, check_detector, load_config
from supervisor.terminal.cli import USAGE_ERROR


def main(args: Namespace) -> int:
    config = load_config(args.config) if args.config else Config()
    replay = Replay(
        _settings(config, args),
        _identity(config, args),
        _fee_of(config, args.fees),
        config.units_of,
    )
    started_s = time.perf_counter()
    try:
        trio.run(_play, replay, args.files, args.speed, not args.json)
    except RecordingError as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    report = {"wall_s": time.perf_counter() - started_s, **replay.report()}
    if args.json:
        print(msgspec.json.encode(report).decode())
    else:
        _print(report)
    return 0


async def _play(replay: Replay, files: list[Path], speed: float | None, tell: bool) -> None:
    """Feed the records of all files in the order of their stamps."""
    records = _in_order(files)
    if speed is None and not tell:
        for record in records:
            replay.feed(record)
        return
    first_s: float | None = None
    started_s = trio.current_time()
    for record in records:
        first_s = record.ts if first_s is None else first_s
        if speed is not None:
            await trio.sleep_until(started_s + (record.ts - first_s) / speed)
        for change in replay.feed(record):
            if tell and speed is not None and change.phase is not Phase.IMPROVED:
                print(_line(change, record.ts - first_s))


def _in_order(files: Iterable[Path]) -> Iterable[Record]:
    recordings = [read_recording(path) for path in files]
    if len(recordings) == 1:
        return recordings[0]
    return merge(*recordings, key=_stamp)


def _stamp(record: Record) -> float:
    return record.ts


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


def _identity(config: Config, args: Namespace) -> AssetIdentity:
    comparable = Comparable(args.comparable) if args.comparable else config.comparable
    return AssetIdentity(config.asset_names, comparable)


def _fee_of(config: Config, fees: str) -> Callable[[Venue, Instrument], float]:
    def taker_fee(venue: Venue, instrument: Instrument) -> float:
        if fees == "none":
            return 0.0
        known = config
        if venue.name not in config.venues:
            known = msgspec.structs.replace(config, venues={venue.name: VenueConfig()})
        return float(known.fees_of(venue, instrument).taker)

    return taker_fee


def _line(change: OpportunityChange, at_s: float) -> str:
    reason = f" ({change.reason})" if change.reason else ""
    return f"{at_s:10.3f} s  {change.phase}{reason}: {change.opportunity}"


def _print(report: dict[str, Any]) -> None:
    console = Console()
    books = Table(title="books", title_justify="left")
    for name in ("venue", "symbol", "state", "gaps", "resyncs", "sequence", "bid", "ask"):
        books.add_column(name)
    for book in report["books"]:
        best = [str(side[0][0]) if side else "" for side in (book["bids"], book["asks"])]
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
    for reason, count in report["refused"].items():
        console.print(f"refused: {reason}: {count}")
    per_s = report["frames"] / report["wall_s"]
    console.print(
        f"{report['frames']} frames in {report['wall_s']:.2f} s ({per_s:,.0f} a second), "
        f"{report['unparsed']} unparsed"
    )
