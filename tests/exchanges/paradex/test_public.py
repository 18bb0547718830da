"""Paradex's streams, checked against its stream document and its schema of binary frames.

Requests and the order book are in `test_dialogue.py`, how frames are cut in `test_sbe.py`, real
payloads in `test_recorded.py`.
"""

import json
from math import inf
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Funding,
    Liquidation,
    MarkPrice,
    OpenInterest,
    StreamEvent,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketCodec
from exchanges.stream.wire import Frame
from tests.exchanges.paradex.frames import (
    AT_MS,
    AT_US,
    book,
    event,
    funding,
    pack,
    summary,
    top,
    trade,
)
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    Transcript,
    market,
    open_codec,
    play,
    send_all,
    snapshot,
    stream_of,
)

VENUE = VENUES["paradex"]
BTC = market("BTC/USD:USDC", "BTC-USD-PERP", venue="paradex", funding_interval_s=28800.0)
AT_NS = AT_MS * 1_000_000
STAMPS: dict[str, Any] = {"venue_ns": AT_NS, "received_ns": RECEIVED_NS}


def sale(number: str) -> Trade:
    return Trade(
        instrument=BTC, price=90000.5, size=0.025, side=Side.SELL, trade_id=number, **STAMPS
    )


RATE = 0.000071729184
# One channel tells all of these, whichever of them is wished for.
STATE = (
    MarkPrice(instrument=BTC, mark=90000.0, index=90010.25, **STAMPS),
    OpenInterest(instrument=BTC, size=1500.5, value=1500.5 * 90000.0, **STAMPS),
    Funding(instrument=BTC, rate=RATE, interval_s=28800.0, next_ns=None, **STAMPS),
)

TRANSCRIPTS = (
    Transcript(
        name="book: the first frame is all of it; a size of zero removes a level",
        stream="public",
        instrument=BTC,
        channel=Channel.BOOK,
        frames=(
            book(
                7000000001,
                "s",
                bids=[("90000.5", "1.5"), ("90000.1", "0.5")],
                asks=[("90001.3", "2.25")],
            ),
            book(
                7000000002,
                "d",
                bids=[("89999.5", "0.001"), ("90000.1", "0.75"), ("90000.5", "0")],
                asks=[("90001.3", "3.5")],
            ),
            book(7000000003, "d"),
        ),
        events=(
            snapshot(
                BTC,
                7000000001,
                [(90000.5, 1.5), (90000.1, 0.5)],
                [(90001.3, 2.25)],
                venue_ns=AT_NS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[(89999.5, 0.001), (90000.1, 0.75), (90000.5, 0.0)],
                asks=[(90001.3, 3.5)],
                previous=7000000001,
                sequence=7000000002,
                **STAMPS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[],
                asks=[],
                previous=7000000002,
                sequence=7000000003,
                **STAMPS,
            ),
        ),
        pack=pack,
    ),
    Transcript(
        name="top: an empty side is none",
        stream="public",
        instrument=BTC,
        channel=Channel.TOP,
        frames=(
            top(),
            top(bidPrice=None, bidSize=None, askPrice=None, askSize=None, seq=7000000002),
        ),
        events=(
            Top(
                instrument=BTC,
                bid=90000.5,
                bid_size=1.5,
                ask=90001.0,
                ask_size=0.25,
                sequence=7000000001,
                **STAMPS,
            ),
            Top(
                instrument=BTC,
                bid=0.0,
                bid_size=0.0,
                ask=inf,
                ask_size=0.0,
                sequence=7000000002,
                **STAMPS,
            ),
        ),
        pack=pack,
    ),
    Transcript(
        name="trades: only those on the book",
        stream="public",
        instrument=BTC,
        channel=Channel.TRADES,
        frames=(
            trade(),
            *(trade(f"{kind}", tradeType=kind) for kind in (2, 3, 4, 5, 6, 254)),
        ),
        events=(sale("1795176000130201700000000001"), sale("5")),
        pack=pack,
    ),
    Transcript(
        name="ticker: the volume is dollars, the change a fraction",
        stream="public",
        instrument=BTC,
        channel=Channel.TICKER,
        frames=(summary(), summary(lastPrice=None, priceChangeRate24h=None, bid="0")),
        events=(
            Ticker(
                instrument=BTC,
                last=90002.5,
                bid=90000.5,
                quote_volume=125000000.75,
                change=-0.0125,
                **STAMPS,
            ),
            Ticker(instrument=BTC, last=None, quote_volume=125000000.75, **STAMPS),
        ),
        pack=pack,
    ),
    *(
        Transcript(
            name=f"{channel}: open interest is base units, the rate the precise one",
            stream="derivatives",
            instrument=BTC,
            channel=channel,
            frames=(summary(),),
            events=STATE,
            pack=pack,
        )
        for channel in (Channel.MARK_PRICE, Channel.OPEN_INTEREST, Channel.FUNDING)
    ),
    Transcript(
        name="liquidations: no other trades",
        stream="derivatives",
        instrument=BTC,
        channel=Channel.LIQUIDATIONS,
        frames=(trade(), trade(tradeType=2)),
        events=(Liquidation(instrument=BTC, price=90000.5, size=0.025, side=Side.SELL, **STAMPS),),
        pack=pack,
    ),
)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_frames_become_events(transcript: Transcript) -> None:
    codec = open_codec(VENUE, transcript.stream, [transcript])
    assert play(codec, transcript) == transcript.events


def test_every_channel_has_a_transcript() -> None:
    written = {(transcript.stream, transcript.channel) for transcript in TRANSCRIPTS}
    assert written == {(stream.name, name) for stream in VENUE.streams for name in stream.channels}


def open_for(stream: str, *channels: Channel) -> MarketCodec:
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments([BTC]))
    codec.subscribe(Topic(channel, BTC.symbol) for channel in channels)
    send_all(codec)
    return codec


def hear(codec: MarketCodec, frame: str) -> tuple[StreamEvent, ...]:
    return codec.receive(pack(frame), RECEIVED_NS)


def test_level_of_size_zero_is_none() -> None:
    frame = book(1, "s", bids=[("90000", "0")], asks=[("90001", "1")])
    assert hear(open_for("public", Channel.BOOK), frame) == (
        snapshot(BTC, 1, [], [(90001.0, 1.0)], venue_ns=AT_NS),
    )


def test_market_without_an_index_has_a_mark_price() -> None:
    codec = open_for("derivatives", Channel.MARK_PRICE)
    mark, *_ = hear(codec, summary(indexPrice=None))
    assert mark == MarkPrice(instrument=BTC, mark=90000.0, **STAMPS)


def test_paradex_c1_trade_of_an_older_version_has_no_id() -> None:
    """The number that it has is the lowest bits of one."""
    codec = open_for("public", Channel.TRADES)
    older = json.dumps(json.loads(trade()) | {"version": 1, "texts": ["BTC-USD-PERP"]})
    assert hear(codec, older) == (sale(""),)


@pytest.mark.parametrize(
    ("changes", "rate"),
    [
        ({"fundingRatePrecise": None}, 0.00007172),
        ({"version": 0, "blockLength": 216}, 0.00007172),
        ({"fundingRatePrecise": "-0.000000000001"}, -1e-12),
        ({"fundingRatePrecise": None, "fundingRate": None}, None),
    ],
)
def test_paradex_c1_rate_is_the_most_precise_that_there_is(
    changes: dict[str, Any], rate: float | None
) -> None:
    told = hear(open_for("derivatives", Channel.FUNDING), summary(**changes))
    assert [each.rate for each in told if isinstance(each, Funding)] == ([rate] if rate else [])


def test_paradex_c1_funding_data_tells_the_period_to_who_listens() -> None:
    codec = VENUE.codec(stream_of(VENUE, "derivatives"), Instruments([BTC]), listening=True)
    told = [*hear(codec, funding()), *hear(codec, funding(fundingPeriodHours=0))]
    assert told == [
        Funding(instrument=BTC, rate=-0.00005, interval_s=period_s, next_ns=None, **STAMPS)
        for period_s in (14400.0, 28800.0)
    ]


def test_paradex_c1_frame_of_an_unknown_template_is_skipped() -> None:
    codec = open_for("public", Channel.BOOK)
    assert hear(codec, event("HeartbeatEvent")) == ()


# What the documentation does not allow.


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        ("not JSON", ""),
        ("{}", ""),
        ('{"jsonrpc":"2.0","id":1}', ""),
        ('{"jsonrpc":"2.0","method":"subscription"}', ""),
        (b"", ""),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', ""),
        (pack(book(1, "s", schemaId=2)), ""),
        (pack(json.dumps(json.loads(book(1, "s")) | {"texts": []})), ""),
        (pack(event("BookEvent", "ETH-USD-PERP", seq=1, pkgType=0, bids=[], asks=[])), ""),
        (pack(book(1, "x")), BTC.symbol),
        (pack(book(-1, "s")), BTC.symbol),
        (pack(book(1, "s", bids=[("0", "1")])), BTC.symbol),
        (pack(book(1, "s", bids=[("1", "-1")])), BTC.symbol),
        (pack(book(1, "s", ts=-1)), BTC.symbol),
        (pack(book(1, "s", ts=2**53)), BTC.symbol),
        (pack(book(1, "s", blockLength=16)), BTC.symbol),
    ],
)
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(
    frame: Frame, symbol: str
) -> None:
    with pytest.raises(VenueProtocolError) as caught:
        open_for("public", Channel.BOOK).receive(frame, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("paradex", symbol)


@pytest.mark.parametrize(
    "frame",
    [
        summary(markPrice=None),
        summary(markPrice="0"),
        summary(openInterest="-1"),
        summary(openInterest=None),
        summary(indexPrice="-1"),
        summary(fundingRatePrecise="2000"),
        summary(fundingRatePrecise=None, fundingRate="-2000"),
        trade(size="0", tradeType=2),
        trade(price="-1", tradeType=2),
        trade(side=254, tradeType=2),
        trade(createdAt=-1, tradeType=2),
    ],
)
def test_state_that_cannot_be_is_a_protocol_error(frame: str) -> None:
    channels = Channel.MARK_PRICE, Channel.FUNDING, Channel.LIQUIDATIONS
    with pytest.raises(VenueProtocolError):
        hear(open_for("derivatives", *channels), frame)


@pytest.mark.parametrize(
    "frame",
    [funding(fundingRate=None), funding(fundingRate="2000"), funding(fundingPeriodHours=200)],
)
def test_funding_data_that_cannot_be_are_a_protocol_error(frame: str) -> None:
    codec = VENUE.codec(stream_of(VENUE, "derivatives"), Instruments([BTC]), listening=True)
    with pytest.raises(VenueProtocolError):
        hear(codec, frame)


@pytest.mark.parametrize("change", ["1e6", "-1e6"])
def test_change_that_no_price_makes_is_a_protocol_error(change: str) -> None:
    with pytest.raises(VenueProtocolError):
        hear(open_for("public", Channel.TICKER), summary(priceChangeRate24h=change))


def test_rate_without_any_period_is_told_without_one() -> None:
    unknown = market("BTC/USD:USDC", "BTC-USD-PERP", venue="paradex")
    codec = VENUE.codec(stream_of(VENUE, "derivatives"), Instruments([unknown]))
    codec.subscribe([Topic(Channel.FUNDING, unknown.symbol)])
    *_, told = hear(codec, summary())
    assert isinstance(told, Funding)
    assert told.interval_s is None


def test_paradex_c1_stamps_are_microseconds() -> None:
    (told,) = hear(open_for("public", Channel.BOOK), book(1, "s", ts=AT_US + 7))
    assert isinstance(told, BookSnapshot)
    assert told.venue_ns == AT_NS + 7_000
