"""Lists that come in pages come to an end, whatever the venue makes of what asks for the next."""

from collections.abc import Mapping
from typing import Final

from exchanges.rest.call import Query

MOST_PAGES: Final = 100
"""Ten thousand markets in the smallest pages that a venue has; the largest lists have a third."""


def require_progress(following: Query, asked: Mapping[str, str], number: int, new: int) -> None:
    """Let page `number`, which brings so many `new` markets, be followed by another.

    Raises:
        ValueError: the list would not come to an end.
    """
    if all(asked.get(name) == value for name, value in following):
        raise ValueError(f"page {number} of the list asks for itself again: {following}")
    if not new:
        raise ValueError(f"page {number} of the list brings no market that is new")
    if number >= MOST_PAGES:
        raise ValueError(f"the list has more than {MOST_PAGES} pages")
