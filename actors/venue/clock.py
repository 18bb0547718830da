"""How far a venue's clock is from ours."""

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from exchanges.market.numbers import NS_PER_MS, NS_PER_S

# Evidence is forgotten after this, so that drift and steps are followed; a delay of all messages
# for less than that is seen as one.
WINDOW_NS: Final = 300 * NS_PER_S
# What a market has told in so long is one piece of evidence.
SLOT_NS: Final = 10 * NS_PER_S
# The error of a measurement is at most half its round trip; slower ones say too little.
SLOWEST_TRIP_NS: Final = 2 * NS_PER_S
# Venues keep their clocks within milliseconds of UTC and machines within some seconds, so that a
# stamp that differs by more is of a feed that is frozen, or of a clock that is wrong.
PLAUSIBLE_NS: Final = 10 * NS_PER_S
# Deliveries of one venue differ by less: what differs by more does not confirm each other.
AGREE_NS: Final = NS_PER_S // 2
# Measurements that are compared; there is one a minute.
MEASUREMENTS: Final = 5
# So many stamps in a row, of whatever market, are no accident.
TELLING: Final = 10


class _Trip(NamedTuple):
    """A measurement, and how long the answer took."""

    offset_ns: int
    trip_ns: int
    at_ns: int


class _Market:
    """What the stamps of one market have told: the two highest bounds of each slot, so that no
    single stamp makes it."""

    __slots__ = ("_best", "_has_two", "_second", "_slots", "bound_ns", "since_ns")

    def __init__(self, bound_ns: int, received_ns: int) -> None:
        self._slots: deque[tuple[int, int]] = deque(maxlen=WINDOW_NS // SLOT_NS)
        self._begin(bound_ns, received_ns)
        self.bound_ns = bound_ns  # the highest that another one confirms

    def _begin(self, bound_ns: int, received_ns: int) -> None:
        """A slot's first stamp counts until there is another."""
        self._best = self._second = bound_ns
        self._has_two = False
        self.since_ns = received_ns

    def heard(self, bound_ns: int, received_ns: int) -> bool:
        """A stamp; whether it moves the bound of the market."""
        if received_ns - self.since_ns > SLOT_NS:
            self._slots.append((self.since_ns, self._of_slot()))
            self._begin(bound_ns, received_ns)
        elif bound_ns > self._best:
            self._second, self._best, self._has_two = self._best, bound_ns, True
        elif not self._has_two or bound_ns > self._second:
            self._second, self._has_two = bound_ns, True
        else:
            return False
        slots = (*self._slots, (self.since_ns, self._of_slot()))
        before_ns = self.bound_ns
        self.bound_ns = _agreed([told for at_ns, told in slots if received_ns - at_ns <= WINDOW_NS])
        return self.bound_ns != before_ns

    def _of_slot(self) -> int:
        if self._best - self._second <= AGREE_NS:
            return self._best
        return min(self._best, self._second, key=abs)


class VenueClock:
    """The offset of a venue's clock, from what its messages and its time endpoint tell.

    An answer of the time endpoint says most: of the latest that agree the fastest counts. Without
    one, messages tell: one stamped `venue_ns` cannot arrive before it was sent, so that the offset
    is at least `venue_ns - received_ns`, and the highest such bound is off by the fastest delivery
    only. A bound counts if another market, or at another time, confirms it, so that no stamp and
    no market alone moves the offset. What is further from our clock than any clock should be
    is no evidence at all: such stamps are as old as they look.
    """

    def __init__(self) -> None:
        self._markets: dict[str, _Market] = {}
        self._trips: deque[_Trip] = deque(maxlen=MEASUREMENTS)
        self._measured_ns: int | None = None
        self._heard_ns: int | None = None
        self._is_new = False
        self._newest_ns = 0
        self._implausible = 0  # stamps in a row
        self._furthest_ns = 0

    def heard(self, venue_ns: int, received_ns: int, market: str = "") -> None:
        """A message of the stream about a market."""
        bound_ns = venue_ns - received_ns
        if abs(bound_ns - (self._measured_ns or 0)) > PLAUSIBLE_NS:
            self._implausible += 1
            self._furthest_ns = bound_ns
            return
        self._implausible = 0
        self._newest_ns = received_ns
        if known := self._markets.get(market):
            self._is_new = known.heard(bound_ns, received_ns) or self._is_new
        else:
            self._markets[market] = _Market(bound_ns, received_ns)
            self._is_new = True

    def measured(self, sent_ns: int, venue_ns: int, received_ns: int) -> None:
        """An answer of the time endpoint, stamped half-way between request and answer."""
        trip_ns = received_ns - sent_ns
        if not 0 <= trip_ns <= SLOWEST_TRIP_NS:
            return
        offset_ns = venue_ns - (sent_ns + received_ns) // 2
        self._trips.append(_Trip(offset_ns, trip_ns, received_ns))
        self._measured_ns = self._of_trips()

    @property
    def offset_ns(self) -> int | None:
        """Venue's clock minus ours, None before anything was heard that may be true."""
        if self._measured_ns is not None:
            return self._measured_ns
        if self._is_new:
            self._is_new = False
            since_ns = self._newest_ns - WINDOW_NS
            found = [one.bound_ns for one in self._markets.values() if one.since_ns >= since_ns]
            self._heard_ns = _agreed(found)
        return self._heard_ns

    def age_ns(self, venue_ns: int | None, now_ns: int) -> int | None:
        """How old a stamp of the venue is at our `now_ns`, as far as can be told.

        One that lies further ahead than clocks differ says nothing of its age, and counts as so
        old.
        """
        if venue_ns is None or (self.offset_ns is None and not self._implausible):
            return None
        age_ns = now_ns - self.stamped_ns(venue_ns)
        return -age_ns if age_ns < -PLAUSIBLE_NS else age_ns

    def stamped_ns(self, venue_ns: int) -> int:
        """What our clock showed when the venue stamped that."""
        return venue_ns - (self.offset_ns or 0)

    @property
    def complaint(self) -> str:
        """What is wrong with the venue's stamps or a clock, "" if nothing is."""
        if self._implausible >= TELLING:
            apart_s = self._furthest_ns / NS_PER_S
            return f"its stamps are {apart_s:+.0f} s from our clock: a frozen feed or a wrong clock"
        if self._measured_ns is not None and abs(self._measured_ns) > PLAUSIBLE_NS:
            apart_s = self._measured_ns / NS_PER_S
            return f"its clock is {apart_s:+.0f} s from ours: one of them is wrong"
        return ""

    def inspect(self) -> Mapping[str, object]:
        """For the live tree: what is wrong with it, or else how far it is from ours."""
        if complaint := self.complaint:
            return {"complaint": complaint}
        offset_ns = self.offset_ns
        return {} if offset_ns is None else {"offset_ms": round(offset_ns / NS_PER_MS, 1)}

    def _of_trips(self) -> int | None:
        """What the latest measurements agree on; one alone must be plausible."""
        newest_ns = self._trips[-1].at_ns
        trips = [one for one in self._trips if newest_ns - one.at_ns <= MEASUREMENTS * WINDOW_NS]
        confirmed = [
            one
            for one in trips
            if 2 * sum(_confirm(one, other) for other in trips) > len(trips) and len(trips) > 1
        ]
        found = confirmed or [one for one in trips if abs(one.offset_ns) <= PLAUSIBLE_NS]
        return min(found, key=lambda one: one.trip_ns).offset_ns if found else None


def _confirm(one: _Trip, other: _Trip) -> bool:
    apart_ns = abs(one.offset_ns - other.offset_ns)
    return apart_ns <= AGREE_NS + (one.trip_ns + other.trip_ns) // 2


def _agreed(bounds_ns: Sequence[int]) -> int:
    """The highest of some bounds that another confirms; if none is, the nearest to our clock."""
    for higher, lower in pairwise(sorted(bounds_ns, reverse=True)):
        if higher - lower <= AGREE_NS:
            return higher
    return min(bounds_ns, key=abs)
