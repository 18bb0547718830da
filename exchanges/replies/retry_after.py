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
    """Seconds to stay away, three days at most; None if the text says nothing that can be read,
    or nothing that is not over.

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


def bounded(wait_s: float) -> float | None:
    """The wait, no longer than any ban; None if it is over.

    Whoever refuses us and says that we may come back at once has not said how long to stay away:
    its clock is wrong, or nobody filled in the number.
    """
    return min(wait_s, LONGEST_WAIT_S) if wait_s > 0 else None
