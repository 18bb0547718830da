"""What a venue can be asked: the names that calls, requests, sandboxes and tables share."""

from enum import StrEnum
from typing import Final


class Question(StrEnum):
    """What a venue can be asked; the calls of a `Surface` bear these names."""

    BOOK = "book"
    TRADES = "trades"
    TICKER = "ticker"
    KLINES = "klines"
    FUNDING = "funding"
    FUNDING_HISTORY = "funding_history"
    MARK_PRICE = "mark_price"
    OPEN_INTEREST = "open_interest"
    TICKERS = "tickers"
    INSTRUMENTS = "instruments"
    FUNDING_INTERVALS = "funding_intervals"
    SERVER_TIME = "server_time"
    PING = "ping"

    @property
    def is_about_one(self) -> bool:
        """Whether it is about one market; the others are about all, or about the venue."""
        return self not in _ABOUT_ALL

    @property
    def is_list(self) -> bool:
        """Whether what is asked about one market is a list of rows."""
        return self in _LISTS

    @property
    def words(self) -> str:
        """As it is written in a sentence."""
        return self.replace("_", " ")


_ABOUT_ALL: Final = frozenset(
    {
        Question.TICKERS,
        Question.INSTRUMENTS,
        Question.FUNDING_INTERVALS,
        Question.SERVER_TIME,
        Question.PING,
    }
)
_LISTS: Final = frozenset({Question.TRADES, Question.KLINES, Question.FUNDING_HISTORY})
