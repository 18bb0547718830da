"""Pauses that grow, so that whatever keeps failing cannot flood a venue."""

from typing import Final

_DOUBLINGS: Final = 10  # enough for every cap; a thing may fail for days


def grown_s(first_s: float, cap_s: float, times: int) -> float:
    """The pause after so many in a row: it doubles from the first value to the cap."""
    return min(first_s * 2.0 ** min(times, _DOUBLINGS), cap_s)
