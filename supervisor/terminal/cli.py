"""The command line: reads what is asked, runs the command, tells what was wrong, ends with a code.

Commands are imported when they are used, so that `--help` answers at once.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from actors.recording.packing import RecordingError
from supervisor.settings.reader import ConfigError
from supervisor.terminal.arguments import parser
from supervisor.terminal.exits import FAILED, USAGE_ERROR, UsageError
from supervisor.terminal.signals import Stopped


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    0 is done, 1 failed, 2 asked for in a wrong way, 3 done with the part of a recording that can be
    read, 130 and 143 interrupted or terminated before there was a result.
    """
    _spell_out()
    try:
        return _run(parser().parse_args(argv))
    except BrokenPipeError:
        return FAILED  # nobody reads what we print
    finally:
        _flush()


def _run(args: Namespace) -> int:
    if (here := os.getcwd()) not in sys.path:
        sys.path.append(here)  # for venues that are nobody's package yet
    command = import_module(f"supervisor.terminal.commands.{args.command}")
    try:
        code: int = command.main(args)
        sys.stdout.flush()
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        return stopped.code
    except ConfigError as error:
        where = getattr(args, "config", None) or "configuration"
        for problem in error.problems:
            print(f"{where}: {problem}", file=sys.stderr)
        return USAGE_ERROR
    except (UsageError, RecordingError) as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        print(f"{error.filename}: {reason}" if error.filename else reason, file=sys.stderr)
        return USAGE_ERROR
    return code


def _spell_out() -> None:
    """Have stdout spell what its encoding lacks, as stderr does: a name of a market ends no run."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _flush() -> None:
    """Write out what is left, or nowhere if nobody reads it; else Python says so as it ends."""
    for file in (sys.stdout, sys.stderr):
        try:
            file.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())
