"""This dialect seen from the server: combined streams, spot and USD-M.

Source: as for `public.py`. Like the venues it acknowledges any stream name and stays silent about
those it does not know, or that belong to another address.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, Literal

import msgspec

from exchanges.errors import UNREADABLE
from exchanges.market.instrument import Kind
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval
from exchanges.sandbox.matching import MarketUpdate
from exchanges.sandbox.request import json_text, ms
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.stream.wire import Frame

Row = dict[str, Any]

SPOT_CHANNELS: Final[Mapping[str, Channel]] = {
    "depth": Channel.BOOK,
    "bookTicker": Channel.TOP,
    "trade": Channel.TRADES,
    "ticker": Channel.TICKER,
    "kline": Channel.KLINES,
}
PERPETUAL_CHANNELS: Final[Mapping[str, Channel]] = {
    "depth": Channel.BOOK,
    "bookTicker": Channel.TOP,
    "aggTrade": Channel.TRADES,
    "ticker": Channel.TICKER,
    "kline": Channel.KLINES,
    "markPrice": Channel.MARK_PRICE,
    "forceOrder": Channel.LIQUIDATIONS,
}
_KLINE: Final = "kline_"
_INTERVALS: Final = frozenset(interval.value for interval in KlineInterval)
_INVALID_REQUEST: Final = 2
_INVALID_JSON: Final = 3
_TOO_MANY: Final = 4


class Command(msgspec.Struct):
    """`{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}`"""

    method: Literal["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS"]
    params: list[str] = []
    id: int | str | None = None


class MbxSession(SandboxSession):
    """One combined-stream connection; a venue tells the `channels` of each of its addresses."""

    requests = msgspec.json.Decoder(Command)
    channels: ClassVar[Mapping[str, tuple[Kind, Mapping[str, Channel]]]]

    def extras(self, stream: SandboxStream) -> Mapping[str, Any]:
        """What the venue alone adds to a stream's payloads."""
        return {}

    def refusal(self, error: Row, request_id: int | str | None) -> Row:
        """How a request is refused for an error of code and words."""
        return error | {"id": request_id}

    def overfilled(self) -> None:
        self._refuse(_TOO_MANY, "Too many subscriptions", None)
        super().overfilled()

    def misread(self, frame: Frame, now_ns: int) -> None:
        try:
            msgspec.json.decode(frame)
        except UNREADABLE:
            self._refuse(_INVALID_JSON, "Invalid JSON", None)
        else:
            self._refuse(_INVALID_REQUEST, "Invalid request", None)

    def handle(self, request: Command, now_ns: int) -> None:
        match request.method:
            case "SUBSCRIBE":
                streams = [self._find(name) for name in request.params]
                if any(stream and self.is_refused(stream.market) for stream in streams):
                    message = "Invalid request: refused by the sandbox"
                    self._refuse(_INVALID_REQUEST, message, request.id)
                    return
                for stream in streams:
                    if stream:
                        self.subscribe(stream)
                self.send_json({"result": None, "id": request.id})
            case "UNSUBSCRIBE":
                for name in request.params:
                    self.end(name)
                self.send_json({"result": None, "id": request.id})
            case "LIST_SUBSCRIPTIONS":
                self.send_json({"result": list(self.streams), "id": request.id})

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        payloads = _ENCODERS[stream.channel](stream, update, ms(now_ns))
        extras = self.extras(stream)
        return [json_text({"stream": stream.key, "data": {**one, **extras}}) for one in payloads]

    def _find(self, key: str) -> SandboxStream | None:
        native, _, name = key.partition("@")
        kind, channels = self.channels[self.endpoint]
        market = self.venue.market(kind, native.upper())
        channel = channels.get(name.partition("@")[0].partition("_")[0])
        if market is None or channel is None or native != native.lower():
            return None
        if channel is not Channel.KLINES:
            return SandboxStream(key, channel, market)
        candle = name.removeprefix(_KLINE)
        return (
            SandboxStream(key, channel, market, KlineInterval(candle))
            if candle in _INTERVALS
            else None
        )

    def _refuse(self, code: int, message: str, request_id: int | str | None) -> None:
        self.send_json(self.refusal({"code": code, "msg": message}, request_id))


# What the streams say.

Payloads = Iterable[Row]


def _book(stream: SandboxStream, update: MarketUpdate, now_ms: int) -> Payloads:
    market = stream.market
    payload = {
        "e": "depthUpdate",
        "E": now_ms,
        "s": market.instrument.native,
        "U": update.first_id,
        "u": update.last_id,
        "b": market.levels(update.bids),
        "a": market.levels(update.asks),
    }
    if market.instrument.kind is Kind.PERPETUAL:
        payload |= {"T": now_ms, "pu": stream.last_id}
    return (payload,)


def _top(stream: SandboxStream, update: MarketUpdate, now_ms: int) -> Payloads:
    market, depth = stream.market, stream.market.depth(1)
    (bid, bid_size), *_ = [*market.levels(depth.bids), ("0", "0")]
    (ask, ask_size), *_ = [*market.levels(depth.asks), ("0", "0")]
    payload = {
        "u": depth.last_id,
        "s": market.instrument.native,
        "b": bid,
        "B": bid_size,
        "a": ask,
        "A": ask_size,
    }
    if market.instrument.kind is Kind.PERPETUAL:
        payload |= {"e": "bookTicker", "T": now_ms, "E": now_ms}
    return (payload,)


def _stream_trades(stream: SandboxStream, update: MarketUpdate, now_ms: int) -> Payloads:
    market = stream.market
    event, number = ("trade", "t") if market.instrument.kind is Kind.SPOT else ("aggTrade", "a")
    return [
        {
            "e": event,
            "E": now_ms,
            "s": market.instrument.native,
            number: match.trade_id,
            "p": market.price(match.price),
            "q": market.size(match.size),
            "T": ms(match.time_ns),
            "m": match.side is Side.SELL,
        }
        for match in update.matches
    ]


def _ticker(stream: SandboxStream, update: MarketUpdate, now_ms: int) -> Payloads:
    market = stream.market
    day = market.synthetic.statistics.day()
    payload = {
        "e": "24hrTicker",
        "E": now_ms,
        "s": market.instrument.native,
        "P": f"{(day.close / day.open - 1) * 100:.3f}",
        "c": market.price(day.close),
        "h": market.price(day.high),
        "l": market.price(day.low),
        "v": market.size(day.volume),
        "q": market.value(day.value),
    }
    if market.instrument.kind is Kind.SPOT:
        depth = market.depth(1)
        payload |= {"b": market.price(depth.bids[0][0]), "a": market.price(depth.asks[0][0])}
    return (payload,)


def _kline(stream: SandboxStream, update: MarketUpdate, now_ms: int) -> Payloads:
    market, interval = stream.market, stream.interval
    assert interval is not None
    candle = market.synthetic.statistics.candle(interval)
    open_ms = ms(candle.open_ns)
    bar = {
        "t": open_ms,
        "T": open_ms + interval.seconds * 1000 - 1,
        "s": market.instrument.native,
        "i": interval.value,
        "o": market.price(candle.open),
        "c": market.price(candle.close),
        "h": market.price(candle.high),
        "l": market.price(candle.low),
        "v": market.size(candle.volume),
        "q": market.value(candle.value),
        "n": candle.trades,
        "x": False,
    }
    return ({"e": "kline", "E": now_ms, "s": bar["s"], "k": bar},)


def _mark_price(stream: SandboxStream, update: MarketUpdate, now_ms: int) -> Payloads:
    market, state = stream.market, stream.market.synthetic.perpetual()
    payload = {
        "e": "markPriceUpdate",
        "E": now_ms,
        "s": market.instrument.native,
        "p": market.price(state.mark),
        "i": market.price(state.index),
        "r": f"{state.funding_rate:.8f}",
        "T": ms(state.next_funding_ns),
    }
    return (payload,)


_ENCODERS: Final[Mapping[Channel, Callable[[SandboxStream, MarketUpdate, int], Payloads]]] = {
    Channel.BOOK: _book,
    Channel.TOP: _top,
    Channel.TRADES: _stream_trades,
    Channel.TICKER: _ticker,
    Channel.KLINES: _kline,
    Channel.MARK_PRICE: _mark_price,
}
