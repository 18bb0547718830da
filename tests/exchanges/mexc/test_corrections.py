"""What MEXC does, where it was taken to be otherwise; by the numbers of the notes."""

from typing import Final

import pytest

from exchanges.market.events import Ticker
from exchanges.market.topics import Channel, Topic
from tests.exchanges.mexc.frames import BTC, TICKER, VENUE, listening_codec, pack, push
from tests.exchanges.transcripts import RECEIVED_NS

MINI: Final = {
    "price": "100", "high": "110", "low": "90", "volume": "1000", "quantity": "10",
    "rate": "0.01", "zonedRate": "-0.05",
}  # fmt: skip


def test_mexc_a3_change_of_24_hours_is_the_zoned_rate() -> None:
    (event,) = listening_codec().receive(
        pack(push(TICKER, "publicMiniTicker", **MINI)), RECEIVED_NS
    )
    assert isinstance(event, Ticker)
    assert event.change == -0.05


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        (Channel.BOOK, "spot@public.aggre.depth.v3.api.pb@10ms@BTCUSDT"),
        (Channel.TOP, "spot@public.aggre.bookTicker.v3.api.pb@10ms@BTCUSDT"),
        (Channel.TRADES, "spot@public.aggre.deals.v3.api.pb@10ms@BTCUSDT"),
    ],
)
def test_mexc_a6_faster_pace_is_asked_for_and_either_is_read(channel: Channel, name: str) -> None:
    wire = listening_codec().wire
    topic = Topic(channel, "BTC/USDT")
    assert wire.key(topic, BTC) == name
    assert [wire.topic(key) for key in (name, name.replace("@10ms", "@100ms"))] == [topic, topic]


def test_mexc_a14_books_start_from_all_levels_that_may_be_had_for_the_same_weight() -> None:
    whole, small = VENUE.rest.book(BTC), VENUE.rest.book(BTC, 5)
    assert ("limit", "5000") in whole.query
    assert whole.costs == small.costs
    assert VENUE.start_limit == 5000
