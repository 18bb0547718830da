"""What can be asked of a stream: channels of markets."""

from enum import StrEnum
from typing import Final

import msgspec


class KlineInterval(StrEnum):
    """Length of a candle. A venue lists those it has in `Venue.klines`."""

    S1 = "1s"
    S10 = "10s"
    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H3 = "3h"
    H4 = "4h"
    H6 = "6h"
    H8 = "8h"
    H12 = "12h"
    D1 = "1d"
    D2 = "2d"
    D3 = "3d"
    W1 = "1w"
    MO1 = "1M"
    MO3 = "3M"

    @property
    def seconds(self) -> int:
        """Nominal length; a month counts 30 days."""
        number, unit = int(self.value[:-1]), self.value[-1]
        return number * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000}[unit]

    @property
    def counts_months(self) -> bool:
        """Whether the length is nominal only."""
        return self.value.endswith("M")


class Channel(StrEnum):
    """A kind of news about one market."""

    BOOK = "book"
    TOP = "top"
    TRADES = "trades"
    TICKER = "ticker"
    KLINES = "klines"
    FUNDING = "funding"
    MARK_PRICE = "mark_price"
    OPEN_INTEREST = "open_interest"
    LIQUIDATIONS = "liquidations"


MARKET_DATA: Final = frozenset(
    {Channel.BOOK, Channel.TOP, Channel.TRADES, Channel.TICKER, Channel.KLINES}
)
"""What there is to tell of a market of any kind."""
DERIVATIVES: Final = frozenset(Channel) - MARKET_DATA
"""What there is to tell of derivatives only."""


class Topic(msgspec.Struct, frozen=True, order=True):
    """One wish: a channel of one market; `interval` for candles only."""

    channel: Channel
    symbol: str
    interval: KlineInterval | None = None

    def __str__(self) -> str:
        interval = f" {self.interval}" if self.interval else ""
        return f"{self.channel} {self.symbol}{interval}"
