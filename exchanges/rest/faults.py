"""What a venue says went wrong, as tables: codes, beginnings of texts, and what they mean."""

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Final

import msgspec

from exchanges.errors import (
    SAMPLE_BYTES,
    UNREADABLE,
    ExchangeError,
    RateLimited,
    VenueUnavailable,
)
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.request import Response

# The longest ban that is documented anywhere; what asks for more is a mistake or a date misread.
_LONGEST_WAIT_S: Final = 3 * 86_400.0
_TOO_MANY: Final = frozenset({418, 429})


class Complaint(msgspec.Struct, frozen=True):
    """What a reply, or a refusal on a socket, says of itself: the venue's code and words.

    `error` is the meaning, where the reply as a whole tells it, and `retry_s` how long to stay
    away, where it says so.
    """

    code: str
    text: str = ""
    error: type[ExchangeError] | None = None
    retry_s: float | None = None


class ErrorTable(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A venue's faults, as replies to requests and refused subscriptions tell them.

    `reads` finds what a reply complains of, None if of nothing; `UNREADABLE` errors mean
    that these are not the venue's words, but those of a gateway before it. A code means what
    `codes` says, else what the longest of `starts` says of the beginning of its code or text,
    else what the first of `words` that the text contains does. Whether what was asked is done
    is left open by `VenueUnavailable`, and by codes that are `unknown`, whatever they mean; the
    gateway tells that as an unknown outcome of what may be sent only once. After too many requests
    the venue wants to be left alone for `retry_s`, unless it says how long.
    """

    reads: Callable[[Response], Complaint | None]
    codes: Mapping[str, type[ExchangeError]]
    starts: Mapping[str, type[ExchangeError]] = {}
    words: Mapping[str, type[ExchangeError]] = {}
    unknown: frozenset[str] = frozenset()
    retry_s: float = 1.0

    def meaning(self, complaint: Complaint) -> type[ExchangeError]:
        """The class of error that it is."""
        if error := complaint.error or self.codes.get(complaint.code):
            return error
        begun = [
            start
            for start in self.starts
            if complaint.code.startswith(start) or complaint.text.startswith(start)
        ]
        if begun:
            return self.starts[max(begun, key=len)]
        text = complaint.text.lower()
        return next((error for word, error in self.words.items() if word in text), ExchangeError)

    def error(self, complaint: Complaint, *, venue: str, asked: str) -> ExchangeError:
        """The error that it is, in the venue's words."""
        error = self.meaning(complaint)
        code, text = complaint.code[:SAMPLE_BYTES], complaint.text[:SAMPLE_BYTES]
        if error is RateLimited:
            wait_s = self.retry_s if complaint.retry_s is None else complaint.retry_s
            made: ExchangeError = RateLimited(
                text, venue=venue, code=code, asked=asked, retry_after_s=wait_s
            )
        else:
            made = error(text, venue=venue, code=code, asked=asked)
        made.is_open = error is VenueUnavailable or complaint.code in self.unknown
        return made

    def of(self, response: Response, *, venue: str, asked: str) -> ExchangeError | None:
        """What went wrong by the reply's own words and status, or None."""
        status = response.status
        try:
            complaint = self.reads(response)
        except UNREADABLE:
            complaint = None
        if status in _TOO_MANY:
            complaint = self._too_many(response, complaint)
        if complaint:
            return self.error(complaint, venue=venue, asked=asked)
        if status < 300:
            return None
        error = VenueUnavailable if status >= 500 else ExchangeError
        return error(f"HTTP {status}", venue=venue, code=str(status), asked=asked)

    def _too_many(self, response: Response, complaint: Complaint | None) -> Complaint:
        """A status that says "too many requests" is believed, unless the venue is busy itself."""
        if complaint and self.meaning(complaint) is VenueUnavailable:
            return complaint
        status = str(response.status)
        told_s = retry_after_s(response)
        if complaint and self.meaning(complaint) is RateLimited:
            return msgspec.structs.replace(
                complaint, retry_s=complaint.retry_s if told_s is None else told_s
            )
        return Complaint(status, f"HTTP {status}", RateLimited, told_s)


def retry_after_s(response: Response) -> float | None:
    """What the header `retry-after` asks for: seconds, or until when, three days at most.

    None if it says nothing.
    """
    text = response.headers.get("retry-after", "")
    try:
        wait_s = float(text)
    except ValueError:
        try:
            wait_s = parsedate_to_datetime(text).timestamp() - response.received_ns / NS_PER_S
        except UNREADABLE:
            return None
    return min(max(wait_s, 0.0), _LONGEST_WAIT_S) if isfinite(wait_s) else None
