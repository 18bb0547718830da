"""Markets, codecs and frames that the tests of MEXC's streams share.

Binary frames are written as the JSON form of their protobuf messages.
"""

import json
from typing import Any

from google.protobuf import json_format

from exchanges import VENUES
from exchanges.market.instrument import Instruments
from exchanges.market.topics import Channel, Topic
from exchanges.mexc.wire.mexc_push_pb2 import PushDataV3ApiWrapper
from exchanges.stream.books import MarketCodec
from exchanges.stream.wire import Frame
from tests.exchanges.transcripts import market, stream_of

VENUE = VENUES["mexc"]
STREAM = "stream"
BTC = market("BTC/USDT", "BTCUSDT", venue="mexc")
BTC_USDC = market("BTC/USDC", "BTCUSDC", venue="mexc")
MX = market("MX/USDT", "MXUSDT", venue="mexc")
BOOK = Topic(Channel.BOOK, "BTC/USDT")
TRADES = Topic(Channel.TRADES, "BTC/USDT")

# The channels of BTCUSDT, and what their names cost when they are written out.
DEPTH = "spot@public.aggre.depth.v3.api.pb@10ms@BTCUSDT"
TOPS = "spot@public.aggre.bookTicker.v3.api.pb@10ms@BTCUSDT"
DEALS = "spot@public.aggre.deals.v3.api.pb@10ms@BTCUSDT"
TICKER = "spot@public.miniTicker.v3.api.pb@BTCUSDT@24H"
MINUTES = "spot@public.kline.v3.api.pb@BTCUSDT@Min1"
SENT_MS = 1736409765052
SENT_NS = SENT_MS * 1_000_000


def push(channel: str, body: str, **message: Any) -> str:
    """A frame as JSON; `pack` makes it binary."""
    return json.dumps({"channel": channel, "symbol": "BTCUSDT", "sendTime": SENT_MS, body: message})


def pack(frame: Frame) -> Frame:
    """The binary frame of a message in JSON; what is no such message is sent as it is."""
    try:
        message = json_format.Parse(frame, PushDataV3ApiWrapper(), ignore_unknown_fields=True)
        return message.SerializeToString()
    except (json_format.Error, ValueError, TypeError, AttributeError, RecursionError):
        return frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame


def depth(first: int, last: int, bids: Any = (), asks: Any = ()) -> str:
    return push(
        DEPTH,
        "publicAggreDepths",
        asks=[{"price": price, "quantity": quantity} for price, quantity in asks],
        bids=[{"price": price, "quantity": quantity} for price, quantity in bids],
        eventType="spot@public.aggre.depth.v3.api.pb@10ms",
        fromVersion=str(first),
        toVersion=str(last),
    )


def wanting_codec(*topics: Topic) -> MarketCodec:
    codec = VENUE.codec(stream_of(VENUE, STREAM), Instruments([BTC, BTC_USDC, MX]))
    codec.subscribe(topics)
    return codec


def listening_codec() -> MarketCodec:
    instruments = Instruments([BTC, BTC_USDC, MX])
    return VENUE.codec(stream_of(VENUE, STREAM), instruments, listening=True)
