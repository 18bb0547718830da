"""What Aster does, where it was taken to be otherwise; by the numbers of the notes.

What it shares with Binance is tested in the folder of that.
"""

from typing import Final

import pytest

from exchanges import VENUES
from exchanges.errors import VenueUnavailable
from exchanges.replies.response import Response
from tests.exchanges.transcripts import RECEIVED_NS, market

REST: Final = VENUES["aster"].rest
BTC: Final = market("BTC/USDT:USDT", "BTCUSDT", venue="aster")


def test_aster_a16_open_interest_has_the_path_of_its_neighbours() -> None:
    request = REST.open_interest(BTC)
    assert request.target == "/fapi/v3/openInterest?symbol=BTCUSDT"
    assert request.costs == (("weight", 1),)


def test_aster_a23_service_that_shuts_down_is_unavailable() -> None:
    refused = Response(status=400, body=b'{"code":-1016,"msg":"Bye."}', received_ns=RECEIVED_NS)
    with pytest.raises(VenueUnavailable):
        REST.book(BTC).read(refused)
