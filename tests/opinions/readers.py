"""How ccxt is brought to read each venue's books: what our traffic lacks of what it wants."""

import gzip
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from exchanges.market.instrument import Instrument
from exchanges.sandbox.request import json_text
from exchanges.stream.wire import Frame
from tests.opinions.opinion import Message, Reader, Translate


def _granted_by_id(sent: Message) -> Message | None:
    """Binance: a subscription that is granted starts the book."""
    return {"result": None, "id": sent["id"]} if sent.get("method") == "SUBSCRIBE" else None


def _data_only(frame: Frame, sent: list[Message]) -> list[Frame]:
    """Answers to our codec's requests have ids that ccxt gave to its own."""
    assert isinstance(frame, str)
    return [] if '"result"' in frame[:10] else [frame]


# Of the sandbox, at least; an update of so many rows deletes some.
_LEVELS_OF_A_SNAPSHOT: Final = 100


def _one_by_one(frame: Frame, sent: list[Message]) -> list[Frame]:
    """Bitfinex: our codec asks for what changes at once in one frame, which ccxt does not."""
    message = msgspec.json.decode(frame)
    match message:
        case [channel, [[_, _, _], *_] as rows, *stamps]:
            is_update = len(rows) < _LEVELS_OF_A_SNAPSHOT or any(not count for _, count, _ in rows)
            if is_update:
                return [json_text([channel, row, *stamps]) for row in rows]
    return [frame]


def _granted_by_gate(sent: Message) -> Message:
    return {**sent, "error": None, "result": {"status": "success"}}


def _from_one_before(frame: Frame, sent: list[Message]) -> list[Frame]:
    """Gate: `nonce < U` is where ccxt calls a start too old, but one up to `U` - 1 will do."""
    message = msgspec.json.decode(frame)
    if message["event"] != "update":
        return [frame]
    message["result"]["U"] -= 1
    return [json_text(message)]


def _as_if_of_spot(frame: Frame, sent: list[Message]) -> list[Frame]:
    """Gate: ccxt knows the newer books of spot only, whose frames are the same but for a word."""
    assert isinstance(frame, str)
    return [frame.replace('"futures.obu"', '"spot.obu"')]


def _acknowledged(sent: Message) -> Message:
    return {"id": sent["id"], "type": "ack"}


def _as_classic_changes(frame: Frame, sent: list[Message]) -> list[Frame]:
    """KuCoin: ccxt looks for the changes of the new stream where the classic one has them."""
    message = msgspec.json.decode(frame)
    if "d" in message:
        book = message["d"]
        book |= {"bids": book["b"], "asks": book["a"]}
    return [json_text(message)]


def _subscribed_at_htx(sent: Message) -> Message | None:
    return {"id": sent["id"], "status": "ok", "subbed": sent["sub"]} if "sub" in sent else None


def _pulled(frame: Frame, sent: list[Message]) -> list[Frame]:
    """HTX: the whole book that our codec has asked for, under the id of ccxt's own request."""
    assert isinstance(frame, bytes)
    message = msgspec.json.decode(gzip.decompress(frame))
    if "subbed" in message:
        return []
    if "rep" in message:
        message["id"] = next(one["id"] for one in sent if one.get("req") == message["rep"])
    return [gzip.compress(msgspec.json.encode(message), 1)]


def _as_snapshots(name: str) -> Translate:
    """HTX: the whole books of a recording as what a stream that ccxt knows may begin with."""

    def translate(frame: Frame, sent: list[Message]) -> list[Frame]:
        assert isinstance(frame, bytes)
        message = msgspec.json.decode(gzip.decompress(frame))
        if not message.get("ch", "").endswith(".depth.step0"):
            return []
        message["ch"] = message["ch"].replace("depth.step0", name)
        message["tick"]["event"] = "snapshot"
        return [gzip.compress(msgspec.json.encode(message), 1)]

    return translate


# KuCoin's classic socket has an address that must be asked for.
_TOKEN: Final[Mapping[str, Any]] = {
    "code": "200000",
    "data": {
        "token": "token",
        "instanceServers": [{"endpoint": "wss://localhost", "pingInterval": 18_000}],
    },
}
_UTA: Final[Mapping[str, Any]] = {"uta": True, "utaDepth": "increment@10ms"}


def _with_prefix(instrument: Instrument) -> Mapping[str, Any]:
    """Bitfinex: ccxt takes the `t` of requests for a part of the name."""
    return {"id": f"t{instrument.native}"}


BACKPACK: Final = Reader("backpack", facts=lambda instrument: {"stock": False})
# Of itself ccxt cuts books to a thousand levels, and lacks the others when the price gets there.
BINANCE: Final = Reader("binance", limit=5_000, acknowledge=_granted_by_id, translate=_data_only)
BITFINEX: Final = Reader("bitfinex", translate=_one_by_one, facts=_with_prefix)
BITFINEX_RECORDED: Final = Reader("bitfinex", facts=_with_prefix)
BYBIT: Final = Reader("bybit")
COINBASE: Final = Reader("coinbase")
GATE: Final = Reader("gate", limit=400, acknowledge=_granted_by_gate)
GATE_FUTURES: Final = Reader("gate", acknowledge=_granted_by_gate)
GATE_FUTURES_AS_SPOT: Final = Reader(
    "gate",
    limit=400,
    acknowledge=_granted_by_gate,
    translate=_as_if_of_spot,
    facts=lambda instrument: {"type": "spot", "spot": True, "swap": False, "contract": False},
)
# Outside Europe ccxt watches `obu` only. It waits for ten updates, which not all markets have, and
# replies of 2021 do not say when they were made.
GATE_JOINED: Final = Reader(
    "gateeu",
    options={"watchOrderBook": {"snapshotDelay": 0}},
    acknowledge=_granted_by_gate,
    translate=_from_one_before,
    reply_facts={"current": 1_619_093_538_000},
)
HTX: Final = Reader("htx", acknowledge=_subscribed_at_htx, translate=_pulled)
HTX_WHOLE: Final = Reader("htx", translate=_as_snapshots("mbp.150"))
HTX_SWAP_WHOLE: Final = Reader("htx", translate=_as_snapshots("depth.size_150.high_freq"))
KRAKEN: Final = Reader("kraken")
KUCOIN_CLASSIC: Final = Reader(
    "kucoin", acknowledge=_acknowledged, replies={"bullet-public": _TOKEN}
)
KUCOIN_AS_IT_IS: Final = Reader("kucoin", params=_UTA)
KUCOIN: Final = Reader("kucoin", params=_UTA, translate=_as_classic_changes)
LIGHTER: Final = Reader("lighter")
MEXC: Final = Reader("mexc")
OKX: Final = Reader("okx")
PARADEX: Final = Reader("paradex")
