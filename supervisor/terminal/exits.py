"""How a command ends: its exit codes, and what was asked for in a wrong way."""

from typing import Final

FAILED: Final = 1  # also when whoever read our output has gone
USAGE_ERROR: Final = 2
PARTIAL: Final = 3


class UsageError(Exception):
    """Something was asked for in a wrong way; one line says what would be right."""
