"""Bybit's linear tickers: how the frames of changes are put together."""

import json
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import Event, Funding, MarkPrice, OpenInterest, StreamEvent, Ticker
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.bybit.test_public import TICKER, changed
from tests.exchanges.transcripts import RECEIVED_NS, market, send_all, stream_of

VENUE = VENUES["bybit"]
PERP = market("BTC/USDT:USDT", "BTCUSDT", venue="bybit")
WHOLE = TICKER % ("BTCUSDT", "BTCUSDT")
TS = 1781990000085


def subscribed(*channels: Channel, instrument: Instrument = PERP) -> MarketCodec:
    codec = VENUE.codec(stream_of(VENUE, "linear"), Instruments([instrument]))
    codec.subscribe(Topic(channel, PERP.symbol) for channel in channels or [Channel.TICKER])
    send_all(codec)
    codec.receive('{"success":true,"ret_msg":"","req_id":"1","op":"subscribe"}', RECEIVED_NS)
    return codec


def hear(codec: MarketCodec, frame: str) -> list[type[StreamEvent]]:
    return [type(event) for event in codec.receive(frame, RECEIVED_NS)]


def whole(**changes: Any) -> str:
    frame = json.loads(WHOLE)
    return json.dumps({**frame, "data": {**frame["data"], **changes}})


def test_four_channels_share_one_topic() -> None:
    codec = VENUE.codec(stream_of(VENUE, "linear"), Instruments([PERP]))
    channels = (Channel.TICKER, Channel.FUNDING, Channel.MARK_PRICE, Channel.OPEN_INTEREST)
    codec.subscribe(Topic(channel, PERP.symbol) for channel in channels)
    (asked,) = send_all(codec)
    assert json.loads(asked)["args"] == ["tickers.BTCUSDT"]
    codec.unsubscribe([Topic(Channel.TICKER, PERP.symbol)])
    assert codec.outgoing(15.0) == []


@pytest.mark.parametrize(
    ("fields", "news"),
    [
        ('"ask1Price":"60001"', [Ticker]),
        ('"indexPrice":"60001"', [MarkPrice]),
        ('"nextFundingTime":"1782028800000"', [Funding]),
        ('"singleOpenInterest":"1"', [OpenInterest]),
        ('"lastPrice":"1","markPrice":"1"', [Ticker, MarkPrice]),
        ('"bid1Size":"7"', []),
    ],
)
def test_change_is_told_to_those_whom_it_concerns(fields: str, news: list[type[Event]]) -> None:
    codec = subscribed()
    hear(codec, WHOLE)
    assert hear(codec, changed("BTCUSDT", fields, TS + 100)) == news


def test_what_does_not_change_is_told_again_every_second() -> None:
    codec = subscribed()
    hear(codec, WHOLE)
    assert hear(codec, changed("BTCUSDT", '"bid1Size":"7"', TS + 999)) == []
    assert hear(codec, changed("BTCUSDT", '"lastPrice":"1"', TS + 999)) == [Ticker]
    every_but_ticker = [MarkPrice, Funding, OpenInterest]
    assert hear(codec, changed("BTCUSDT", '"bid1Size":"8"', TS + 1000)) == every_but_ticker
    assert hear(codec, changed("BTCUSDT", '"bid1Size":"9"', TS + 1999)) == [Ticker]


def test_changes_before_the_whole_say_nothing() -> None:
    codec = subscribed()
    assert hear(codec, changed("BTCUSDT", '"lastPrice":"1"')) == []


def test_changes_add_up_until_the_next_whole() -> None:
    codec = subscribed()
    hear(codec, WHOLE)
    hear(codec, changed("BTCUSDT", '"bid1Price":"60000"', TS + 100))
    (ticker,) = codec.receive(changed("BTCUSDT", '"ask1Price":"60002"', TS + 200), RECEIVED_NS)
    assert isinstance(ticker, Ticker)
    assert (ticker.bid, ticker.ask) == (60000.0, 60002.0)
    ticker, *_ = codec.receive(WHOLE, RECEIVED_NS)
    assert isinstance(ticker, Ticker)
    assert (ticker.bid, ticker.ask) == (60000.3, 60000.9)


@pytest.mark.parametrize(
    "bad",
    [
        changed("BTCUSDT", '"lastPrice":"-1"'),
        changed("BTCUSDT", '"fundingRate":"5000"'),
        changed("BTCUSDT", '"fundingIntervalHour":"25"'),
        changed("BTCUSDT", '"fundingIntervalHour":"0"'),
        changed("BTCUSDT", '"markPrice":null'),
        changed("BTCUSDT", '"markPrice":"1"').replace("delta", "update"),
        changed("BTCUSDT", '"markPrice":"1"').replace("1781990000285", '"x"'),
        WHOLE.replace('"fundingRate"', '"rate"'),
    ],
)
def test_change_that_cannot_be_read_makes_the_ticker_begin_anew(bad: str) -> None:
    codec = subscribed()
    hear(codec, WHOLE)
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(bad, RECEIVED_NS)
    assert caught.value.symbol == PERP.symbol
    assert hear(codec, changed("BTCUSDT", '"lastPrice":"1"')) == []
    with pytest.raises(VenueProtocolError):
        codec.receive(WHOLE.replace('"fundingRate"', '"rate"'), RECEIVED_NS)
    (ended,) = codec.outgoing(15.0)
    assert json.loads(ended)["op"] == "unsubscribe"
    codec.receive('{"success":true,"ret_msg":"","req_id":"2","op":"unsubscribe"}', RECEIVED_NS)
    (asked,) = codec.outgoing(16.0)
    assert json.loads(asked)["args"] == ["tickers.BTCUSDT"]
    assert len(hear(codec, WHOLE)) == 4


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"markPrice": ""}, MarkPrice),
        ({"markPrice": "0"}, MarkPrice),
        ({"fundingRate": ""}, Funding),
        ({"nextFundingTime": "0"}, Funding),
        ({"nextFundingTime": ""}, Funding),
        ({"openInterest": "", "singleOpenInterest": ""}, OpenInterest),
    ],
)
def test_number_that_the_venue_leaves_out_is_not_told(
    changes: dict[str, str], missing: type[Event]
) -> None:
    told = hear(subscribed(), whole(**changes))
    assert told == [
        each for each in (Ticker, MarkPrice, Funding, OpenInterest) if each is not missing
    ]


def test_contract_that_has_not_been_traded_has_no_statistics() -> None:
    names = ("lastPrice", "highPrice24h", "lowPrice24h", "volume24h", "turnover24h")
    empty = dict.fromkeys((*names, "price24hPcnt", "bid1Price", "ask1Price"), "")
    ticker, *_ = subscribed().receive(whole(**empty), RECEIVED_NS)
    assert ticker == Ticker(
        instrument=PERP, last=None, venue_ns=TS * 1_000_000, received_ns=RECEIVED_NS
    )
