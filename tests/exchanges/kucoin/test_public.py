"""KuCoin's spot streams, frame by frame, checked against "Pro API" of its documentation.

The talk about subscriptions is in `test_dialogue.py`, the classic streams and real payloads are in
`test_recorded.py`.
"""

from math import inf

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Fault,
    Kline,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, Transcript, market, open_codec, play

VENUE = VENUES["kucoin"]
STREAM = "stream"
BTC = market("BTC/USDT", "BTC-USDT", venue="kucoin")

BOOK = Transcript(
    name="a book begins with a snapshot, and changes by absolute sizes",
    stream=STREAM,
    instrument=BTC,
    channel=Channel.BOOK,
    frames=(
        """{"T":"obu.SPOT","dp":"increment@10ms","t":"snapshot","P":1782000000090007701,"d":{
        "C":700,"M":1782000000086000000,"O":700,"a":[["60000.9","1.5"]],
        "b":[["60000.4","0.31"],["60000.3","2"]],"s":"BTC-USDT"}}""",
        """{"T":"obu.SPOT","dp":"increment@10ms","t":"delta","P":"1782000000100000001","d":{
        "a":[],"b":[["60000.4","1"],["60000.4","0"],["60000.2","0.75"]],"C":703,"s":"BTC-USDT",
        "M":"1782000000096000000","O":701}}""",
    ),
    events=(
        BookSnapshot(
            instrument=BTC,
            bids=[(60000.4, 0.31), (60000.3, 2.0)],
            asks=[(60000.9, 1.5)],
            sequence=700,
            window=500,
            venue_ns=1782000000086000000,
            received_ns=RECEIVED_NS,
        ),
        BookDelta(
            instrument=BTC,
            bids=[(60000.4, 1.0), (60000.4, 0.0), (60000.2, 0.75)],
            asks=[],
            previous=700,
            sequence=703,
            venue_ns=1782000000096000000,
            received_ns=RECEIVED_NS,
        ),
    ),
)

TRANSCRIPTS = (
    BOOK,
    Transcript(
        name="best levels, and then none",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.TOP,
        frames=(
            """{"T":"obu.SPOT","dp":"1","t":"snapshot","P":"1782000000848680504","d":{
            "C":20452522782,"M":"1782000000848000000","O":20452522782,
            "a":[["60000.9","1.5"]],"b":[["60000.4","0.31"]],"s":"BTC-USDT"}}""",
            """{"T":"obu.SPOT","dp":"1","t":"snapshot","P":1782000000858680504,"d":{
            "C":20452522790,"M":1782000000858000000,"O":20452522790,"a":[],"b":[],
            "s":"BTC-USDT"}}""",
        ),
        events=tuple(
            Top(
                instrument=BTC,
                bid=bid,
                bid_size=bid_size,
                ask=ask,
                ask_size=ask_size,
                sequence=sequence,
                venue_ns=venue_ns,
                received_ns=RECEIVED_NS,
            )
            for bid, bid_size, ask, ask_size, sequence, venue_ns in (
                (60000.4, 0.31, 60000.9, 1.5, 20452522782, 1782000000848000000),
                (0.0, 0.0, inf, 0.0, 20452522790, 1782000000858000000),
            )
        ),
    ),
    Transcript(
        name="trades carry the taker's side in letters of any case",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.TRADES,
        frames=(
            """{"T":"trade.SPOT","P":1782000000491160904,"d":{"E":20631804219899904,
            "M":1782000000480000000,"S":"sell","p":"60000.4","q":"0.00008036","s":"BTC-USDT",
            "ti":"20631804219899904"}}""",
            """{"T":"trade.SPOT","P":1782000000491160905,"d":{"E":20631804219899905,
            "M":1782000000481000000,"S":"BUY","p":"60000.9","q":"2","s":"BTC-USDT",
            "ti":"20631804219899905"}}""",
        ),
        events=tuple(
            Trade(
                instrument=BTC,
                price=price,
                size=size,
                side=side,
                trade_id=trade_id,
                venue_ns=venue_ns,
                received_ns=RECEIVED_NS,
            )
            for price, size, side, trade_id, venue_ns in (
                (60000.4, 0.00008036, Side.SELL, "20631804219899904", 1782000000480000000),
                (60000.9, 2.0, Side.BUY, "20631804219899905", 1782000000481000000),
            )
        ),
    ),
    Transcript(
        name="ticker tells the last price and the best ones",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.TICKER,
        frames=(
            """{"T":"ticker.SPOT","P":1782000000101166007,"d":{"A":"0.97675941","B":"0.02052839",
            "E":25958853459,"M":1782000000096000000,"S":"BUY","a":"60000.9","b":"60000.4",
            "l":"60000.8","q":"0.00109929","s":"BTC-USDT"}}""",
            """{"T":"ticker.SPOT","P":1782000000101166008,"d":{"A":"","B":"0.02052839",
            "E":25958853460,"M":1782000000097000000,"S":"BUY","a":"","b":"60000.4",
            "l":"60000.8","q":"0.00109929","s":"BTC-USDT"}}""",
        ),
        events=tuple(
            Ticker(
                instrument=BTC,
                last=60000.8,
                bid=60000.4,
                ask=ask,
                venue_ns=venue_ns,
                received_ns=RECEIVED_NS,
            )
            for ask, venue_ns in ((60000.9, 1782000000096000000), (None, 1782000000097000000))
        ),
    ),
    Transcript(
        name="candle, and its end",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.KLINES,
        interval=KlineInterval.M15,
        frames=tuple(
            f"""{{"T":"kline.SPOT","P":1782000085379046302,"d":{{"a":"170509.25","s":"BTC-USDT",
            "C":1782000900,"c":"60000.4","S":"{closed}","v":"2.81","h":"60010","i":"15min",
            "l":"59990","O":1782000000,"o":"60000.1"}}}}"""
            for closed in ("false", "true")
        ),
        events=tuple(
            Kline(
                instrument=BTC,
                interval=KlineInterval.M15,
                open_ns=1782000000_000_000_000,
                open=60000.1,
                high=60010.0,
                low=59990.0,
                close=60000.4,
                volume=2.81,
                quote_volume=170509.25,
                closed=closed,
                venue_ns=1782000085379046302,
                received_ns=RECEIVED_NS,
            )
            for closed in (False, True)
        ),
    ),
)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_frames_become_events(transcript: Transcript) -> None:
    codec = open_codec(VENUE, STREAM, [transcript])
    assert play(codec, transcript) == transcript.events


def test_every_channel_has_a_transcript() -> None:
    written = {transcript.channel for transcript in TRANSCRIPTS}
    (stream,) = VENUE.streams
    assert written == stream.channels


# Books.


def frame(kind: str, first: int, last: int) -> str:
    data = f'{{"O":{first},"C":{last},"M":1,"a":[],"b":[["60000.4","1"]],"s":"BTC-USDT"}}'
    return f'{{"T":"obu.SPOT","dp":"increment@10ms","t":"{kind}","P":1,"d":{data}}}'


def live_codec() -> MarketCodec:
    """A codec whose book is at 703."""
    codec = open_codec(VENUE, STREAM, [BOOK])
    play(codec, BOOK)
    return codec


def test_deltas_that_follow_are_taken() -> None:
    codec = live_codec()
    for first, last in ((704, 704), (705, 720)):
        (delta,) = codec.receive(frame("delta", first, last), RECEIVED_NS)
        assert isinstance(delta, BookDelta)
        assert (delta.previous, delta.sequence) == (first - 1, last)


@pytest.mark.parametrize(("first", "last"), [(701, 703), (690, 700), (703, 703)])
def test_delta_that_was_taken_already_says_nothing(first: int, last: int) -> None:
    codec = live_codec()
    assert codec.receive(frame("delta", first, last), RECEIVED_NS) == ()
    assert len(codec.receive(frame("delta", 704, 705), RECEIVED_NS)) == 1


@pytest.mark.parametrize(("first", "last"), [(705, 705), (706, 720)])
def test_delta_that_does_not_follow_loses_the_book_until_a_snapshot(first: int, last: int) -> None:
    codec = live_codec()
    (lost,) = codec.receive(frame("delta", first, last), RECEIVED_NS)
    assert isinstance(lost, BookLost)
    assert lost.fault is Fault.GAP
    assert codec.receive(frame("delta", last + 1, last + 1), RECEIVED_NS) == ()
    (start,) = codec.receive(frame("snapshot", 900, 900), RECEIVED_NS)
    assert isinstance(start, BookSnapshot)
    assert len(codec.receive(frame("delta", 901, 901), RECEIVED_NS)) == 1


@pytest.mark.parametrize(("first", "last"), [(703, 704), (600, 800)])
def test_kucoin_b14_delta_that_overlaps_the_book_is_taken(first: int, last: int) -> None:
    codec = live_codec()
    (delta,) = codec.receive(frame("delta", first, last), RECEIVED_NS)
    assert isinstance(delta, BookDelta)
    assert (delta.previous, delta.sequence) == (703, last)
    assert codec.receive(frame("delta", first, last), RECEIVED_NS) == ()
    assert len(codec.receive(frame("delta", last + 1, last + 2), RECEIVED_NS)) == 1


def test_snapshot_replaces_the_book_at_any_time() -> None:
    codec = live_codec()
    (start,) = codec.receive(frame("snapshot", 10, 10), RECEIVED_NS)
    assert isinstance(start, BookSnapshot)
    assert start.sequence == 10
    assert len(codec.receive(frame("delta", 11, 11), RECEIVED_NS)) == 1


# What the documentation does not allow.

TRADE = '{"T":"trade.SPOT","P":1,"d":{"M":1,"S":"%s","p":"%s","q":"%s","s":"BTC-USDT","ti":"1"}}'
BEST = '{"T":"obu.SPOT","dp":"1","t":"%s","P":1,"d":{"O":1,"C":1,"M":1,"a":[],"b":[%s],"s":"%s"}}'


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("", ""),
        ("pong", ""),
        ("[]", ""),
        ("{}", ""),
        ('{"type":"notice"}', ""),
        (TRADE.replace("SPOT", "FUTURES") % ("buy", "1", "1"), ""),
        (BEST % ("snapshot", "", "SOL-USDT"), ""),
        ((BEST % ("snapshot", "", "BTC-USDT")).replace('"1"', '"5"'), ""),
        (TRADE % ("long", "1", "1"), "BTC/USDT"),
        (TRADE % ("buy", "0", "1"), "BTC/USDT"),
        (TRADE % ("buy", "1", "0"), "BTC/USDT"),
        (TRADE % ("buy", "1", "NaN"), "BTC/USDT"),
        (BEST % ("delta", "", "BTC-USDT"), "BTC/USDT"),
        (BEST % ("snapshot", '["-1","1"]', "BTC-USDT"), "BTC/USDT"),
        (frame("update", 704, 704), "BTC/USDT"),
        (frame("delta", 704, 704).replace('"O":704,', ""), "BTC/USDT"),
        (frame("delta", 704, 704).replace('"60000.4"', '"0"'), "BTC/USDT"),
    ],
)
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(text: str, symbol: str) -> None:
    codec = open_codec(VENUE, STREAM, TRANSCRIPTS)
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(text, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("kucoin", symbol)
