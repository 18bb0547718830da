"""How far a venue's clock is from ours."""

from typing import Final

from exchanges.market.numbers import NS_PER_S

# Old evidence is forgotten after one to two of these, so that drift and steps are followed.
WINDOW_NS: Final = 300 * NS_PER_S
# The error of a measurement is at most half its round trip; slower ones say too little.
SLOWEST_TRIP_NS: Final = 2 * NS_PER_S


class VenueClock:
    """The offset of a venue's clock, from what its messages and its time endpoint tell.

    A message stamped `venue_ns` cannot arrive before it was sent, so the offset is at least
    `venue_ns - received_ns`; the largest such bound is off by the fastest delivery only. An
    answer of the time endpoint is better: of those in the window the fastest counts.
    """

    def __init__(self) -> None:
        self._bound: int | None = None  # of the current window
        self._previous_bound: int | None = None
        self._window_from_ns = 0
        self._measured: tuple[int, int] | None = None  # round trip, offset
        self._measured_at_ns = 0

    def heard(self, venue_ns: int, received_ns: int) -> None:
        """A message of the stream."""
        bound = venue_ns - received_ns
        if received_ns - self._window_from_ns > WINDOW_NS:
            self._previous_bound, self._bound = self._bound, bound
            self._window_from_ns = received_ns
        elif self._bound is None or bound > self._bound:
            self._bound = bound

    def measured(self, sent_ns: int, venue_ns: int, received_ns: int) -> None:
        """An answer of the time endpoint, stamped half-way between request and answer."""
        trip_ns = received_ns - sent_ns
        if trip_ns > SLOWEST_TRIP_NS:
            return
        offset_ns = venue_ns - (sent_ns + received_ns) // 2
        is_old = received_ns - self._measured_at_ns > WINDOW_NS
        if self._measured is None or is_old or trip_ns <= self._measured[0]:
            self._measured = (trip_ns, offset_ns)
            self._measured_at_ns = received_ns

    @property
    def offset_ns(self) -> int | None:
        """Venue's clock minus ours, None before anything was heard."""
        if self._measured is not None:
            return self._measured[1]
        if self._bound is None:
            return self._previous_bound
        return max(self._bound, self._previous_bound or self._bound)

    def age_ns(self, venue_ns: int | None, now_ns: int) -> int | None:
        """How old a stamp of the venue is at our `now_ns`, as far as can be told."""
        offset_ns = self.offset_ns
        if venue_ns is None or offset_ns is None:
            return None
        return now_ns + offset_ns - venue_ns
