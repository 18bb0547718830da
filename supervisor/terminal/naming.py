"""Venues by the names that people give on the command line."""

from collections.abc import Sequence

from exchanges import VENUES, Venue
from supervisor.settings.venues import find_venue
from supervisor.terminal.exits import UsageError


def venues_named(names: Sequence[str]) -> list[Venue]:
    """The records of the venues that were asked for, all of ours if none was.

    Raises:
        UsageError: there is no such venue.
    """
    try:
        return [find_venue(name) for name in names or VENUES]
    except LookupError as error:
        raise UsageError(error.args[0]) from error
