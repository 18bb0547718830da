"""What a venue says went wrong, as tables: codes, beginnings of texts, and what they mean."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from exchanges.errors import (
    SAMPLE_BYTES,
    UNREADABLE,
    ExchangeError,
    RateLimited,
    VenueUnavailable,
)
from exchanges.market.numbers import NS_PER_S
from exchanges.replies.response import Response
from exchanges.replies.retry_after import retry_after_s

REQUEST_TIMEOUT: Final = 408
FORBIDDEN: Final = 403
TOO_MANY: Final = 429
BANNED: Final = 418
"""The status with which venues tell an address that went on in spite of 429 that it is banned."""
BAN_S: Final = 120.0
"""A ban that does not say how long it is: the shortest that is documented of that status."""
FIREWALL_S: Final = 60.0
"""What stands before a venue and has enough of an address wants to be left alone at least so long
where it does not say how long."""


class Complaint(msgspec.Struct, frozen=True):
    """What a reply, or a refusal on a socket, says of itself: the venue's code and words.

    `error` is the meaning, where the reply as a whole tells it, and `retry_s` how long to stay
    away, where it says so (0: as if it did not). With `is_ban` the venue answers nothing from our
    address until then.
    """

    code: str
    text: str = ""
    error: type[ExchangeError] | None = None
    retry_s: float | None = None
    is_ban: bool = False


class ErrorTable(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A venue's errors, as replies to requests and refused subscriptions tell them.

    `reads` finds what a reply complains of, None if of nothing; `UNREADABLE` errors mean
    that these are not the venue's words, but those of a gateway before it. A code means what
    `codes` says, else what the longest of `starts` says of the beginning of its code or text,
    else what the first of `words` that the text contains does, however it is spaced. Whether what
    was asked is done is left open (`ExchangeError.is_open`) by `VenueUnavailable`, by codes that
    are `unknown`, whatever they mean, and by statuses with which a gateway gives up. After too
    many requests the venue wants to be left alone for `retry_s`, unless it says how long; where it
    counts in windows of its clock, of `clock_window_s`, a refused request waits for the next.
    """

    reads: Callable[[Response], Complaint | None]
    codes: Mapping[str, type[ExchangeError]]
    starts: Mapping[str, type[ExchangeError]] = {}
    words: Mapping[str, type[ExchangeError]] = {}
    unknown: frozenset[str] = frozenset()
    retry_s: float = 1.0
    clock_window_s: float | None = None

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
        text = " ".join(complaint.text.lower().split())
        return next((error for word, error in self.words.items() if word in text), ExchangeError)

    def error(
        self, complaint: Complaint, *, venue: str, asked: str, status: int = 200
    ) -> ExchangeError:
        """The error that it is, in the venue's words; `status` is that of the reply, if it is of
        one."""
        error = self.meaning(complaint)
        code, text = complaint.code[:SAMPLE_BYTES], complaint.text[:SAMPLE_BYTES]
        wait_s = complaint.retry_s or None
        if wait_s is None and complaint.is_ban:
            wait_s = max(BAN_S, self.retry_s)
        if wait_s is None and error is RateLimited:
            wait_s = self.retry_s
        is_unknown = complaint.code in self.unknown or _gives_up(status)
        return error(
            text,
            venue=venue,
            code=code,
            asked=asked,
            is_open=is_unknown or error.may_be_done,
            retry_after_s=wait_s,
            is_ban=complaint.is_ban,
        )

    def of(self, response: Response, *, venue: str, asked: str) -> ExchangeError | None:
        """What went wrong by the reply's own words and status, or None."""
        complaint = self._by_status(response, self._read(response))
        if complaint is None:
            return None
        return self.error(complaint, venue=venue, asked=asked, status=response.status)

    def told_s(self, response: Response) -> float | None:
        """How long to stay away, as the reply says itself: the later of its words and its header;
        None if neither does."""
        complaint = self._read(response)
        waits_s = (complaint.retry_s if complaint else None, _header_s(response))
        return max(filter(None, waits_s), default=None)

    def _read(self, response: Response) -> Complaint | None:
        try:
            return self.reads(response)
        except UNREADABLE:
            return None

    def _by_status(self, response: Response, complaint: Complaint | None) -> Complaint | None:
        """What the reply complains of, with what its status and headers say of it."""
        status = response.status
        if status < 300 and complaint is None:
            return None
        if status in (BANNED, TOO_MANY):
            return self._too_many(response, complaint)
        if complaint is None:
            complaint = _wordless(response)
        if (told_s := _header_s(response)) is None or not self._asks_to_wait(complaint):
            return complaint
        return replace(complaint, retry_s=max(told_s, complaint.retry_s or 0.0))

    def _asks_to_wait(self, complaint: Complaint) -> bool:
        return self.meaning(complaint) in (RateLimited, VenueUnavailable)

    def _too_many(self, response: Response, complaint: Complaint | None) -> Complaint:
        """A status that says "too many requests" is believed, unless the venue is busy itself."""
        status = response.status
        complaint = complaint or Complaint(str(status), _words(response))
        wait_s = max(filter(None, (complaint.retry_s, _header_s(response))), default=None)
        is_ban = status == BANNED or complaint.is_ban
        if not is_ban and self.meaning(complaint) is VenueUnavailable:
            return replace(complaint, retry_s=wait_s)
        if wait_s is None and not is_ban and (window_s := self.clock_window_s):
            wait_s = window_s - response.received_ns / NS_PER_S % window_s
        return replace(complaint, error=RateLimited, retry_s=wait_s, is_ban=is_ban)


def _gives_up(status: int) -> bool:
    """Whether a status leaves open what became of a request, whatever came with it.

    A gateway in front of the venue gives up, redirects or times out without knowing.
    """
    return status >= 500 or 300 <= status < 400 or status == REQUEST_TIMEOUT


def _header_s(response: Response) -> float | None:
    return retry_after_s(response.headers.get("retry-after", ""), response.received_ns)


def _wordless(response: Response) -> Complaint:
    """What a status means by itself: these are not the venue's words."""
    status, text = response.status, _words(response)
    if status == FORBIDDEN:
        return Complaint(str(status), text, RateLimited, FIREWALL_S, is_ban=True)
    return Complaint(str(status), text, VenueUnavailable if status >= 500 else ExchangeError)


def _words(response: Response) -> str:
    """The status, and the beginning of whatever came with it on one line."""
    body = response.body[:SAMPLE_BYTES].decode("utf-8", "replace")
    words = " ".join(body.split())
    return f"HTTP {response.status}: {words}" if words else f"HTTP {response.status}"
