"""What Gate.io's spot does, where it was taken to be otherwise; by the numbers of the notes."""

from decimal import Decimal
from typing import Final

from exchanges import VENUES
from exchanges.market.instrument import Kind
from exchanges.venue import Fees
from tests.exchanges.transcripts import ok

VENUE: Final = VENUES["gateio"]


def test_gateio_a4_fees_of_the_list_are_nobodys() -> None:
    (request,) = VENUE.rest.instruments()
    body = b"""[{"id":"BTC_USDT","base":"BTC","quote":"USDT","fee":"0.2","amount_precision":6,
    "precision":1,"trade_status":"tradable"}]"""
    (instrument,) = request.read(ok(body)).instruments
    assert (instrument.maker_fee, instrument.taker_fee) == (None, None)
    assert VENUE.fees[Kind.SPOT] == Fees(maker=Decimal("0.001"), taker=Decimal("0.001"))
