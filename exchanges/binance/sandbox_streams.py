"""Binance seen from the server: combined streams, spot and USD-M.

Source: as for `public.py`. Like the venue it acknowledges any stream name and stays silent about
those it does not know, or that belong to another path.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from exchanges.codec import Frame
from exchanges.events import KlineInterval
from exchanges.instrument import Kind
from exchanges.matching import MarketUpdate
from exchanges.orders import Side
from exchanges.sandbox import SandboxSession, SandboxStream, json_text, ms
from exchanges.stream import Channel

_KINDS: Final = {
    "spot_stream": Kind.SPOT,
    "um_public": Kind.PERPETUAL,
    "um_market": Kind.PERPETUAL,
}
_CHANNELS: Final[Mapping[str, Mapping[str, Channel]]] = {
    "spot_stream": {
        "depth": Channel.BOOK,
        "bookTicker": Channel.TOP,
        "trade": Channel.TRADES,
        "ticker": Channel.TICKER,
    },
    "um_public": {"depth": Channel.BOOK, "bookTicker": Channel.TOP},
    "um_market": {
        "aggTrade": Channel.TRADES,
        "ticker": Channel.TICKER,
        "markPrice": Channel.MARK_PRICE,
        "forceOrder": Channel.LIQUIDATIONS,
    },
}
_KLINE: Final = "kline_"


class BinanceSession(SandboxSession):
    """One combined-stream connection."""

    def receive(self, frame: Frame, now_ns: int) -> None:
        request = msgspec.json.decode(frame)
        names, request_id = request.get("params", []), request.get("id")
        match request["method"]:
            case "SUBSCRIBE":
                streams = [self._find(name) for name in names]
                if any(stream and self._is_refused(stream) for stream in streams):
                    self._refuse(request_id)
                    return
                for stream in streams:
                    if stream:
                        self.subscribe(stream)
                self.send_json({"result": None, "id": request_id})
            case "UNSUBSCRIBE":
                for name in names:
                    self.streams.pop(name, None)
                self.send_json({"result": None, "id": request_id})
            case "LIST_SUBSCRIPTIONS":
                self.send_json({"result": list(self.streams), "id": request_id})

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        payloads = _ENCODERS[stream.channel](stream, update, ms(now_ns))
        return [json_text({"stream": stream.key, "data": payload}) for payload in payloads]

    def _find(self, key: str) -> SandboxStream | None:
        native, _, name = key.partition("@")
        market = self.venue.market(_KINDS[self.endpoint], native.upper())
        if market is None or native != native.lower():
            return None
        if name.startswith(_KLINE) and self.endpoint != "um_public":
            interval = KlineInterval(name.removeprefix(_KLINE))
            return SandboxStream(key, Channel.KLINES, market, interval)
        channel = _CHANNELS[self.endpoint].get(name.partition("@")[0])
        return SandboxStream(key, channel, market) if channel else None

    def _is_refused(self, stream: SandboxStream) -> bool:
        return stream.market.instrument.symbol in self.venue.refused

    def _refuse(self, request_id: object) -> None:
        error = {"code": 2, "msg": "Invalid request: refused by the sandbox"}
        if _KINDS[self.endpoint] is Kind.SPOT:
            self.send_json({**error, "id": request_id})
        else:
            self.send_json({"error": error, "id": request_id})


# What the streams say.

Payloads = Iterable[dict[str, Any]]


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
        payload |= {"T": now_ms, "pu": stream.last_id, "ps": payload["s"], "st": 1}
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
        "st": 1,
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
