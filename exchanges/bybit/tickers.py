"""Bybit's ticker streams: one of them tells a linear market's statistics, funding, mark price and
open interest, and after the first frame only the fields that changed.

Source: "Ticker" of the API v5 documentation (2026-07-24).
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from exchanges.bybit.market_data import LinearTickerRow, TickerFrame, TickerRow
from exchanges.market.events import Event, StreamEvent
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS

# Every frame confirms what it leaves out, which is told again this often.
REPEAT_MS: Final = 1_000

_News = Callable[[LinearTickerRow, Instrument, int, int], Event | None]
_LINEAR_NEWS: Final[tuple[tuple[_News, frozenset[str]], ...]] = (
    (
        LinearTickerRow.ticker,
        frozenset(
            {
                "lastPrice",
                "highPrice24h",
                "lowPrice24h",
                "volume24h",
                "turnover24h",
                "price24hPcnt",
                "bid1Price",
                "ask1Price",
            }
        ),
    ),
    (LinearTickerRow.mark_price, frozenset({"markPrice", "indexPrice"})),
    (
        LinearTickerRow.funding,
        frozenset({"fundingRate", "nextFundingTime", "fundingIntervalHour"}),
    ),
    (
        LinearTickerRow.open_interest,
        frozenset(
            {
                "openInterest",
                "openInterestValue",
                "singleOpenInterest",
                "singleOpenInterestValue",
            }
        ),
    ),
)


class MergedTicker:
    """All fields of one market's ticker as last told."""

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {}
        self._told_ms = [0] * len(_LINEAR_NEWS)

    @property
    def is_told(self) -> bool:
        """A whole frame has been taken."""
        return bool(self._fields)

    def take(
        self, frame: TickerFrame, instrument: Instrument, received_ns: int
    ) -> tuple[StreamEvent, ...]:
        """What a frame says, of all channels at once; what cannot be read changes nothing.

        Raises:
            msgspec.ValidationError, ValueError: it is not what the venue documents.
        """
        if frame.type == "snapshot":
            fields = frame.data
        elif frame.type != "delta":
            raise ValueError(f"a ticker of type {frame.type!r}")
        elif self._fields:
            fields = self._fields | frame.data
        else:
            return ()  # changes of what has not been told
        about = (instrument, frame.ts * NS_PER_MS, received_ns)
        if instrument.kind is Kind.SPOT:
            news: tuple[StreamEvent, ...] = (msgspec.convert(fields, TickerRow).ticker(*about),)
        else:
            news = self._linear_news(msgspec.convert(fields, LinearTickerRow), frame, about)
        self._fields = fields
        return news

    def _linear_news(
        self, row: LinearTickerRow, frame: TickerFrame, about: tuple[Instrument, int, int]
    ) -> tuple[StreamEvent, ...]:
        found = [translate(row, *about) for translate, _ in _LINEAR_NEWS]
        news: list[StreamEvent] = []
        for index, (event, (_, fields)) in enumerate(zip(found, _LINEAR_NEWS, strict=True)):
            is_due = frame.type == "snapshot" or frame.ts - self._told_ms[index] >= REPEAT_MS
            if event and (is_due or not fields.isdisjoint(frame.data)):
                self._told_ms[index] = frame.ts
                news.append(event)
        return tuple(news)
