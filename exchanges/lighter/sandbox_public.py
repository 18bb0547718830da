"""Lighter seen from the server: the socket.

Source: as for `public.py`. The first frame of a channel is its answer and holds its state; an error
names neither request nor channel.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from exchanges.lighter.market_data import FUNDING_S, INTERVALS
from exchanges.lighter.public import CHANNELS
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S, NS_PER_US
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Depth, MarketUpdate, Match
from exchanges.sandbox.request import json_text, ms
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.sandbox.synthetic import Candle
from exchanges.stream.wire import Frame

Row = dict[str, Any]

_OF_KIND: Final = {"market_stats": Kind.PERPETUAL, "spot_market_stats": Kind.SPOT}
_INVALID_CHANNEL: Final = 30005
_ALREADY: Final = 30003
_NOT_SUBSCRIBED: Final = 30002
_PARSE_ERROR: Final = 30000
_TOO_MANY: Final = 30009
_PING_EVERY_NS: Final = 60 * NS_PER_S
_ALL_LEVELS: Final = 1_000_000
_RECENT_TRADES: Final = 50


class Command(msgspec.Struct):
    """`{"type":"subscribe","channel":"order_book/1"}`"""

    type: Literal["subscribe", "unsubscribe", "ping", "pong"]
    channel: str = ""


class LighterSession(SandboxSession):
    """One connection."""

    requests = msgspec.json.Decoder(Command)
    _ping_ns = 0

    def greet(self, now_ns: int) -> None:
        self._ping_ns = now_ns
        self.send_json({"session_id": "sandbox", "type": "connected"})

    def tick(self, now_ns: int) -> None:
        if now_ns - self._ping_ns >= _PING_EVERY_NS:
            self._ping_ns = now_ns
            self.send_json({"type": "ping"})

    def misread(self, frame: Frame, now_ns: int) -> None:
        self._refuse(_PARSE_ERROR, "Invalid message")

    def handle(self, request: Command, now_ns: int) -> None:
        match request.type:
            case "subscribe":
                self._begin(request.channel.replace("/", ":"), now_ns)
            case "unsubscribe":
                self._end(request.channel.replace("/", ":"))
            case "ping":
                self.send_json({"type": "pong"})

    def overtalked(self) -> None:
        self._refuse(_TOO_MANY, "Too Many Websocket Messages")

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        fields = _UPDATES[stream.channel](stream, update, now_ns)
        return (_frame("update", stream, fields, now_ns),)

    def _begin(self, key: str, now_ns: int) -> None:
        if key in self.streams:
            self._refuse(_ALREADY, f"Already Subscribed to : {key}")
            return
        stream = self._find(key)
        if stream is None:
            self._refuse(_INVALID_CHANNEL, f"Invalid Channel:  ({key})")
            return
        self.subscribe(stream)
        fields = _STARTS[stream.channel](stream, now_ns)
        self.send(_frame("subscribed", stream, fields, now_ns))

    def _end(self, key: str) -> None:
        if self.end(key) is None:
            self._refuse(_NOT_SUBSCRIBED, f"Not Subscribed to : {key}")
            return
        self.send_json({"type": "unsubscribed", "channel": key})

    def _find(self, key: str) -> SandboxStream | None:
        name, _, rest = key.partition(":")
        native, _, candle = rest.partition(":")
        channel, interval = CHANNELS.get(name), INTERVALS.get(candle)
        of_name = (
            market
            for market in self.venue.markets.values()
            if market.instrument.native == native
            and _OF_KIND.get(name) in (None, market.instrument.kind)
        )
        if candle and channel is not Channel.KLINES:
            return None
        return self.offer(key, channel, next(of_name, None), interval)

    def _refuse(self, code: int, message: str) -> None:
        self.send_json({"error": {"code": code, "message": message}})


def _frame(action: str, stream: SandboxStream, fields: Row, now_ns: int) -> str:
    name = stream.key.partition(":")[0]
    head = {"channel": stream.key, "type": f"{action}/{name}", "timestamp": ms(now_ns)}
    return json_text(head | fields)


# What the channels say.


def _book(stream: SandboxStream, depth: Depth, previous: int, now_ns: int) -> Row:
    now_us = now_ns // NS_PER_US
    bids, asks = (
        [{"price": price, "size": size} for price, size in stream.market.levels(side)]
        for side in (depth.bids, depth.asks)
    )
    # Servers count their frames from anywhere, and not by one.
    offset = 7 * depth.last_id
    book = {
        "code": 0,
        "asks": asks,
        "bids": bids,
        "offset": offset,
        "nonce": depth.last_id,
        "last_updated_at": now_us,
        "begin_nonce": previous,
    }
    return {"offset": offset, "last_updated_at": now_us, "order_book": book}


def _whole_book(stream: SandboxStream, now_ns: int) -> Row:
    return _book(stream, stream.market.depth(_ALL_LEVELS), 0, now_ns)


def _book_update(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    changes = Depth(last_id=update.last_id, bids=update.bids, asks=update.asks)
    return _book(stream, changes, stream.last_id, now_ns)


def _top(stream: SandboxStream, now_ns: int) -> Row:
    market, depth = stream.market, stream.market.depth(1)
    (bid, bid_size), *_ = [*market.levels(depth.bids), ("", "")]
    (ask, ask_size), *_ = [*market.levels(depth.asks), ("", "")]
    ticker = {
        "s": market.listed.base,
        "a": {"price": ask, "size": ask_size},
        "b": {"price": bid, "size": bid_size},
    }
    return {"nonce": depth.last_id, "last_updated_at": now_ns // NS_PER_US, "ticker": ticker}


def trade_row(market: SandboxMarket, match: Match) -> Row:
    """A trade, without what is zero."""
    return {
        "trade_id": match.trade_id,
        "trade_id_str": str(match.trade_id),
        "type": "trade",
        "market_id": int(market.instrument.native),
        "size": market.size(match.size),
        "price": market.price(match.price),
        "usd_amount": market.value(match.price * match.size),
        "is_maker_ask": match.side is Side.BUY,
        "timestamp": ms(match.time_ns),
        "transaction_time": match.time_ns // NS_PER_US,
    }


def _trades(market: SandboxMarket, matches: Iterable[Match]) -> Row:
    rows = [trade_row(market, match) for match in matches]
    return {"trades": rows[::-1], "liquidation_trades": []}


def _recent_trades(stream: SandboxStream, now_ns: int) -> Row:
    matches = list(stream.market.synthetic.statistics.trades)[-_RECENT_TRADES:]
    return _trades(stream.market, matches)


def _new_trades(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    return _trades(stream.market, update.matches)


def _stats(stream: SandboxStream, now_ns: int) -> Row:
    market, day = stream.market, stream.market.synthetic.statistics.day()
    price = market.price_number
    stats: Row = {
        "symbol": market.listed.base,
        "market_id": int(market.instrument.native),
        "last_trade_price": market.price(day.close),
        "daily_base_token_volume": market.size_number(day.volume),
        "daily_quote_token_volume": market.synthetic.values.number(day.value),
        "daily_price_low": price(day.low),
        "daily_price_high": price(day.high),
        "daily_price_change": (day.close / day.open - 1) * 100,
    }
    if market.instrument.kind is Kind.SPOT:
        return {"spot_market_stats": stats}
    state = market.synthetic.perpetual()
    rate = f"{state.funding_rate * 100:.8f}"
    last_ns = state.next_funding_ns - int(FUNDING_S) * NS_PER_S
    stats |= {
        "index_price": market.price(state.index),
        "mark_price": market.price(state.mark),
        "open_interest": market.value(state.open_interest * state.mark),
        "current_funding_rate": rate,
        "funding_rate": rate,
        "funding_timestamp": ms(last_ns) + 1,  # the venue is a little late
    }
    return {"market_stats": stats}


def candle_row(market: SandboxMarket, candle: Candle) -> Row:
    """A candle, without what is zero."""
    price = market.price_number
    row = {
        "t": ms(candle.open_ns),
        "o": price(candle.open),
        "h": price(candle.high),
        "l": price(candle.low),
        "c": price(candle.close),
        "v": market.size_number(candle.volume),
        "V": market.synthetic.values.number(candle.value),
    }
    return {name: value for name, value in row.items() if value}


def _candle(stream: SandboxStream, now_ns: int) -> Row:
    assert stream.interval is not None
    candle = stream.market.synthetic.statistics.candle(stream.interval)
    return {"candles": [candle_row(stream.market, candle)]}


_STARTS: Final[Mapping[Channel, Callable[[SandboxStream, int], Row]]] = {
    Channel.BOOK: _whole_book,
    Channel.TOP: _top,
    Channel.TRADES: _recent_trades,
    Channel.TICKER: _stats,
    Channel.KLINES: _candle,
}
_UPDATES: Final[Mapping[Channel, Callable[[SandboxStream, MarketUpdate, int], Row]]] = {
    Channel.BOOK: _book_update,
    Channel.TOP: lambda stream, update, now_ns: _top(stream, now_ns),
    Channel.TRADES: _new_trades,
    Channel.TICKER: lambda stream, update, now_ns: _stats(stream, now_ns),
    Channel.KLINES: lambda stream, update, now_ns: _candle(stream, now_ns),
}
