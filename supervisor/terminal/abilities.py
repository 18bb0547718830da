"""What the terminal can show, as far as it says so."""

import os
import sys
from collections.abc import Mapping
from typing import Final

_DUMB: Final = frozenset({"dumb", "unknown"})
# Python itself sets LC_CTYPE to these where nothing but the C locale was asked for (PEP 538), so
# that they say nothing of the terminal.
_COERCED: Final = frozenset({"C.UTF-8", "C.utf8"})


def can_draw() -> bool:
    """Whether stdout is a terminal on which one can write elsewhere than at the end."""
    return sys.stdout.isatty() and not is_dumb(os.environ)


def is_dumb(environ: Mapping[str, str]) -> bool:
    """Whether the terminal knows neither colours nor places."""
    return environ.get("TERM", "").lower() in _DUMB


def is_ascii_only(environ: Mapping[str, str], encoding: str) -> bool:
    """Whether nothing but ASCII is sure to be shown by who reads stdout in this encoding."""
    if not encoding.lower().startswith("utf"):
        return True
    if environ.get("PYTHONIOENCODING") or environ.get("PYTHONUTF8") == "1":
        return False  # somebody said so
    ctype = environ.get("LC_CTYPE", "")
    locale = environ.get("LC_ALL") or (ctype not in _COERCED and ctype) or environ.get("LANG")
    return locale in (None, "", "C", "POSIX")
