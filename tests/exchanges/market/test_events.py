"""What a person sees who prints an event."""

from exchanges.market.events import BookDelta, BookLost, Fault, Ticker, Top
from tests.exchanges.transcripts import RECEIVED_NS, market

BTC = market("BTC/USDT", venue="okx")


def test_events_print_as_one_line_of_what_they_tell() -> None:
    top = Top(
        instrument=BTC, bid=90_015.1, bid_size=0.25, ask=90_016.0, ask_size=1e-5, received_ns=1
    )
    assert str(BTC) == "okx BTC/USDT"
    assert str(top) == (
        "okx BTC/USDT Top: bid 90015.1, bid_size 0.25, ask 90016, ask_size 1e-05, sequence 0"
    )
    assert str(Ticker(instrument=BTC, last=5.0, received_ns=1)) == "okx BTC/USDT Ticker: last 5"
    assert str(BookLost(instrument=BTC, fault=Fault.GAP, received_ns=RECEIVED_NS)) == (
        "okx BTC/USDT BookLost: fault gap"
    )
    delta = BookDelta(
        instrument=BTC, bids=[(1.0, 2.0)], asks=[], previous=1, sequence=2, received_ns=1
    )
    assert str(delta) == (
        "okx BTC/USDT BookDelta: bids of 1 levels, asks of 0 levels, previous 1, sequence 2"
    )
