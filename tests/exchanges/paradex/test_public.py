"""Paradex's streams, checked against its stream document.

Requests and the order book are in `test_dialogue.py`, real payloads in `test_recorded.py`.
"""

import json
from math import inf
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    Funding,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketCodec
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
AT_MS = 1795176000130
AT_NS = 1795176000_130_000_000
STAMPS: dict[str, Any] = {"venue_ns": AT_NS, "received_ns": RECEIVED_NS}


def data(channel: str, **fields: object) -> str:
    params = {"channel": f"{channel}", "data": fields}
    return json.dumps({"jsonrpc": "2.0", "method": "subscription", "params": params})


def level(side: str, price: str, size: str) -> dict[str, str]:
    return {"side": side, "price": price, "size": size}


def book(number: int, kind: str, **changes: object) -> str:
    fields = {
        "seq_no": number,
        "market": "BTC-USD-PERP",
        "last_updated_at": AT_MS,
        "update_type": kind,
        "inserts": [],
        "updates": [],
        "deletes": [],
    }
    return data("order_book.BTC-USD-PERP.deltas", **(fields | changes))


def top(**changes: object) -> str:
    fields = {
        "market": "BTC-USD-PERP",
        "bid": "90000.5",
        "bid_size": "1.5",
        "ask": "90001",
        "ask_size": "0.25",
        "seq_no": 7000000001,
        "last_updated_at": AT_MS,
    }
    return data("bbo.BTC-USD-PERP", **(fields | changes))


def trade(**changes: object) -> str:
    fields = {
        "id": "1795176000130201700000000001",
        "market": "BTC-USD-PERP",
        "side": "SELL",
        "size": "0.025",
        "price": "90000.5",
        "created_at": AT_MS,
        "trade_type": "FILL",
    }
    return data("trades.BTC-USD-PERP", **(fields | changes))


def summary(**changes: object) -> str:
    fields = {
        "symbol": "BTC-USD-PERP",
        "mark_price": "90000",
        "last_traded_price": "90002.5",
        "bid": "90000.5",
        "ask": "",
        "volume_24h": "125000000.75",
        "total_volume": "99000000000",
        "created_at": AT_MS,
        "underlying_price": "90010.25",
        "open_interest": "1500.5",
        "funding_rate": "0.0001",
        "price_change_rate_24h": "-0.0125",
    }
    return data("markets_summary.BTC-USD-PERP", **(fields | changes))


def funding(**changes: object) -> str:
    fields = {
        "market": "BTC-USD-PERP",
        "funding_index": "20000.5",
        "funding_premium": "-4.5",
        "funding_rate": "-0.00005",
        "funding_rate_8h": "-0.0001",
        "funding_period_hours": 4,
        "created_at": AT_MS,
    }
    return data("funding_data.BTC-USD-PERP", **(fields | changes))


def sale(number: str) -> Trade:
    return Trade(
        instrument=BTC, price=90000.5, size=0.025, side=Side.SELL, trade_id=number, **STAMPS
    )


# One channel tells both, whichever of them is wished for.
STATE = (
    MarkPrice(instrument=BTC, mark=90000.0, index=90010.25, **STAMPS),
    OpenInterest(instrument=BTC, size=1500.5, value=1500.5 * 90000.0, **STAMPS),
)

TRANSCRIPTS = (
    Transcript(
        name="book: the first frame is all of it; what is deleted may be inserted again",
        stream="public",
        instrument=BTC,
        channel=Channel.BOOK,
        frames=(
            book(
                7000000001,
                "s",
                inserts=[
                    level("SELL", "90001", "2"),
                    level("BUY", "90000.5", "1.5"),
                    level("BUY", "90000", "0.5"),
                ],
            ),
            book(
                7000000002,
                "d",
                inserts=[level("BUY", "89999.5", "0.001"), level("SELL", "90001", "3")],
                updates=[level("BUY", "90000", "0.75"), level("BUY", "90000.5", "0")],
                deletes=[level("SELL", "90001", "2")],
            ),
            book(7000000003, "d", inserts=None, updates=None, deletes=None),
        ),
        events=(
            snapshot(
                BTC, 7000000001, [(90000.5, 1.5), (90000.0, 0.5)], [(90001.0, 2.0)], venue_ns=AT_NS
            ),
            BookDelta(
                instrument=BTC,
                bids=[(89999.5, 0.001), (90000.0, 0.75), (90000.5, 0.0)],
                asks=[(90001.0, 0.0), (90001.0, 3.0)],
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
    ),
    Transcript(
        name="top: an empty side is empty strings",
        stream="public",
        instrument=BTC,
        channel=Channel.TOP,
        frames=(top(), top(bid="", bid_size="", ask="", ask_size="", seq_no=7000000002)),
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
    ),
    Transcript(
        name="trades: only those on the book",
        stream="public",
        instrument=BTC,
        channel=Channel.TRADES,
        frames=(
            trade(),
            trade(id="2", trade_type="LIQUIDATION"),
            trade(id="3", trade_type="BLOCK_TRADE"),
            trade(id="4", trade_type="SETTLE_MARKET"),
            trade(id="5", trade_type="RPI"),
        ),
        events=(sale("1795176000130201700000000001"), sale("5")),
    ),
    Transcript(
        name="ticker: the volume is dollars, the change a fraction",
        stream="public",
        instrument=BTC,
        channel=Channel.TICKER,
        frames=(summary(), summary(last_traded_price="", price_change_rate_24h="", bid="0")),
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
    ),
    Transcript(
        name="funding: of the period that it names, or else of the market's",
        stream="derivatives",
        instrument=BTC,
        channel=Channel.FUNDING,
        frames=(funding(), funding(funding_rate_8h="", funding_period_hours=0)),
        events=tuple(
            Funding(instrument=BTC, rate=-0.00005, interval_s=period_s, next_ns=None, **STAMPS)
            for period_s in (14400.0, 28800.0)
        ),
    ),
    *(
        Transcript(
            name=f"{channel}: open interest is base units",
            stream="derivatives",
            instrument=BTC,
            channel=channel,
            frames=(summary(),),
            events=STATE,
        )
        for channel in (Channel.MARK_PRICE, Channel.OPEN_INTEREST)
    ),
    Transcript(
        name="liquidations: no other trades",
        stream="derivatives",
        instrument=BTC,
        channel=Channel.LIQUIDATIONS,
        frames=(trade(), trade(id="2", trade_type="LIQUIDATION")),
        events=(Liquidation(instrument=BTC, price=90000.5, size=0.025, side=Side.SELL, **STAMPS),),
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


def test_level_of_size_zero_is_none() -> None:
    codec = open_for("public", Channel.BOOK)
    frame = book(1, "s", inserts=[level("BUY", "90000", "0"), level("SELL", "90001", "1")])
    assert codec.receive(frame, RECEIVED_NS) == (
        snapshot(BTC, 1, [], [(90001.0, 1.0)], venue_ns=AT_NS),
    )


def test_market_without_an_index_has_a_mark_price() -> None:
    codec = open_for("derivatives", Channel.MARK_PRICE)
    mark, _ = codec.receive(summary(underlying_price=""), RECEIVED_NS)
    assert mark == MarkPrice(instrument=BTC, mark=90000.0, **STAMPS)


def test_frame_may_end_with_a_new_line() -> None:
    assert open_for("public", Channel.TRADES).receive(trade() + "\n", RECEIVED_NS)


# What the documentation does not allow.


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("not JSON", ""),
        ("{}", ""),
        ('{"jsonrpc":"2.0","id":1}', ""),
        ('{"jsonrpc":"2.0","method":"subscription"}', ""),
        (data("order_book.ETH-USD-PERP.deltas"), ""),
        (data("order_book.BTC-USD-PERP.interactive_deltas"), ""),
        (book(1, "x"), BTC.symbol),
        (book(-1, "s"), BTC.symbol),
        (book(1, "s", market="ETH-USD-PERP"), BTC.symbol),
        (book(1, "s", inserts=[level("BUY", "NaN", "1")]), BTC.symbol),
        (book(1, "s", inserts=[level("BUY", "0", "1")]), BTC.symbol),
        (book(1, "s", inserts=[level("BUY", "1", "-1")]), BTC.symbol),
        (book(1, "s", inserts=[level("LONG", "1", "1")]), BTC.symbol),
        (book(1, "s", last_updated_at=None), BTC.symbol),
    ],
)
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(text: str, symbol: str) -> None:
    with pytest.raises(VenueProtocolError) as caught:
        open_for("public", Channel.BOOK).receive(text, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("paradex", symbol)


@pytest.mark.parametrize(
    "frame",
    [
        summary(mark_price=""),
        summary(mark_price="0"),
        summary(open_interest="-1"),
        summary(open_interest="1e17", mark_price="1e14"),
        summary(underlying_price="1e16"),
        funding(funding_rate="NaN"),
        funding(funding_rate="2000"),
        funding(funding_period_hours=200),
        trade(size="0"),
        trade(price="inf"),
    ],
)
def test_state_that_cannot_be_is_a_protocol_error(frame: str) -> None:
    channels = Channel.MARK_PRICE, Channel.FUNDING, Channel.LIQUIDATIONS
    with pytest.raises(VenueProtocolError):
        open_for("derivatives", *channels).receive(frame, RECEIVED_NS)


@pytest.mark.parametrize("change", ["NaN", "1e6", "much"])
def test_change_that_no_price_makes_is_a_protocol_error(change: str) -> None:
    with pytest.raises(VenueProtocolError):
        open_for("public", Channel.TICKER).receive(
            summary(price_change_rate_24h=change), RECEIVED_NS
        )


def test_rate_without_any_period_is_told_without_one() -> None:
    unknown = market("BTC/USD:USDC", "BTC-USD-PERP", venue="paradex")
    codec = VENUE.codec(stream_of(VENUE, "derivatives"), Instruments([unknown]))
    codec.subscribe([Topic(Channel.FUNDING, unknown.symbol)])
    (told,) = codec.receive(funding(funding_period_hours=0), RECEIVED_NS)
    assert isinstance(told, Funding)
    assert told.interval_s is None
