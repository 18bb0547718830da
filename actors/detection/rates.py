"""Live rates between the members of a family of quote assets.

They come from the books of spot markets between two members (`USDC/USDT`). What one member brings
in another is told in two ways: executable, at the touch and net of the taker fee, and at the mid.
"""

from math import inf, sqrt

from actors.books.order_book import MarketKey
from actors.detection.opportunity import Reason
from actors.detection.quotes import PAR, Conversion, QuoteSettings, Rate
from exchanges.market.events import Fault, Top
from exchanges.market.instrument import Instrument, Status
from exchanges.market.numbers import NS_PER_S

_Asked = tuple[str, str, bool]
"""What is sold, what is bought, and whether at executable prices."""


class _Source:
    """A market between two members of a family, and its newest top."""

    __slots__ = ("buy_factor", "instrument", "sell_factor", "top")

    def __init__(self, instrument: Instrument, taker_fee: float) -> None:
        self.instrument = instrument
        self.sell_factor = 1 - taker_fee
        self.buy_factor = 1 + taker_fee
        self.top: Top | None = None

    def fresh(self, since_ns: float) -> Top | None:
        """Its top, if both sides are there and it was heard of since then."""
        top = self.top
        if top is None or top.bid <= 0 or top.ask == inf or top.received_ns < since_ns:
            return None
        return top


class Rates:
    """The rates that there are. All times are our clock's.

    Attributes:
        until_ns: when those that were asked for may be others, if nothing is heard.
    """

    def __init__(self, settings: QuoteSettings) -> None:
        self.settings = settings
        self.max_age_ns = settings.max_age_s * NS_PER_S
        self._band = 1 + settings.band_bps / 1e4
        self._agreed = 1 + settings.agree_bps / 1e4
        self._sources: dict[MarketKey, _Source] = {}
        self._found: dict[_Asked, Rate | Reason] = {}
        self.until_ns: float = inf

    def __contains__(self, market: MarketKey) -> bool:
        return market in self._sources

    def add(self, instrument: Instrument, taker_fee: float) -> None:
        """Take a market between two members of one family as a source, or use its new rules."""
        key = (instrument.venue, instrument.symbol)
        known = self._sources.get(key)
        source = self._sources[key] = _Source(instrument, taker_fee)
        source.top = known.top if known else None
        self._forget()

    def remove(self, market: MarketKey) -> None:
        """Take it no longer."""
        self._sources.pop(market, None)
        self._forget()

    def put(self, market: MarketKey, top: Top | Fault) -> bool:
        """The newest top of a source, or that it has none; whether a rate may have moved."""
        source = self._sources[market]
        old, source.top = source.top, top if isinstance(top, Top) else None
        self._forget()  # also where prices stand still: a rate says how old it is
        new = source.top
        if old is None or new is None:
            return True
        was_fresh = new.received_ns - old.received_ns <= self.max_age_ns
        return (old.bid, old.ask) != (new.bid, new.ask) or not was_fresh

    def of(self, sold: str, bought: str, now_ns: int, *, is_executable: bool) -> Rate | Reason:
        """What one `sold` brings in `bought`, or why that is not known."""
        if sold == bought:
            return PAR
        if now_ns > self.until_ns:
            self._forget()
        asked = (sold, bought, is_executable)
        found = self._found.get(asked)
        if found is None:
            found = self._found[asked] = self._best(sold, bought, now_ns, is_executable)
            self.until_ns = min(self.until_ns, self._next_end_ns(now_ns))
        return found

    def _next_end_ns(self, now_ns: int) -> float:
        """When the first of the sources that are fresh now will be too old."""
        since_ns = now_ns - self.max_age_ns
        tops = (one.fresh(since_ns) for one in self._sources.values())
        return min((top.received_ns for top in tops if top), default=inf) + self.max_age_ns

    def _forget(self) -> None:
        self._found.clear()
        self.until_ns = inf

    def _best(self, sold: str, bought: str, now_ns: int, is_executable: bool) -> Rate | Reason:
        """By the markets of the two, or else by way of a third member."""
        direct = self._direct(sold, bought, now_ns, is_executable)
        if not isinstance(direct, Reason):
            return direct
        if direct in (Reason.RATE_BAND, Reason.RATE_DISPUTED):
            return direct
        found: list[Rate] = []
        for third in self.settings.members(sold):
            if third in (sold, bought):
                continue
            there = self._direct(sold, third, now_ns, is_executable)
            onward = self._direct(third, bought, now_ns, is_executable)
            if isinstance(there, Rate) and isinstance(onward, Rate):
                conversions = (*there.conversions, *onward.conversions)
                found.append(Rate(there.value * onward.value, conversions))
        return _chosen(found, is_executable) if found else direct

    def _direct(self, sold: str, bought: str, now_ns: int, is_executable: bool) -> Rate | Reason:
        """By one of the markets of the two that are live, if all of those agree."""
        sources = [one for one in self._sources.values() if _is_between(one, sold, bought)]
        since_ns = now_ns - self.max_age_ns
        fresh = [(one, top) for one in sources if (top := one.fresh(since_ns))]
        if not fresh:
            is_stale = any(one.fresh(-inf) for one in sources)
            return Reason.RATE_STALE if is_stale else Reason.NO_RATE
        rates = [_rate(one, top, sold, is_executable) for one, top in fresh]
        mids = [_rate(one, top, sold, False).value for one, top in fresh]
        if max(mids) > self._band or min(mids) < 1 / self._band:
            return Reason.RATE_BAND
        if max(mids) > min(mids) * self._agreed:
            return Reason.RATE_DISPUTED
        return _chosen(rates, is_executable)


def _is_between(source: _Source, sold: str, bought: str) -> bool:
    one = source.instrument
    return (one.base, one.quote) in (
        (sold, bought),
        (bought, sold),
    ) and one.status is Status.TRADING


def _rate(source: _Source, top: Top, sold: str, is_executable: bool) -> Rate:
    """What one `sold` brings by a market of it."""
    is_sale = source.instrument.base == sold
    if not is_executable:
        price = sqrt(top.bid * top.ask)  # says the same in both directions
        value = price if is_sale else 1 / price
    elif is_sale:
        price, value = top.bid, top.bid * source.sell_factor
    else:
        price, value = top.ask, 1 / (top.ask * source.buy_factor)
    return Rate(value, (Conversion(source.instrument, is_sale, price, top.received_ns),))


def _chosen(rates: list[Rate], is_executable: bool) -> Rate:
    """Who converts takes the best; a mid is the one in the middle, of two the lower."""
    ordered = sorted(rates, key=_value)
    return ordered[-1] if is_executable else ordered[(len(ordered) - 1) // 2]


def _value(rate: Rate) -> float:
    return rate.value
