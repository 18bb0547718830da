"""Counts of durations in buckets that grow with them: percentiles in bounded memory."""

from math import ceil
from typing import Final

# Bits kept below the leading one: a percentile is told to within 1/16 of its value.
_BITS: Final = 4


class Histogram:
    """Percentiles of non-negative integers (nanoseconds), each to within 6 % of its value."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0
        self.most = 0

    def clear(self) -> None:
        """Forget everything."""
        self._counts.clear()
        self.count = self.most = 0

    def record(self, value: int) -> None:
        value = max(value, 0)
        shift = max(value.bit_length() - _BITS - 1, 0)
        bucket = (shift << (_BITS + 1)) + (value >> shift)
        self._counts[bucket] = self._counts.get(bucket, 0) + 1
        self.count += 1
        self.most = max(self.most, value)

    def percentile(self, percent: float) -> int:
        """The value that `percent` of all recorded ones do not exceed, 0 without any."""
        wanted = ceil(self.count * percent / 100)
        seen = 0
        for bucket in sorted(self._counts):
            seen += self._counts[bucket]
            if seen >= wanted:
                shift, mantissa = bucket >> (_BITS + 1), bucket & ((1 << (_BITS + 1)) - 1)
                return min(((mantissa + 1) << shift) - 1, self.most)
        return 0
