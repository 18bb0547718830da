"""Token buckets that are told the time: rates of requests, messages and connections."""

import msgspec


class Rate(msgspec.Struct, frozen=True):
    """At most `burst` units at once and `per_s` units a second in the long run."""

    burst: float
    per_s: float

    @classmethod
    def within(cls, limit: float, window_s: float) -> "Rate":
        """The rate that never passes `limit` units in any window of so many seconds.

        A full burst and the refill of one window fall into the same window, so each gets half.
        A single cost above half the limit may pass it by the difference.
        """
        return cls(limit / 2, limit / 2 / window_s)


class TokenBucket:
    """A bucket of tokens that refills with time; times are monotonic seconds."""

    def __init__(self, rate: Rate) -> None:
        if rate.burst <= 0 or rate.per_s <= 0:
            raise ValueError(f"a rate needs a positive burst and refill, not {rate}")
        self._rate = rate
        self._tokens = rate.burst
        self._at_s: float | None = None
        self._closed_until_s = float("-inf")

    def wait_s(self, cost: float, now_s: float) -> float:
        """Seconds until `cost` can be taken; 0.0 means now.

        A cost above the burst is granted once the bucket is full, and paid off afterwards.
        """
        self._refill(now_s)
        missing = min(cost, self._rate.burst) - self._tokens
        # A rounding error must not ask the caller to wait for a nanosecond, for ever.
        refill_s = missing / self._rate.per_s if missing > 1e-9 else 0.0
        return max(refill_s, self._closed_until_s - now_s, 0.0)

    def take(self, cost: float, now_s: float) -> None:
        """Take `cost` tokens; the caller has seen `wait_s` return 0.0."""
        self._refill(now_s)
        self._tokens -= cost

    def close(self, until_s: float) -> None:
        """Grant nothing before `until_s`: the venue told us to stay away."""
        self._closed_until_s = max(self._closed_until_s, until_s)

    def _refill(self, now_s: float) -> None:
        if self._at_s is not None:
            gained = (now_s - self._at_s) * self._rate.per_s
            self._tokens = min(self._rate.burst, self._tokens + max(gained, 0.0))
        self._at_s = now_s
