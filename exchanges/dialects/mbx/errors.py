"""The errors of this dialect.

Source: "Error codes" of the documents that the venues' records name.
"""

import re
from typing import Final

import msgspec

from exchanges.dialects.mbx.listing import ErrorBody
from exchanges.errors import InvalidSymbol, RateLimited, VenueUnavailable
from exchanges.market.numbers import NS_PER_MS, NS_PER_S
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response
from exchanges.replies.retry_after import bounded

_WINDOW_S: Final = 60.0  # of the request weight, which is the clock minute
_BANNED_UNTIL: Final = re.compile(r"banned until (\d{1,16})\b", re.ASCII)  # milliseconds
_BODY: Final = msgspec.json.Decoder(ErrorBody)


def _reads(response: Response) -> Complaint | None:
    if response.status < 400 or not response.body.startswith(b"{"):
        return None
    body = _BODY.decode(response.body)
    if until := _BANNED_UNTIL.search(body.msg):
        ban_s = bounded((int(until[1]) * NS_PER_MS - response.received_ns) / NS_PER_S)
        return Complaint(str(body.code), body.msg, RateLimited, ban_s, is_ban=True)
    return Complaint(str(body.code), body.msg)


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={
        "-1110": InvalidSymbol,
        "-1121": InvalidSymbol,
        "-4144": InvalidSymbol,
        "-1000": VenueUnavailable,
        "-1001": VenueUnavailable,
        # These two leave open what became of the request.
        "-1006": VenueUnavailable,
        "-1007": VenueUnavailable,
        "-1008": VenueUnavailable,
        "-1003": RateLimited,
        "-1034": RateLimited,
    },
    retry_s=_WINDOW_S,
    clock_window_s=_WINDOW_S,
)
