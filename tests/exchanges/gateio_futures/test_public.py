"""Gate.io's futures streams, checked against "Futures WebSocket v4" of its documentation.

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
    BookSnapshot,
    Event,
    Funding,
    Kline,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    Transcript,
    market,
    open_codec,
    play,
    stream_of,
)

VENUE = VENUES["gateio_futures"]
STREAM = "stream"
BTC = market(
    "BTC/USDT:USDT",
    "BTC_USDT",
    venue="gateio_futures",
    contract_size="0.0001",
    funding_interval_s=28_800.0,
)
ETH = market("ETH/USDT:USDT", "ETH_USDT", venue="gateio_futures", contract_size="0.01")
SENT_NS = 1541659086123_000_000

TICKER_EVENTS: tuple[Event, ...] = (
    Ticker(
        instrument=ETH,
        last=118.4,
        high=132.5,
        low=99.2,
        volume=7000.25,
        quote_volume=841000.0,
        change=0.0075,
        venue_ns=SENT_NS,
        received_ns=RECEIVED_NS,
    ),
    OpenInterest(
        instrument=ETH,
        size=736.5,
        value=736.5 * 118.25,
        venue_ns=SENT_NS,
        received_ns=RECEIVED_NS,
    ),
    MarkPrice(
        instrument=ETH,
        mark=118.25,
        index=118.5,
        venue_ns=SENT_NS,
        received_ns=RECEIVED_NS,
    ),
    Funding(
        instrument=ETH,
        rate=-0.000125,
        interval_s=14_400,
        next_ns=1541664000_000_000_000,
        venue_ns=SENT_NS,
        received_ns=RECEIVED_NS,
    ),
)
TICKER_FRAME = """{"time":1541659086,"time_ms":1541659086200,"channel":"futures.tickers",
"event":"update","result":[{"contract":"ETH_USDT","last":"118.4","change_percentage":"0.75",
"funding_rate":"-0.000125","funding_rate_indicative":"0.01","mark_price":"118.25",
"index_price":"118.5","total_size":"73650","volume_24h":"700025","volume_24h_quote":"841000",
"volume_24h_settle":"841000","volume_24h_base":"7000","low_24h":"99.2","high_24h":"132.5",
"quanto_base_rate":"","funding_interval":14400,"funding_next_apply":1541664000,
"funding_offset":0,"t":1541659086123}]}"""


def ticker_transcript(channel: Channel) -> Transcript:
    """One stream tells four channels."""
    return Transcript(
        name=f"{channel}: told by the tickers",
        stream=STREAM,
        instrument=ETH,
        channel=channel,
        frames=(TICKER_FRAME,),
        events=TICKER_EVENTS,
    )


TRANSCRIPTS = (
    Transcript(
        name="book: sizes are contracts, as strings or numbers",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.BOOK,
        frames=(
            """{"channel":"futures.obu","result":{"t":1747054612673,"full":true,"U":7,
            "s":"ob.BTC_USDT.400","u":168,"b":[["104027.1","50000"],["104027","2500.5"]],
            "a":[["104027.2",10000]]},"time_ms":1747054612848,"event":"update"}""",
            """{"channel":"futures.obu","result":{"t":1747054612695,"s":"ob.BTC_USDT.400",
            "U":169,"u":212,"b":[["104027","0"]],"a":[["104027.2","0"],["104027.4","25"]]},
            "time_ms":1747054612925,"event":"update"}""",
        ),
        events=(
            BookSnapshot(
                instrument=BTC,
                bids=[(104027.1, 5.0), (104027.0, 2500.5 * 0.0001)],
                asks=[(104027.2, 1.0)],
                sequence=168,
                window=400,
                venue_ns=1747054612673_000_000,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[(104027.0, 0.0)],
                asks=[(104027.2, 0.0), (104027.4, 0.0025)],
                previous=168,
                sequence=212,
                venue_ns=1747054612695_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="top: sizes are contracts, and an empty side has neither price nor size",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.TOP,
        frames=(
            """{"time":1615366379,"time_ms":1615366379200,"channel":"futures.book_ticker",
            "event":"update","result":{"t":1615366379123,"u":2517661076,"s":"BTC_USDT",
            "b":"54696.6","B":"30000.5","a":"54696.7","A":20000}}""",
            """{"time":1615366379,"time_ms":1615366379300,"channel":"futures.book_ticker",
            "event":"update","result":{"t":1615366379223,"u":2517661077,"s":"BTC_USDT",
            "b":"","B":"0","a":"","A":0}}""",
        ),
        events=(
            Top(
                instrument=BTC,
                bid=54696.6,
                bid_size=30000.5 * 0.0001,
                ask=54696.7,
                ask_size=2.0,
                sequence=2517661076,
                venue_ns=1615366379123_000_000,
                received_ns=RECEIVED_NS,
            ),
            Top(
                instrument=BTC,
                bid=0.0,
                bid_size=0.0,
                ask=inf,
                ask_size=0.0,
                sequence=2517661077,
                venue_ns=1615366379223_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="trades: the sign is the taker's side, internal ones are no trades on the book",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.TRADES,
        frames=(
            """{"channel":"futures.trades","event":"update","time":1541503698,
            "time_ms":1541503698123,"result":[
            {"size":"-108.5","id":27753479,"create_time":1545136464,
            "create_time_ms":1545136464123,"price":"96.4","contract":"BTC_USDT"},
            {"size":20,"id":27753480,"create_time":1545136464,"create_time_ms":1545136464124,
            "price":"96.5","contract":"BTC_USDT","is_internal":false},
            {"size":"7","id":27753481,"create_time":1545136464,"create_time_ms":1545136464125,
            "price":"90","contract":"BTC_USDT","is_internal":true}]}""",
        ),
        events=(
            Trade(
                instrument=BTC,
                price=96.4,
                size=108.5 * 0.0001,
                side=Side.SELL,
                trade_id="27753479",
                venue_ns=1545136464123_000_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=96.5,
                size=0.002,
                side=Side.BUY,
                trade_id="27753480",
                venue_ns=1545136464124_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    ticker_transcript(Channel.TICKER),
    ticker_transcript(Channel.FUNDING),
    ticker_transcript(Channel.MARK_PRICE),
    ticker_transcript(Channel.OPEN_INTEREST),
    Transcript(
        name="candles: volume is contracts",
        stream=STREAM,
        instrument=ETH,
        channel=Channel.KLINES,
        interval=KlineInterval.W1,
        frames=(
            """{"time":1542162490,"time_ms":1542162490123,"channel":"futures.candlesticks",
            "event":"update","result":[{"t":1545129300,"v":"2750.5","c":"95.4","h":"96.9",
            "l":"89.5","o":"94.3","n":"7d_ETH_USDT","a":"262000","w":true},
            {"t":1545734100,"v":0,"c":"95.4","h":"95.4","l":"95.4","o":"95.4",
            "n":"7d_ETH_USDT"}]}""",
        ),
        events=(
            Kline(
                instrument=ETH,
                interval=KlineInterval.W1,
                open_ns=1545129300_000_000_000,
                open=94.3,
                high=96.9,
                low=89.5,
                close=95.4,
                volume=2750.5 * 0.01,
                closed=True,
                venue_ns=1542162490123_000_000,
                received_ns=RECEIVED_NS,
            ),
            Kline(
                instrument=ETH,
                interval=KlineInterval.W1,
                open_ns=1545734100_000_000_000,
                open=95.4,
                high=95.4,
                low=95.4,
                close=95.4,
                volume=0.0,
                venue_ns=1542162490123_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="liquidations: the side is the order's; times were seconds once",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.LIQUIDATIONS,
        frames=(
            """{"channel":"futures.public_liquidates","event":"update","time":1541505434,
            "time_ms":1541505434123,"result":[
            {"price":"215.1","size":"-124.5","time":1541486601123,"contract":"BTC_USDT"},
            {"price":"215.2","size":10,"time":1541486601,"contract":"BTC_USDT"},
            {"price":"215.2","size":10,"time":1541486601,"time_ms":1541486601456,
            "contract":"BTC_USDT"}]}""",
        ),
        events=(
            Liquidation(
                instrument=BTC,
                price=215.1,
                size=124.5 * 0.0001,
                side=Side.SELL,
                venue_ns=1541486601123_000_000,
                received_ns=RECEIVED_NS,
            ),
            Liquidation(
                instrument=BTC,
                price=215.2,
                size=0.001,
                side=Side.BUY,
                venue_ns=1541486601000_000_000,
                received_ns=RECEIVED_NS,
            ),
            Liquidation(
                instrument=BTC,
                price=215.2,
                size=0.001,
                side=Side.BUY,
                venue_ns=1541486601456_000_000,
                received_ns=RECEIVED_NS,
            ),
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


def test_handshake_asks_for_decimal_sizes() -> None:
    assert stream_of(VENUE, STREAM).headers == (("X-Gate-Size-Decimal", "1"),)


# What only some frames tell.


def listening_codec() -> MarketCodec:
    return VENUE.codec(stream_of(VENUE, STREAM), Instruments([BTC, ETH]), listening=True)


def update(channel: str, result: object, **changes: object) -> str:
    frame = {"time": 1, "time_ms": 1500, "channel": channel, "event": "update", "result": result}
    return json.dumps({**frame, **changes})


def ticker_row(**changes: object) -> dict[str, object]:
    row: dict[str, object] = json.loads(TICKER_FRAME)["result"][0]
    return {name: value for name, value in {**row, **changes}.items() if value is not None}


def told(codec: MarketCodec, **changes: object) -> dict[type, Any]:
    events = codec.receive(update("futures.tickers", [ticker_row(**changes)]), RECEIVED_NS)
    return {type(event): event for event in events}


def test_ticker_without_the_time_of_the_charge_tells_no_funding() -> None:
    assert Funding not in told(listening_codec(), funding_next_apply=None)


def test_interval_of_funding_is_the_frames_or_the_contracts_but_never_a_guess() -> None:
    codec = listening_codec()
    assert told(codec)[Funding].interval_s == 14_400
    of_contract = told(codec, contract="BTC_USDT", funding_interval=None)
    assert of_contract[Funding].interval_s == 28_800
    assert told(codec, funding_interval=None)[Funding].interval_s is None


def test_ticker_of_a_contract_without_a_mark_price_tells_the_rest() -> None:
    events = told(listening_codec(), mark_price="0", index_price="0")
    assert MarkPrice not in events
    assert events[OpenInterest].value is None
    assert events[Ticker].last == 118.4


def test_ticker_without_a_stamp_of_its_own_has_that_of_its_frame() -> None:
    assert told(listening_codec(), t=None)[Ticker].venue_ns == 1500_000_000


def test_rows_of_several_markets_in_one_frame_go_to_each() -> None:
    rows = [ticker_row(), ticker_row(contract="BTC_USDT", last="5")]
    events = listening_codec().receive(update("futures.tickers", rows), RECEIVED_NS)
    tickers = [event for event in events if isinstance(event, Ticker)]
    assert [(one.instrument, one.last) for one in tickers] == [(ETH, 118.4), (BTC, 5.0)]


def test_frame_without_rows_says_nothing() -> None:
    assert listening_codec().receive(update("futures.trades", []), RECEIVED_NS) == ()


# What the documentation does not allow.


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        (update("futures.trades", [{"contract": "NOPE_USDT"}]), ""),
        (update("spot.trades", {"currency_pair": "BTC_USDT"}), ""),
        (update("futures.trades", [{"contract": "BTC_USDT"}]), "BTC/USDT:USDT"),
        (update("futures.trades", [{"contract": "BTC_USDT", "id": 1, "size": 0, "price": "1",
                                    "create_time": 1}]), "BTC/USDT:USDT"),
        (update("futures.trades", [{"contract": "BTC_USDT", "id": 1, "size": 1, "price": "0",
                                    "create_time": 1}]), "BTC/USDT:USDT"),
        (update("futures.trades", [{"contract": "BTC_USDT", "id": 1, "size": 5e-324,
                                    "price": "1", "create_time": 1}]), "BTC/USDT:USDT"),
        (update("futures.tickers", [{"contract": "ETH_USDT", "last": "1"}]), "ETH/USDT:USDT"),
        (update("futures.tickers", [ticker_row(funding_interval=0)]), "ETH/USDT:USDT"),
        (update("futures.tickers", [ticker_row(mark_price="NaN")]), "ETH/USDT:USDT"),
        (update("futures.candlesticks", [{"n": "3m_ETH_USDT"}]), ""),
    ],
)  # fmt: skip
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(frame: str, symbol: str) -> None:
    with pytest.raises(VenueProtocolError) as caught:
        listening_codec().receive(frame, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("gateio_futures", symbol)
