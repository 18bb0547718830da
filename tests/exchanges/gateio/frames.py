"""Markets, codecs and frames that the tests of Gate.io's streams share."""

import json
from typing import Any

from exchanges import VENUES
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import market, send_all, stream_of

VENUE = VENUES["gateio"]
STREAM = "stream"
BTC = market("BTC/USDT", "BTC_USDT", venue="gateio")
ETH = market("ETH/USDT", "ETH_USDT", venue="gateio")
XRP = market("XRP/USDT", "XRP_USDT", venue="gateio")
BOOK = Topic(Channel.BOOK, "BTC/USDT")
TRADES = Topic(Channel.TRADES, "BTC/USDT")


def wanting_codec(*topics: Topic) -> MarketCodec:
    codec = VENUE.codec(stream_of(VENUE, STREAM), Instruments([BTC, ETH, XRP]))
    codec.subscribe(topics)
    return codec


def listening_codec(*instruments: Instrument) -> MarketCodec:
    return VENUE.codec(stream_of(VENUE, STREAM), Instruments(instruments), listening=True)


def update(channel: str, result: dict[str, Any]) -> str:
    return json.dumps({"time": 1, "channel": channel, "event": "update", "result": result})


def ack(request: dict[str, Any], *, error: str = "") -> str:
    answer = {**request, "result": {"status": "fail" if error else "success"}}
    if error:
        answer["error"] = {"code": 2, "message": error}
    return json.dumps(answer)


def sent(codec: MarketCodec) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in send_all(codec)]
