"""Venues by name: ours, or anybody's."""

from importlib import import_module
from traceback import extract_tb

from exchanges import VENUES, Venue
from supervisor.settings.reader import suggest


def _where(error: Exception) -> str:
    """The place and the words of an error."""
    *_, last = extract_tb(error.__traceback__)
    return f"{last.filename}:{last.lineno}: {type(error).__name__}: {error}"


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
    except (ImportError, AttributeError, ValueError) as error:
        raise LookupError(f"{name}: {error}") from error
    except Exception as error:  # whatever somebody's module does
        raise LookupError(f"{name}: importing it failed: {_where(error)}") from error
    if not isinstance(venue, Venue):
        raise LookupError(f"{name}: a Venue is wanted, not {type(venue).__name__}")
    return venue
