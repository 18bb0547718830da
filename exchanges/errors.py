"""Everything that can go wrong at a venue, in one hierarchy.

Each error carries the venue, the venue's own code and message, and what was asked, so that a
person can act on the text alone. Secrets never reach these fields.
"""

from typing import Final

import msgspec

SAMPLE_BYTES: Final = 200
"""How much of an offending payload an error keeps."""

# Whatever bytes a venue sends, decoding them can end in one of these and in nothing else.
UNREADABLE: Final = (
    msgspec.MsgspecError,
    ValueError,
    LookupError,
    ArithmeticError,
    RecursionError,
)


class ExchangeError(Exception):
    """Base of all venue errors.

    Attributes:
        venue: name of the venue.
        code: the venue's own error code, "" where it gave none.
        message: the venue's own words, or ours where there are none.
        asked: what we had asked for, e.g. `GET /api/v3/depth`.
        is_open: it is left open whether the venue did what was asked.
        retry_after_s: how long the venue wants to be left alone, None if it does not say.
        is_ban: that concerns everything from our address, and not what was asked alone.
    """

    may_be_done = False
    """What `is_open` is where nobody says otherwise."""

    def __init__(
        self,
        message: str,
        *,
        venue: str,
        code: str = "",
        asked: str = "",
        is_open: bool | None = None,
        retry_after_s: float | None = None,
        is_ban: bool = False,
    ) -> None:
        self.message = message
        self.venue = venue
        self.code = code
        self.asked = asked
        self.is_open = self.may_be_done if is_open is None else is_open
        self.retry_after_s = retry_after_s
        self.is_ban = is_ban
        code_text = f" [{code}]" if code else ""
        asked_text = f" ({asked})" if asked else ""
        super().__init__(f"{venue}{code_text}: {message}{asked_text}")


class AuthenticationError(ExchangeError):
    """Key, passphrase or signature not accepted."""


class PermissionDenied(ExchangeError):
    """The key or the account may not do this."""


class TimestampError(ExchangeError):
    """Our clock is outside the venue's window."""


class RateLimited(ExchangeError):
    """A limit was reached; nothing may be sent for `retry_after_s` seconds."""

    retry_after_s: float

    def __init__(
        self,
        message: str,
        *,
        venue: str,
        retry_after_s: float,
        code: str = "",
        asked: str = "",
        is_open: bool | None = None,
        is_ban: bool = False,
    ) -> None:
        super().__init__(
            message,
            venue=venue,
            code=code,
            asked=asked,
            is_open=is_open,
            retry_after_s=retry_after_s,
            is_ban=is_ban,
        )


class InsufficientBalance(ExchangeError):
    """Not enough funds or margin."""


class InvalidOrder(ExchangeError):
    """The order breaks one of the venue's rules."""


class MinNotional(InvalidOrder):
    """The order is worth less than the venue accepts."""


class PriceOutOfRange(InvalidOrder):
    """The price is outside the venue's band."""


class InvalidSymbol(InvalidOrder):
    """The venue does not know the instrument."""


class OrderNotFound(ExchangeError):
    """The venue knows no such order, or no longer."""


class DuplicateOrder(ExchangeError):
    """The client order id is in use."""


class TradingDisabled(ExchangeError):
    """The market or the account does not take orders now."""


class VenueUnavailable(ExchangeError):
    """The venue is down, overloaded or unreachable."""

    may_be_done = True


class OutcomeUnknown(ExchangeError):
    """The request may or may not have reached the venue."""

    may_be_done = True


class StreamStale(ExchangeError):
    """A connection went silent, or a heartbeat stayed unanswered."""


class VenueProtocolError(ExchangeError):
    """The venue sent what its documentation does not allow.

    `symbol` is the market concerned where the frame tells it, `payload` its first bytes, and
    `reason` the message without them.
    """

    may_be_done = True

    def __init__(
        self, message: str, *, venue: str, payload: str | bytes, symbol: str = "", asked: str = ""
    ) -> None:
        self.payload = payload[:SAMPLE_BYTES]
        self.symbol = symbol
        # What a library says of a bad value may hold all of it.
        self.reason = message[:SAMPLE_BYTES]
        text = f"{self.reason}; payload starts {self.payload!r}"
        super().__init__(text, venue=venue, asked=asked)


class CodecUsageError(Exception):
    """Our own code asked for what the codec's state or the venue does not allow."""
