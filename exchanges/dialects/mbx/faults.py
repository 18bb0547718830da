"""The errors of this dialect.

Source: "Error codes" of the documents that the venues' records name.
"""

from typing import Final

import msgspec

from exchanges.dialects.mbx.listing import ErrorBody
from exchanges.errors import InvalidSymbol, RateLimited, VenueUnavailable
from exchanges.rest.faults import Complaint, ErrorTable
from exchanges.rest.request import Response

_BODY: Final = msgspec.json.Decoder(ErrorBody)


def _reads(response: Response) -> Complaint | None:
    if response.status < 400 or not response.body.startswith(b"{"):
        return None
    body = _BODY.decode(response.body)
    return Complaint(str(body.code), body.msg)


FAULTS: Final = ErrorTable(
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
        "-1016": VenueUnavailable,
        "-1003": RateLimited,
        "-1034": RateLimited,
    },
    retry_s=60.0,  # the window of the request weight is the clock minute
)
