"""Coinbase seen from the server: the socket.

Source: as for `public.py`. Frames are numbered from 0 over all channels, and data come before the
answer. An unknown product is an error that does not say what it is about.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from exchanges.coinbase.market_data import STREAMED_CANDLES
from exchanges.market.numbers import NS_PER_S
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Level, MarketUpdate, Match
from exchanges.sandbox.request import json_text
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.sandbox.synthetic import Candle
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.wire import Frame

Row = dict[str, Any]

_CHANNELS: Final[Mapping[str, Channel]] = {
    "level2": Channel.BOOK,
    "market_trades": Channel.TRADES,
    "ticker": Channel.TICKER,
    "candles": Channel.KLINES,
}
_SENT_AS: Final = {"level2": "l2_data"}
_BEAT: Final = "heartbeats"
_ALL_LEVELS: Final = 1_000_000
_RECENT_TRADES: Final = 50


class Command(msgspec.Struct):
    """`{"type":"subscribe","channel":"level2","product_ids":["BTC-USD"]}`"""

    type: Literal["subscribe", "unsubscribe"]
    channel: str
    product_ids: list[str] = []


class CoinbaseSession(SandboxSession):
    """One connection."""

    requests = msgspec.json.Decoder(Command)

    def __init__(self, venue: SandboxVenue, endpoint: str) -> None:
        super().__init__(venue, endpoint)
        self._sent = 0
        self._beats = 0
        self._beat_ns: int | None = None  # of the last heartbeat, once they are subscribed

    @property
    def topics(self) -> int:
        """Streams, and the heartbeats."""
        return len(self.streams) + (self._beat_ns is not None)

    def overtalked(self) -> None:
        self._refuse("rate limit exceeded")

    def misread(self, frame: Frame, now_ns: int) -> None:
        self._refuse("failed to parse the message")

    def handle(self, request: Command, now_ns: int) -> None:
        if request.channel == _BEAT:
            self._beat_ns = now_ns if request.type == "subscribe" else None
        elif request.type == "unsubscribe":
            self._end(request.channel, request.product_ids)
        elif not self._begin(request.channel, request.product_ids, now_ns):
            return
        self.send(self._frame("subscriptions", [{"subscriptions": self._subscribed()}], now_ns))

    def tick(self, now_ns: int) -> None:
        if self._beat_ns is not None and now_ns - self._beat_ns >= NS_PER_S:
            self._beat_ns = now_ns
            self._beats += 1
            event = {"current_time": utc_text(now_ns), "heartbeat_counter": self._beats}
            self.send(self._frame(_BEAT, [event], now_ns))

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        event = _ENCODERS[stream.channel](stream.market, update, now_ns)
        return (self._frame(_name_of(stream), [event], now_ns),)

    def _frame(self, channel: str, events: list[Row], now_ns: int) -> str:
        number, self._sent = self._sent, self._sent + 1
        frame = {
            "channel": _SENT_AS.get(channel, channel),
            "client_id": "",
            "timestamp": utc_text(now_ns),
            "sequence_num": number,
            "events": events,
        }
        return json_text(frame)

    def _begin(self, channel: str, products: list[str], now_ns: int) -> bool:
        """Subscribe all of the products, or none if one of them cannot be had."""
        found = [self._find(channel, product) for product in products]
        streams = [stream for stream in found if stream]
        if not streams or len(streams) < len(found):
            self._refuse("failure to subscribe: product not found")
            return False
        for stream in streams:
            self.subscribe(stream)
            event = _STARTS[stream.channel](stream.market, now_ns)
            self.send(self._frame(channel, [event], now_ns))
        return True

    def _end(self, channel: str, products: list[str]) -> None:
        """Without products the whole channel is left."""
        for key in list(self.streams):
            name, _, product = key.partition(":")
            if name == channel and (not products or product in products):
                self.end(key)

    def _find(self, channel: str, product: str) -> SandboxStream | None:
        """Of a book that products share, by its name, whichever of them is asked for."""
        markets = {one.instrument.native: one for one in self.venue.markets.values()}
        market, interval = markets.get(product), STREAMED_CANDLES
        market = market and markets[market.instrument.book]
        name = market.instrument.native if market else product
        return self.offer(f"{channel}:{name}", _CHANNELS.get(channel), market, interval)

    def _subscribed(self) -> dict[str, list[str]]:
        listed: dict[str, list[str]] = {}
        if self._beat_ns is not None:
            listed[_BEAT] = [_BEAT]
        for key in self.streams:
            channel, _, product = key.partition(":")
            listed.setdefault(channel, []).append(product)
        return listed

    def _refuse(self, message: str) -> None:
        self.send_json({"type": "error", "message": message})


def _name_of(stream: SandboxStream) -> str:
    return stream.key.partition(":")[0]


def utc_text(at_ns: int) -> str:
    """A time in UTC with the digits of nanoseconds, without those at the end that are zero."""
    seconds, rest = divmod(at_ns, NS_PER_S)
    digits = f".{rest:09}".rstrip("0").rstrip(".")
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{digits}Z"


# What the channels say.


def _rows(market: SandboxMarket, side: str, levels: Iterable[Level], now_ns: int) -> list[Row]:
    at = utc_text(now_ns)
    return [
        {"side": side, "event_time": at, "price_level": price, "new_quantity": size}
        for price, size in market.levels(levels)
    ]


def _book(market: SandboxMarket, now_ns: int) -> Row:
    depth = market.depth(_ALL_LEVELS)
    return {
        "type": "snapshot",
        "product_id": market.instrument.native,
        "updates": _rows(market, "bid", depth.bids, now_ns)
        + _rows(market, "offer", depth.asks, now_ns),
    }


def _book_update(market: SandboxMarket, update: MarketUpdate, now_ns: int) -> Row:
    return {
        "type": "update",
        "product_id": market.instrument.native,
        "updates": _rows(market, "bid", update.bids, now_ns)
        + _rows(market, "offer", update.asks, now_ns),
    }


def trade_row(market: SandboxMarket, match: Match) -> Row:
    """A trade; its side is the maker's."""
    return {
        "trade_id": str(match.trade_id),
        "product_id": market.instrument.native,
        "price": market.price(match.price),
        "size": market.wire_size(match.size),
        "time": utc_text(match.time_ns),
        "side": "SELL" if match.side is Side.BUY else "BUY",
    }


def _recent_trades(market: SandboxMarket, now_ns: int) -> Row:
    matches = list(market.synthetic.statistics.trades)[-_RECENT_TRADES:]
    rows = [trade_row(market, match) for match in reversed(matches)]
    return {"type": "snapshot", "trades": rows}


def _new_trades(market: SandboxMarket, update: MarketUpdate, now_ns: int) -> Row:
    rows = [trade_row(market, match) for match in reversed(update.matches)]
    return {"type": "update", "trades": rows}


def _ticker(market: SandboxMarket, now_ns: int, kind: str = "snapshot") -> Row:
    day, depth = market.synthetic.statistics.day(), market.depth(1)
    (bid, bid_size), *_ = [*market.levels(depth.bids), ("", "")]
    (ask, ask_size), *_ = [*market.levels(depth.asks), ("", "")]
    ticker = {
        "type": "ticker",
        "product_id": market.instrument.native,
        "price": market.price(day.close),
        "volume_24_h": market.wire_size(day.volume),
        "low_24_h": market.price(day.low),
        "high_24_h": market.price(day.high),
        "price_percent_chg_24_h": f"{(day.close / day.open - 1) * 100:.14f}",
        "best_bid": bid,
        "best_bid_quantity": bid_size,
        "best_ask": ask,
        "best_ask_quantity": ask_size,
    }
    return {"type": kind, "tickers": [ticker]}


def candle_row(market: SandboxMarket, candle: Candle) -> Row:
    """A candle, without its product."""
    return {
        "start": str(candle.open_ns // NS_PER_S),
        "low": market.price(candle.low),
        "high": market.price(candle.high),
        "open": market.price(candle.open),
        "close": market.price(candle.close),
        "volume": market.wire_size(candle.volume),
    }


def _candles(market: SandboxMarket, now_ns: int, kind: str = "snapshot") -> Row:
    candle = market.synthetic.statistics.candle(STREAMED_CANDLES)
    row = candle_row(market, candle) | {"product_id": market.instrument.native}
    return {"type": kind, "candles": [row]}


_STARTS: Final[Mapping[Channel, Callable[[SandboxMarket, int], Row]]] = {
    Channel.BOOK: _book,
    Channel.TRADES: _recent_trades,
    Channel.TICKER: _ticker,
    Channel.KLINES: _candles,
}
_ENCODERS: Final[Mapping[Channel, Callable[[SandboxMarket, MarketUpdate, int], Row]]] = {
    Channel.BOOK: _book_update,
    Channel.TRADES: _new_trades,
    Channel.TICKER: lambda market, update, now_ns: _ticker(market, now_ns, "update"),
    Channel.KLINES: lambda market, update, now_ns: _candles(market, now_ns, "update"),
}
