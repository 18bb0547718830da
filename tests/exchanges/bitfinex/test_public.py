"""Bitfinex's streams, checked against the documentation of v2.

Requests, sequence numbers and checksums are in `test_dialogue.py`, real payloads in
`test_recorded.py`.
"""

import json

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.bitfinex.public import FLAGS
from exchanges.errors import VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Funding,
    Kline,
    Liquidation,
    MarkPrice,
    OpenInterest,
    SubscriptionState,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    Transcript,
    market,
    news,
    open_codec,
    play,
    send_all,
    stream_of,
)

VENUE = VENUES["bitfinex"]
AVAX = market("AVAX/USDT", "AVAX:UST", venue="bitfinex")
BTC = market("BTC/USDT:USDT", "BTCF0:USTF0", venue="bitfinex")
SENT_NS = 1_767_225_600_250_000_000
CONF = f'{{"event":"conf","status":"OK","flags":{FLAGS}}}'


def granted(key: str) -> str:
    about = {"status": "key", "candles": "key"}.get(key.partition(":")[0], "symbol")
    name, _, what = key.partition(":")
    return json.dumps({"event": "subscribed", "channel": name, "chanId": 7, about: what})


STATUS_EVENTS = (
    Funding(
        instrument=BTC,
        rate=0.000125,
        interval_s=28800.0,
        next_ns=1_767_254_400_000_000_000,
        predicted=-0.00002,
        venue_ns=SENT_NS,
        received_ns=RECEIVED_NS,
    ),
    MarkPrice(
        instrument=BTC,
        mark=90010.5,
        index=90000.0,
        venue_ns=SENT_NS,
        received_ns=RECEIVED_NS,
    ),
    OpenInterest(
        instrument=BTC,
        size=20.0,
        value=1800210.0,
        venue_ns=SENT_NS,
        received_ns=RECEIVED_NS,
    ),
)
STATUS_FRAMES = (
    CONF,
    granted("status:deriv:tBTCF0:USTF0"),
    """[7,[1767225600250,null,90011,90000,null,1000000,null,1767254400000,-0.00002,3,null,
    0.000125,null,null,90010.5,null,null,20,null,null,null,0.0005,0.0025],1,1767225600300]""",
    # What has not changed may be null.
    """[7,[1767225600250,null,null,null,null,null,null,null,null,null,null,null,null,null,null,
    null,null,null,null,null,null,null,null],2,1767225600400]""",
)


def status_transcript(channel: Channel) -> Transcript:
    return Transcript(
        name=f"{channel} is told with the rest of a perpetual's state",
        stream="derivatives",
        instrument=BTC,
        channel=channel,
        frames=STATUS_FRAMES,
        events=(*STATUS_EVENTS, *STATUS_EVENTS),
    )


TRANSCRIPTS = (
    Transcript(
        name="book: a level without orders is gone, and changes come alone or together",
        stream="public",
        instrument=AVAX,
        channel=Channel.BOOK,
        frames=(
            CONF,
            '[7,"hb",1,1767225600000]',  # may come before its channel is known
            granted("book:tAVAX:UST"),
            "[7,[[20.5,3,1.5],[20.4,1,2e-8],[20.6,2,-40]],2,1767225600250]",
            "[7,[20.4,0,1],3,1767225600250]",
            "[7,[[20.6,0,-1],[20.7,1,-2.5],[20.5,4,7]],4,1767225600250]",
            '[7,"cs",-123456,5,1767225600250]',
            '[7,"hb",6,1767225600250]',
        ),
        events=(
            BookSnapshot(
                instrument=AVAX,
                bids=[(20.5, 1.5), (20.4, 2e-8)],
                asks=[(20.6, 40.0)],
                sequence=2,
                window=250,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
            *(
                BookDelta(
                    instrument=AVAX,
                    bids=list(bids),
                    asks=list(asks),
                    previous=previous,
                    sequence=previous + 1,
                    checksum=checksum,
                    venue_ns=SENT_NS,
                    received_ns=RECEIVED_NS,
                )
                for previous, bids, asks, checksum in (
                    (2, [(20.4, 0.0)], [], None),
                    (3, [(20.5, 7.0)], [(20.6, 0.0), (20.7, 2.5)], None),
                    (4, [], [], -123456),
                )
            ),
        ),
    ),
    Transcript(
        name="trades: those of the past and those told again are left out",
        stream="public",
        instrument=AVAX,
        channel=Channel.TRADES,
        frames=(
            CONF,
            granted("trades:tAVAX:UST"),
            "[7,[[11,1767225599000,1,20.5],[10,1767225598000,-2,20.4]],1,1767225600000]",
            '[7,"te",[12,1767225600250,-0.25,20.4],2,1767225600300]',
            '[7,"tu",[12,1767225600250,-0.25,20.4],3,1767225600400]',
        ),
        events=(
            Trade(
                instrument=AVAX,
                price=20.4,
                size=0.25,
                side=Side.SELL,
                trade_id="12",
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="ticker: the change is a fraction, and sizes are no best sizes",
        stream="public",
        instrument=AVAX,
        channel=Channel.TICKER,
        frames=(
            CONF,
            granted("ticker:tAVAX:UST"),
            "[7,[20.5,900,20.6,800,-0.5,-0.0238,20.55,12345.5,21.5,19.5],1,1767225600250]",
        ),
        events=(
            Ticker(
                instrument=AVAX,
                last=20.55,
                bid=20.5,
                ask=20.6,
                high=21.5,
                low=19.5,
                volume=12345.5,
                change=-0.0238,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="candles: close comes before high and low, the newest row first",
        stream="public",
        instrument=AVAX,
        channel=Channel.KLINES,
        interval=KlineInterval.H3,
        frames=(
            CONF,
            granted("candles:trade:3h:tAVAX:UST"),
            "[7,[[1767225600000,20,20.5,21,19,100],[1767214800000,18,20,20.1,17,50]],1,1]",
            "[7,[1767225600000,20,20.6,21,19,101],2,1767225600250]",
        ),
        events=(
            *(
                Kline(
                    instrument=AVAX,
                    interval=KlineInterval.H3,
                    open_ns=at_s * 1_000_000_000,
                    open=opened,
                    high=high,
                    low=low,
                    close=close,
                    volume=volume,
                    received_ns=RECEIVED_NS,
                )
                for at_s, opened, high, low, close, volume in (
                    (1767214800, 18.0, 20.1, 17.0, 20.0, 50.0),
                    (1767225600, 20.0, 21.0, 19.0, 20.5, 100.0),
                    (1767225600, 20.0, 21.0, 19.0, 20.6, 101.0),
                )
            ),
        ),
    ),
    status_transcript(Channel.FUNDING),
    status_transcript(Channel.MARK_PRICE),
    status_transcript(Channel.OPEN_INTEREST),
    Transcript(
        name="liquidations: the side is the order's; triggers and other markets are not ours",
        stream="derivatives",
        instrument=BTC,
        channel=Channel.LIQUIDATIONS,
        frames=(
            CONF,
            granted("status:liq:global"),
            """[7,[["pos",1,1767225600250.5,null,"tBTCF0:USTF0",-2,90000,null,0,1,null,91000],
            ["pos",1,1767225600250.5,null,"tBTCF0:USTF0",-2,90000,null,1,1,null,91000],
            ["pos",2,1767225600250,null,"tETHUSD",3,3000,null,1,1,null,2900]],1,1]""",
        ),
        events=(
            Liquidation(
                instrument=BTC,
                price=91000.0,
                size=2.0,
                side=Side.BUY,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_frames_become_events(transcript: Transcript) -> None:
    """Beside that the topic is granted, which is told once and not when frames are heard again."""
    codec = open_codec(VENUE, transcript.stream, [transcript])
    first, *events = play(codec, transcript)
    assert first == news(transcript.instrument, transcript.topic, SubscriptionState.SUBSCRIBED)
    assert tuple(events) == transcript.events


def test_bitfinex_a10_charge_that_is_not_scheduled_is_none() -> None:
    unscheduled = tuple(frame.replace("1767254400000", "0") for frame in STATUS_FRAMES)
    transcript = replace(status_transcript(Channel.FUNDING), frames=unscheduled)
    _, *events = play(open_codec(VENUE, transcript.stream, [transcript]), transcript)
    assert tuple(events) == (*STATUS_EVENTS[1:], *STATUS_EVENTS[1:])


def test_every_channel_has_a_transcript() -> None:
    written = {(transcript.stream, transcript.channel) for transcript in TRANSCRIPTS}
    assert written == {(stream.name, name) for stream in VENUE.streams for name in stream.channels}


@pytest.mark.parametrize(
    ("key", "topic"),
    [
        ("book:tAVAX:UST", Topic(Channel.BOOK, AVAX.symbol)),
        ("trades:tBTCF0:USTF0", Topic(Channel.TRADES, BTC.symbol)),
        ("candles:trade:1D:tAVAX:UST", Topic(Channel.KLINES, AVAX.symbol, KlineInterval.D1)),
        ("status:deriv:tBTCF0:USTF0", Topic(Channel.MARK_PRICE, BTC.symbol)),
    ],
)
def test_recorded_stream_is_known_by_the_answer_to_its_request(key: str, topic: Topic) -> None:
    known = Instruments([AVAX, BTC])
    codec = VENUE.codec(stream_of(VENUE, "public"), known, listening=True)
    codec.receive(granted(key), RECEIVED_NS)
    frame = '[7,"te",["no data"]]' if topic.channel is Channel.TRADES else '[7,["no data"]]'
    with pytest.raises(VenueProtocolError):  # which names its market
        codec.receive(frame, RECEIVED_NS)
    assert codec.topics == (topic,)


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        ("[]", ""),
        ("[7,1,2]", ""),
        ("not JSON", ""),
        ('{"nope":1}', ""),
        ('["7",[],1,1]', ""),
        ("[7,[],-1.5,1]", ""),
        ("[7,[[0,1,1]],1,1]", AVAX.symbol),
        ("[7,[[1,1,0]],1,1]", AVAX.symbol),
        ("[7,[[1,-1,1]],1,1]", AVAX.symbol),
        ("[7,[[1,1]],1,1]", AVAX.symbol),
        ('[7,"cs","x",1,1]', AVAX.symbol),
    ],
)
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(frame: str, symbol: str) -> None:
    codec = VENUE.codec(stream_of(VENUE, "public"), Instruments([AVAX]))
    codec.subscribe([Topic(Channel.BOOK, AVAX.symbol)])
    send_all(codec)
    codec.receive(granted("book:tAVAX:UST"), RECEIVED_NS)
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(frame, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("bitfinex", symbol)
