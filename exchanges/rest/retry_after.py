"""How long a venue wants to be left alone, as the header `Retry-After` says it."""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from exchanges.errors import UNREADABLE
from exchanges.market.numbers import NS_PER_S

LONGEST_WAIT_S: Final = 3 * 86_400.0
"""The longest ban that is documented anywhere; what asks for more is a mistake or misread."""

_SECONDS: Final = re.compile(r"\d{1,15}(\.\d*)?|\.\d+", re.ASCII)


def retry_after_s(text: str, now_ns: int) -> float | None:
    """Seconds to stay away, three days at most; None if the text says nothing that can be read.

    It is a number of seconds, also a fraction, or a date of HTTP, which may have passed.
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return bounded(float(text))
    try:
        date = parsedate_to_datetime(text)
        until_s = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except UNREADABLE:
        return None
    return bounded(until_s - now_ns / NS_PER_S)


def bounded(wait_s: float) -> float:
    """The wait, neither into the past nor longer than any ban."""
    return min(max(wait_s, 0.0), LONGEST_WAIT_S)
