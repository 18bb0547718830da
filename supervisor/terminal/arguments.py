"""What the command line can be asked: one parser a command, and the types of its values."""

import argparse
import os
from math import inf, isfinite, nan
from pathlib import Path
from typing import Final

from actors.edges.version import version

RECORDING_ENDS: Final = (".jsonl", ".jsonl.gz", ".jsonl.zst")
KEPT_ENDS: Final = (".csv", ".jsonl", ".parquet")


def parser() -> argparse.ArgumentParser:
    """Reads the arguments of all commands; `command` of the result names the one asked for."""
    every = argparse.ArgumentParser(
        prog="arbitrio",
        description="Finds cross-venue arbitrage in order books that cannot be read while they "
        "may be wrong.",
    )
    every.add_argument("--version", action="version", version=f"arbitrio {version()}")
    commands = every.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_demo(commands.add_parser("demo", help="watch sandbox venues on this machine"))
    _add_sandbox(commands.add_parser("sandbox", help="serve sandbox venues for any client"))
    _add_run(commands.add_parser("run", help="watch the venues of a configuration"))
    _add_record(commands.add_parser("record", help="store the raw traffic of a configuration"))
    _add_replay(commands.add_parser("replay", help="feed recordings through the same engine"))
    _add_venues(commands.add_parser("venues", help="list the venues and what each can do"))
    _add_verify(commands.add_parser("verify", help="run the conformance suite on venues"))
    _add_check(commands.add_parser("check", help="validate a configuration"))
    _add_bench(commands.add_parser("bench", help="measure how fast it is on this machine"))
    return every


def _add_demo(parser: argparse.ArgumentParser) -> None:
    _add_sandboxes(parser)
    parser.add_argument("--calm", action="store_true", help="let no venue misbehave")
    _add_showing(parser)


def _add_sandbox(parser: argparse.ArgumentParser) -> None:
    _add_sandboxes(parser)
    parser.add_argument(
        "--port",
        type=_port,
        default=0,
        metavar="N",
        help="where the first venue is served; the others follow (default: free ones)",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE.toml",
        help="write a configuration that watches them, for run and record",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace a configuration that is there already"
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON")


def _add_run(parser: argparse.ArgumentParser) -> None:
    _add_config(parser)
    _add_showing(parser)


def _add_record(parser: argparse.ArgumentParser) -> None:
    _add_config(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=_recording,
        required=True,
        metavar="FILE",
        help="ends in .jsonl, .jsonl.gz or .jsonl.zst",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--force",
        dest="existing",
        action="store_const",
        const="replaced",
        default="kept",
        help="replace a file that is there already",
    )
    how.add_argument(
        "--append",
        dest="existing",
        action="store_const",
        const="continued",
        help="go on behind the last whole frame of a file that is there already",
    )
    parser.add_argument("--seconds", type=_seconds, help="stop after so long")
    _add_logging(parser)


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="recorded frames (.jsonl, .gz, .zst) or quotes (.csv, .csv.gz)",
    )
    parser.add_argument(
        "--config", type=Path, metavar="CONFIG.toml", help="for thresholds, fees and the asset map"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--fees",
        choices=("none", "config"),
        default="config",
        help="taker fees: none, or those of the configuration or price list",
    )
    parser.add_argument(
        "--open-bps", type=_number, metavar="BPS", help="an opportunity opens above this edge"
    )
    parser.add_argument(
        "--close-bps", type=_number, metavar="BPS", help="and closes at or below this one"
    )
    parser.add_argument(
        "--max-age", type=_age, metavar="SECONDS", help="oldest side to act on, or none"
    )
    parser.add_argument(
        "--comparable",
        choices=("same-symbol", "spot-perp"),
        help="spot-perp: compare spot with perpetuals of one base and quote",
    )
    _add_keeping(parser)
    parser.add_argument(
        "--speed",
        type=_speed,
        metavar="N",
        help="so many times the recorded pace (default: as fast as possible)",
    )


def _add_venues(parser: argparse.ArgumentParser) -> None:
    _add_names(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print JSON")
    how.add_argument("--markdown", action="store_true", help="print the tables of the README")


def _add_verify(parser: argparse.ArgumentParser) -> None:
    _add_names(parser)
    parser.add_argument(
        "--faults",
        action="store_true",
        help="lose, double and swap frames at 200 places instead, and count what comes of it",
    )
    parser.add_argument(
        "--jobs",
        type=_positive_count,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes that work at a time (default: one a core, here %(default)s)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print JSON")
    how.add_argument("--markdown", action="store_true", help="with --faults: as in the README")


def _add_check(parser: argparse.ArgumentParser) -> None:
    _add_config(parser)
    parser.add_argument(
        "--effective", action="store_true", help="print the configuration with all defaults"
    )


def _add_bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument(
        "--recording",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="also measure replaying this file",
    )


def _add_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "venues",
        nargs="*",
        metavar="VENUE",
        help="names, or package.module:VENUE for your own (default: all of ours)",
    )


def _add_sandboxes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--venues",
        default="",
        metavar="NAMES",
        help="names separated by commas, or all (default: those of the demo)",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the synthetic markets (1)")


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG.toml")


def _add_keeping(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--opportunities",
        type=_kept,
        metavar="FILE",
        help="keep what became of opportunities, a row a change; ends in .csv, .jsonl or .parquet",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace a file of opportunities that is there already"
    )


def _add_logging(parser: argparse.ArgumentParser) -> None:
    how_much = parser.add_mutually_exclusive_group()
    how_much.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="what is logged to stderr, from this level on (info)",
    )
    how_much.add_argument(
        "-q",
        "--quiet",
        dest="log_level",
        action="store_const",
        const="error",
        help="log errors only",
    )
    parser.add_argument("--json", action="store_true", help="log as JSON, one object a line")


def _add_showing(parser: argparse.ArgumentParser) -> None:
    _add_logging(parser)
    _add_keeping(parser)
    parser.add_argument("--seconds", type=_seconds, help="stop after so long, with a summary")
    parser.add_argument(
        "--plain", action="store_true", help="print lines; the default where there is no terminal"
    )


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def _positive_count(text: str) -> int:
    if not text.isdecimal() or not (count := int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return count


def _port(text: str) -> int:
    if not text.isdecimal() or not (port := int(text)) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return port


def _seconds(text: str) -> float:
    return _above_0(text, "a time in seconds")


def _speed(text: str) -> float:
    return _above_0(text, "a factor")


def _above_0(text: str, what: str) -> float:
    if not (value := _number(text)) > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} above 0")
    return value


def _age(text: str) -> float:
    return inf if text == "none" else _seconds(text)


def _recording(text: str) -> Path:
    return _path_with(RECORDING_ENDS, text)


def _kept(text: str) -> Path:
    return _path_with(KEPT_ENDS, text)


def _path_with(ends: tuple[str, ...], text: str) -> Path:
    if not text.endswith(ends):
        raise argparse.ArgumentTypeError(f"{text!r} does not end in one of {', '.join(ends)}")
    return Path(text)
