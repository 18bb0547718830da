"""Pauses that grow while something keeps failing."""

from typing import Final

import msgspec

_DOUBLINGS: Final = 64
"""Enough for any cap; what is counted may be counted for ever."""


class Growing(msgspec.Struct, frozen=True):
    """A pause that doubles from `first_s` to `cap_s`; whoever wants them spread does it itself."""

    first_s: float
    cap_s: float

    def after(self, times: int) -> float:
        """Seconds to wait after so many failures in a row, at least one."""
        return min(self.first_s * 2.0 ** min(max(times - 1, 0), _DOUBLINGS), self.cap_s)
