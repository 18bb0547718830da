"""Where tables are printed: as wide as the terminal, or as they need where there is none."""

import sys
from typing import Final

from rich.console import Console

# A file or another program does not break lines; no table of ours is nearly as wide.
_UNBROKEN: Final = 10_000


def table_console() -> Console:
    """What prints tables and lines to stdout."""
    return Console(width=None if sys.stdout.isatty() else _UNBROKEN)
