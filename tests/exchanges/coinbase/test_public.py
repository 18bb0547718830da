"""Coinbase's stream, checked against its WebSocket documentation.

Requests and the order book are in `test_dialogue.py`, real payloads in `test_recorded.py`.
"""

import json

import pytest

from exchanges import VENUES
from exchanges.coinbase.market_data import utc_ns
from exchanges.errors import VenueProtocolError
from exchanges.market.events import BookDelta, Kline, Ticker, Trade
from exchanges.market.instrument import Instruments
from exchanges.market.numbers import NS_PER_S
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
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

VENUE = VENUES["coinbase"]
BTC = market("BTC/USD", "BTC-USD", venue="coinbase")
PERP = market("BTC/USD:USD", "BIP-20DEC30-CDE", venue="coinbase", contract_size="0.01")
AT = "2026-11-20T12:00:00.000000001Z"
AT_NS = 1795176000_000_000_001


TRANSCRIPTS = (
    Transcript(
        name="candles: of five minutes, in base units, the running one last",
        stream="public",
        instrument=PERP,
        channel=Channel.KLINES,
        interval=KlineInterval.M5,
        frames=(
            """{"channel":"candles","client_id":"","timestamp":"2026-11-20T12:06:01Z",
            "sequence_num":9,"events":[{"type":"snapshot","candles":[{"start":"1795176300",
            "high":"90010","low":"89990","open":"90000","close":"90005.5","volume":"12",
            "product_id":"BIP-20DEC30-CDE"},{"start":"1795176000","high":"90020","low":"90000",
            "open":"90010","close":"90000","volume":"30","product_id":"BIP-20DEC30-CDE"}]}]}""",
        ),
        events=tuple(
            Kline(
                instrument=PERP,
                interval=KlineInterval.M5,
                open_ns=open_s * NS_PER_S,
                open=open_,
                high=high,
                low=low,
                close=close,
                volume=contracts * float(PERP.contract_size),
                received_ns=RECEIVED_NS,
            )
            for open_s, open_, high, low, close, contracts in (
                (1795176000, 90010.0, 90020.0, 90000.0, 90000.0, 30),
                (1795176300, 90000.0, 90010.0, 89990.0, 90005.5, 12),
            )
        ),
    ),
    Transcript(
        name="book: one frame may hold several updates, and offers are asks",
        stream="public",
        instrument=BTC,
        channel=Channel.BOOK,
        frames=(
            """{"channel":"l2_data","client_id":"",
            "timestamp":"2026-11-20T12:00:00.000000001Z","sequence_num":10,"events":[{"type":"snapshot",
            "product_id":"BTC-USD","updates":[{"side":"bid","event_time":"1970-01-01T00:00:00Z",
            "price_level":"90000.5","new_quantity":"1.5"},{"side":"offer",
            "event_time":"1970-01-01T00:00:00Z","price_level":"90001","new_quantity":"2"}]}]}""",
            """{"channel":"l2_data","client_id":"",
            "timestamp":"2026-11-20T12:00:00.000000001Z","sequence_num":11,"events":[{"type":"update",
            "product_id":"BTC-USD","updates":[{"side":"bid","event_time":"2026-11-20T12:00:00Z",
            "price_level":"90000.5","new_quantity":"0"}]},{"type":"update",
            "product_id":"BTC-USD","updates":[{"side":"offer",
            "event_time":"2026-11-20T12:00:00Z","price_level":"90002.25",
            "new_quantity":"0.00000001"}]}]}""",
        ),
        events=(
            snapshot(BTC, 10, [(90000.5, 1.5)], [(90001.0, 2.0)], venue_ns=AT_NS),
            BookDelta(
                instrument=BTC,
                bids=[(90000.5, 0.0)],
                asks=[],
                previous=10,
                sequence=11,
                venue_ns=AT_NS,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[],
                asks=[(90002.25, 0.00000001)],
                previous=11,
                sequence=11,
                venue_ns=AT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="book of a future: sizes are contracts",
        stream="public",
        instrument=PERP,
        channel=Channel.BOOK,
        frames=(
            """{"channel":"l2_data","client_id":"",
            "timestamp":"2026-11-20T12:00:00.000000001Z","sequence_num":12,"events":[{"type":"snapshot",
            "product_id":"BIP-20DEC30-CDE","updates":[{"side":"bid",
            "event_time":"2026-11-20T12:00:00Z","price_level":"90005","new_quantity":"25"}]}]}""",
        ),
        events=(snapshot(PERP, 12, [(90005.0, 0.25)], [], venue_ns=AT_NS),),
    ),
    Transcript(
        name="trades: the side is the maker's, the newest stands first, history is left out",
        stream="public",
        instrument=BTC,
        channel=Channel.TRADES,
        frames=(
            """{"channel":"market_trades","client_id":"",
            "timestamp":"2026-11-20T12:00:00.000000001Z","sequence_num":13,"events":[{"type":"snapshot",
            "trades":[{"product_id":"BTC-USD","trade_id":"6","price":"90000","size":"1",
            "time":"2026-11-20T11:59:00Z","side":"BUY"}]}]}""",
            """{"channel":"market_trades","client_id":"",
            "timestamp":"2026-11-20T12:00:00.000000001Z","sequence_num":14,"events":[{"type":"update",
            "trades":[{"product_id":"BTC-USD","trade_id":"8","price":"90001","size":"0.5",
            "time":"2026-11-20T12:00:00.2Z","side":"SELL"},{"product_id":"BTC-USD",
            "trade_id":"7","price":"90000.5","size":"0.25","time":"2026-11-20T12:00:00.1Z",
            "side":"BUY"}]}]}""",
        ),
        events=(
            Trade(
                instrument=BTC,
                price=90000.5,
                size=0.25,
                side=Side.SELL,
                trade_id="7",
                venue_ns=1795176000_100_000_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=90001.0,
                size=0.5,
                side=Side.BUY,
                trade_id="8",
                venue_ns=1795176000_200_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="trades of a future: sizes are contracts",
        stream="public",
        instrument=PERP,
        channel=Channel.TRADES,
        frames=(
            """{"channel":"market_trades","client_id":"",
            "timestamp":"2026-11-20T12:00:00.000000001Z","sequence_num":15,"events":[{"type":"update",
            "trades":[{"product_id":"BIP-20DEC30-CDE","trade_id":"9","price":"90005",
            "size":"3","time":"2026-11-20T12:00:00Z","side":"SELL"}]}]}""",
        ),
        events=(
            Trade(
                instrument=PERP,
                price=90005.0,
                size=0.03,
                side=Side.BUY,
                trade_id="9",
                venue_ns=1795176000_000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="ticker: the change is per cent, and what does not exist is empty",
        stream="public",
        instrument=BTC,
        channel=Channel.TICKER,
        frames=(
            """{"channel":"ticker","client_id":"",
            "timestamp":"2026-11-20T12:00:00.000000001Z","sequence_num":16,"events":[{"type":"snapshot",
            "tickers":[{"type":"ticker","product_id":"BTC-USD","price":"90000.5",
            "volume_24_h":"11005.5","low_24_h":"89000","high_24_h":"91000","low_52_w":"1",
            "high_52_w":"2","price_percent_chg_24_h":"-1.25","best_bid":"90000",
            "best_bid_quantity":"1","best_ask":"90001","best_ask_quantity":"2"}]}]}""",
            """{"channel":"ticker","client_id":"",
            "timestamp":"2026-11-20T12:00:00.000000001Z","sequence_num":17,"events":[{"type":"update",
            "tickers":[{"type":"ticker","product_id":"BTC-USD","price":"90000.5",
            "volume_24_h":"","low_24_h":"","high_24_h":"","low_52_w":"","high_52_w":"",
            "price_percent_chg_24_h":"","best_bid":"","best_bid_quantity":"","best_ask":"",
            "best_ask_quantity":""}]}]}""",
        ),
        events=(
            Ticker(
                instrument=BTC,
                last=90000.5,
                bid=90000.0,
                ask=90001.0,
                high=91000.0,
                low=89000.0,
                volume=11005.5,
                change=-0.0125,
                venue_ns=AT_NS,
                received_ns=RECEIVED_NS,
            ),
            Ticker(instrument=BTC, last=90000.5, venue_ns=AT_NS, received_ns=RECEIVED_NS),
        ),
    ),
)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_frames_become_events(transcript: Transcript) -> None:
    codec = open_codec(VENUE, transcript.stream, [transcript])
    assert play(codec, transcript) == transcript.events


def test_every_channel_has_a_transcript() -> None:
    written = {(transcript.stream, transcript.channel) for transcript in TRANSCRIPTS}
    assert written == {(stream.name, name) for stream in VENUE.streams for name in stream.channels}


# What the documentation does not allow.


def open_for(*topics: Topic, listening: bool = False) -> MarketCodec:
    codec = VENUE.codec(stream_of(VENUE, "public"), Instruments([BTC, PERP]), listening=listening)
    codec.subscribe(topics)
    send_all(codec)
    return codec


def frame(channel: str, *events: object, number: object = 1) -> str:
    return json.dumps(
        {"channel": channel, "timestamp": AT, "sequence_num": number, "events": events}
    )


def book(*rows: dict[str, str], product: str = "BTC-USD", kind: str = "snapshot") -> str:
    return frame("l2_data", {"type": kind, "product_id": product, "updates": rows})


def row(**changes: str) -> dict[str, str]:
    return {"side": "bid", "price_level": "1", "new_quantity": "1"} | changes


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("not JSON", ""),
        ("{}", ""),
        ('{"channel":"heartbeats","events":[]}', ""),  # not numbered
        (frame("heartbeats", number=-1), ""),
        (frame("heartbeats", number="one"), ""),
        (frame("nope"), ""),
        (book(product="NOPE-USD"), ""),
        (book(row(side="ask")), BTC.symbol),
        (book(row(price_level="NaN")), BTC.symbol),
        (book(row(price_level="0")), BTC.symbol),
        (book(row(new_quantity="-1")), BTC.symbol),
        (book(row(new_quantity="")), BTC.symbol),
        (book(kind="nope"), ""),
    ],
)
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(text: str, symbol: str) -> None:
    with pytest.raises(VenueProtocolError) as caught:
        open_for(Topic(Channel.BOOK, BTC.symbol)).receive(text, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("coinbase", symbol)


@pytest.mark.parametrize(
    "changes",
    [
        {"side": "UNKNOWN_ORDER_SIDE"},
        {"size": "0"},
        {"trade_id": "one"},
        {"time": "2026-11-20T12:00:00"},
        {"time": "2026-11-20T12:00:00.0000000001Z"},
        {"time": "yesterdayZ"},
    ],
)
def test_trade_that_cannot_be_is_a_protocol_error(changes: dict[str, str]) -> None:
    trade = {"product_id": "BTC-USD", "trade_id": "1", "price": "1", "size": "1",
             "time": AT, "side": "BUY"} | changes  # fmt: skip
    with pytest.raises(VenueProtocolError):
        open_for(Topic(Channel.TRADES, BTC.symbol)).receive(
            frame("market_trades", {"type": "update", "trades": [trade]}), RECEIVED_NS
        )


@pytest.mark.parametrize("percent", ["NaN", "inf", "1e9", "a lot"])
def test_change_that_no_market_makes_is_a_protocol_error(percent: str) -> None:
    ticker = {"product_id": "BTC-USD", "price": "1", "volume_24_h": "1", "low_24_h": "1",
              "high_24_h": "1", "price_percent_chg_24_h": percent, "best_bid": "1",
              "best_ask": "1"}  # fmt: skip
    with pytest.raises(VenueProtocolError):
        open_for(Topic(Channel.TICKER, BTC.symbol)).receive(
            frame("ticker", {"tickers": [ticker]}), RECEIVED_NS
        )


@pytest.mark.parametrize(
    ("text", "at_ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2024-10-04T07:13:31.158696693Z", 1728026011_158_696_693),
        ("2023-06-09T20:19:35.39625135Z", 1686341975_396_251_350),
        ("2024-02-27T03:37:14Z", 1709005034_000_000_000),
    ],
)
def test_time_is_read_to_the_nanosecond(text: str, at_ns: int) -> None:
    assert utc_ns(text) == at_ns


def test_recorded_frame_of_an_unknown_market_is_adopted() -> None:
    codec = open_for(listening=True)
    assert len(codec.receive(book(row(), product="BIP-20DEC30-CDE"), RECEIVED_NS)) == 1
    assert codec.topics == (Topic(Channel.BOOK, PERP.symbol),)
