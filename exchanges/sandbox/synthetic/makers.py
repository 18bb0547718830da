"""The makers of a synthetic market: they keep both sides of its book filled around its mid."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice, takewhile
from math import ceil, floor
from typing import Final

from exchanges.chance import Chance
from exchanges.market.instrument import Instrument
from exchanges.market.orders import Side
from exchanges.sandbox.matching import BookSide, MatchingEngine, RestingOrder
from exchanges.sandbox.synthetic.profile import SYNTHETIC, MarketProfile
from exchanges.sandbox.world import BP

# Quotes near the top are replaced most often: one this many levels down 2.7 times less often
# than the best, and a deep one hardly ever.
_BUSY_LEVELS: Final = 8.0
# A level this far from the mid is twice as large as one at the mid.
_DEEPENING_BP: Final = 20.0
# A side may have so many times its levels before the worst are cancelled: otherwise the far end
# would be busy whenever the mid moves back and forth.
_SURPLUS: Final = 1.25


class Sizing:
    """Turns values in dollars into sizes that the instrument allows."""

    def __init__(self, instrument: Instrument, dollars_per_quote: float) -> None:
        self._least = max(1, ceil(instrument.min_size / instrument.step))
        self._unit_value = float(instrument.tick * instrument.step) * dollars_per_quote

    def lots(self, value: float, price: float) -> int:
        """Lots worth about `value` dollars at `price` ticks, at least the smallest size."""
        return max(self._least, int(value / (price * self._unit_value)))


class Makers:
    """Quotes on both sides of a book. Prices are ticks.

    No maker quotes nearer to the mid than half the spread, so their quotes never meet each
    other. A user's order beyond that limit is matched by the quotes that follow the mid.
    """

    def __init__(
        self,
        engine: MatchingEngine,
        instrument: Instrument,
        sizing: Sizing,
        profile: MarketProfile,
        chance: Chance,
    ) -> None:
        self._engine = engine
        self._sizing = sizing
        self._profile = profile
        self._chance = chance
        self._price_digits = _digits_of_ticks(instrument)
        self._mid = 0.0
        self._rung = 1  # ticks between two valid prices near the mid
        self._spacing = 1.0  # average ticks between two levels
        self._limits: dict[Side, int] = {}

    def follow(self, mid: float, now_ns: int) -> None:
        """Move the quotes to a new mid, in ticks: cancel the stale ones, and fill up the sides."""
        half_spread = mid * self._profile.half_spread_bp * BP
        self._mid = mid
        self._limits = {side: self._valid(side, mid - side * half_spread) for side in Side}
        self._rung = self._increment(int(mid))
        self._spacing = max(mid * self._profile.spacing_bp * BP, self._rung)
        for side in Side:
            self._withdraw_stale(self._engine.side(side))
        for side in Side:  # only now, so that no new quote meets a stale one
            self._fill(self._engine.side(side), now_ns)

    def replace(self, now_ns: int) -> None:
        """One maker cancels a level's quote, and quotes again there or beside it."""
        book = self._engine.side(Side.BUY if self._chance.random() < 0.5 else Side.SELL)
        index = int(self._chance.expovariate(1 / _BUSY_LEVELS))
        if index + 1 >= len(book):
            return
        price = book.price_at(index)
        beside = self._price_between_neighbours(book, index)
        if self._withdraw(book, price):
            moves = self._chance.random() < 0.5
            self._quote(book.side, beside if moves else price, now_ns)

    def _price_between_neighbours(self, book: BookSide, index: int) -> int:
        """A price between the levels before and behind this one, so that none of them merge."""
        side = book.side
        increment = self._increment(book.price_at(index))
        ahead = self._limits[side] + side * increment
        if index and side * (book.price_at(index - 1) - ahead) < 0:
            ahead = book.price_at(index - 1)
        behind = book.price_at(index + 1)
        rungs = abs(ahead - behind) // increment - 1
        return behind + side * increment * (1 + int(self._chance.random() * rungs))

    def _withdraw_stale(self, book: BookSide) -> None:
        nearest = self._limits[book.side]
        # A list, because withdrawing changes what is iterated over.
        for price in list(takewhile(lambda price: book.side * (price - nearest) > 0, book)):
            self._withdraw(book, price)

    def _fill(self, book: BookSide, now_ns: int) -> None:
        """Close the gap between the limit and the makers' best quote, and keep enough levels."""
        side, levels, limit = book.side, self._profile.levels, self._limits[book.side]
        best = next((price for price in book if _quotes_at(book, price)), None)
        for price in islice(self._ladder(side, limit), levels):
            if best is not None and side * (price - best) < self._spacing:
                break
            self._quote(side, price, now_ns)
        surplus = len(book) - int(levels * _SURPLUS)
        for price in list(islice(reversed(book), max(0, surplus))):
            self._withdraw(book, price)
        missing = levels - len(book)
        worst = next((price for price in reversed(book) if _quotes_at(book, price)), limit)
        for price in islice(self._ladder(side, worst), 1, 1 + max(0, missing)):
            self._quote(side, price, now_ns)

    def _ladder(self, side: Side, price: int) -> Iterator[int]:
        """Prices from `price` away from the mid, with gaps by chance."""
        while True:
            yield price
            price -= side * self._gap()

    def _gap(self) -> int:
        rungs = round(self._chance.expovariate(self._rung / self._spacing))
        return self._rung * max(1, rungs)

    def _quote(self, side: Side, price: int, now_ns: int) -> None:
        price = self._valid(side, price)
        if price < 1:
            return  # a coarse tick leaves no room for so many bids
        depth = 1 + abs(price - self._mid) / (self._mid * _DEEPENING_BP * BP)
        value = self._chance.expovariate(1 / (self._profile.level_value * depth))
        self._engine.submit(SYNTHETIC, side, self._sizing.lots(value, price), price, now_ns)

    def _withdraw(self, book: BookSide, price: int) -> bool:
        """Cancel the makers' orders at a price; false if there are only users' orders."""
        quotes = _quotes_at(book, price)
        for quote in quotes:
            self._engine.cancel(quote.order_id)
        return bool(quotes)

    def _valid(self, side: Side, price: float) -> int:
        """The nearest price that the venue allows and that is not nearer to the mid."""
        increment = self._increment(int(price))
        return side * floor(side * price / increment) * increment

    def _increment(self, price: int) -> int:
        """Ticks between two valid prices there."""
        if not self._price_digits:
            return 1
        return int(10 ** max(0, len(str(price)) - self._price_digits))


def _quotes_at(book: BookSide, price: int) -> list[RestingOrder]:
    """The makers' orders at a price, without those of users."""
    return [order for order in book.orders_at(price) if order.owner == SYNTHETIC]


def _digits_of_ticks(instrument: Instrument) -> int:
    """The instrument's significant digits, which are those of a price in ticks of 10^-n.

    Raises:
        ValueError: its tick is not a power of ten, so the digits say nothing about ticks.
    """
    if instrument.price_digits and instrument.tick != Decimal(1).scaleb(instrument.tick.adjusted()):
        raise ValueError(f"{instrument.symbol} limits digits, so its tick must be a power of ten")
    return instrument.price_digits
