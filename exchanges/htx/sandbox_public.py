"""HTX seen from the server: the sockets for market data, and what they share with REST.

Source: as for `public.py`. Frames are compressed, numbers are JSON numbers. What was traded on
swaps counts both sides. The server pings every five seconds.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from exchanges.htx.market_data import INTERVALS
from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket, level_changes
from exchanges.sandbox.matching import Depth, MarketUpdate, Match
from exchanges.sandbox.request import ms
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.sandbox.synthetic import Candle
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.wire import Frame

Row = dict[str, Any]

_SPOT_BOOKS: Final = "mbp.150"
_SWAP_BOOKS: Final = "depth.size_150.high_freq"
_LEVELS: Final = 150
_CHANNELS: Final[Mapping[str, Mapping[str, Channel]]] = {
    "feed": {_SPOT_BOOKS: Channel.BOOK},
    "market": {
        "bbo": Channel.TOP,
        "trade.detail": Channel.TRADES,
        "ticker": Channel.TICKER,
        **{f"kline.{name}": Channel.KLINES for name in INTERVALS},
    },
    "swap": {
        _SWAP_BOOKS: Channel.BOOK,
        "bbo": Channel.TOP,
        "trade.detail": Channel.TRADES,
        "detail": Channel.TICKER,
        **{f"kline.{name}": Channel.KLINES for name in INTERVALS},
    },
    "swap_index": {"mark_price.1min": Channel.MARK_PRICE},
    "swap_news": {
        "funding_rate": Channel.FUNDING,
        "liquidation_orders": Channel.LIQUIDATIONS,
    },
}
_PING_NS: Final = 5 * NS_PER_S
_UNANSWERED: Final = 2
"""So many pings without a pong are the last ones."""


class HtxSession(SandboxSession):
    """One connection to a socket of market data."""

    def __init__(self, venue: SandboxVenue, endpoint: str) -> None:
        super().__init__(venue, endpoint)
        self._told: dict[str, Depth] = {}  # each stream's book as its client has it
        self._versions: dict[str, int] = {}
        self._pinged_ns = 0
        self.unanswered = 0

    def greet(self, now_ns: int) -> None:
        self._pinged_ns = now_ns

    def send_json(self, value: object) -> None:
        self.send(packed(value))

    def tick(self, now_ns: int) -> None:
        if now_ns - self._pinged_ns >= _PING_NS and self.unanswered < _UNANSWERED:
            self._pinged_ns = now_ns
            self.unanswered += 1
            self.ping(now_ns)

    def ping(self, now_ns: int) -> None:
        self.send_json({"ping": ms(now_ns)})

    def receive(self, frame: Frame, now_ns: int) -> None:
        request = msgspec.json.decode(frame)
        if "pong" in request:
            self.unanswered = 0
            return
        action = next(each for each in ("sub", "unsub", "req") if each in request)
        key, answer = request[action], {"id": request.get("id", ""), "ts": ms(now_ns)}
        stream = self.find(key)
        if stream is None or stream.market.instrument.symbol in self.venue.refused:
            error = {"err-code": "bad-request", "err-msg": f"invalid topic {key}"}
            self.send_json({**answer, "status": "error", **error})
            return
        if action == "req":
            data = _whole_book(stream.market)
            self.send_json({"id": answer["id"], "rep": key, "status": "ok", "data": data})
            return
        self.send_json({**answer, "status": "ok", f"{action}bed": key})
        self.streams.pop(key, None)
        if action == "sub":
            self._begin(stream, request.get("data_type", "snapshot"), now_ns)

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        if stream.channel is Channel.BOOK:
            return (self._changes(stream, now_ns),)
        kind = stream.market.instrument.kind
        tick = _ENCODERS[kind, stream.channel](stream, update, now_ns)
        return (_frame(stream, tick, now_ns),)

    def find(self, key: str) -> SandboxStream | None:
        """The stream of a topic, if this socket has it."""
        kind = Kind.SPOT if self.endpoint in ("feed", "market") else Kind.PERPETUAL
        _, native, name = (*key.split(".", 2), "", "")[:3]
        channel, market = _CHANNELS[self.endpoint].get(name), self.venue.market(kind, native)
        if market is None or channel is None:
            return None
        interval = INTERVALS.get(name.rpartition(".")[2])
        return SandboxStream(key, channel, market, interval)

    def _begin(self, stream: SandboxStream, data_type: str, now_ns: int) -> None:
        self.subscribe(stream)
        if stream.channel is not Channel.BOOK:
            return
        depth = self._told[stream.key] = stream.market.depth(_LEVELS)
        if self.endpoint == "swap" and data_type == "incremental":
            self.send(self._swap_book(stream, "snapshot", depth, now_ns))

    def _changes(self, stream: SandboxStream, now_ns: int) -> Frame:
        """What changed within the depth; a level that only leaves it is not told."""
        told, depth = self._told[stream.key], stream.market.depth(_LEVELS)
        self._told[stream.key] = depth
        changes = _without_pushed_out(level_changes(told, depth), stream.market)
        if self.endpoint == "swap":
            return self._swap_book(stream, "update", changes, now_ns)
        tick = {"seqNum": depth.last_id, "prevSeqNum": told.last_id, **_sides(stream, changes)}
        return _frame(stream, tick, now_ns)

    def _swap_book(self, stream: SandboxStream, event: str, depth: Depth, now_ns: int) -> Frame:
        version = self._versions[stream.key] = self._versions.get(stream.key, 0) + 1
        tick = {
            **_sides(stream, depth),
            "ch": stream.key,
            "event": event,
            "id": depth.last_id,
            "mrid": depth.last_id,
            "ts": ms(now_ns),
            "version": version,
        }
        return _frame(stream, tick, now_ns)


class HtxNewsSession(HtxSession):
    """One connection to the socket of notifications."""

    def ping(self, now_ns: int) -> None:
        self.send_json({"op": "ping", "ts": str(ms(now_ns))})

    def receive(self, frame: Frame, now_ns: int) -> None:
        request = msgspec.json.decode(frame)
        if request["op"] == "pong":
            self.unanswered = 0
            return
        key, stream = request["topic"], self.find(request["topic"])
        answer = {"op": request["op"], "cid": request["cid"], "topic": key, "ts": ms(now_ns)}
        if stream is None or stream.market.instrument.symbol in self.venue.refused:
            self.send_json({**answer, "err-code": 2011, "err-msg": f"illegal topic {key}"})
            return
        self.send_json({**answer, "err-code": 0})
        self.streams.pop(key, None)
        if request["op"] == "sub":
            self.subscribe(stream)

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        data = [_funding_row(stream.market, now_ns)]
        push = {"op": "notify", "topic": stream.key, "ts": ms(now_ns), "data": data}
        return (packed(push),)


def packed(value: object) -> bytes:
    """A frame as it is sent: one gzip member."""
    pack = zlib.compressobj(1, zlib.DEFLATED, 31)
    return pack.compress(msgspec.json.encode(value)) + pack.flush()


def _frame(stream: SandboxStream, tick: Row, now_ns: int) -> bytes:
    return packed({"ch": stream.key, "ts": ms(now_ns), "tick": tick})


def _without_pushed_out(changes: Depth, market: SandboxMarket) -> Depth:
    whole = market.depth(1 << 20)
    bids, asks = dict(whole.bids), dict(whole.asks)
    return Depth(
        last_id=changes.last_id,
        bids=[level for level in changes.bids if level[1] or level[0] not in bids],
        asks=[level for level in changes.asks if level[1] or level[0] not in asks],
    )


# Rows, as streams and REST have them.


def levels(market: SandboxMarket, side: Iterable[tuple[int, int]]) -> list[list[float]]:
    return [[float(price), float(size)] for price, size in market.levels(side)]


def _sides(stream: SandboxStream, depth: Depth) -> Row:
    market = stream.market
    return {"bids": levels(market, depth.bids), "asks": levels(market, depth.asks)}


def _whole_book(market: SandboxMarket) -> Row:
    depth = market.depth(_LEVELS)
    return {
        "seqNum": depth.last_id,
        "bids": levels(market, depth.bids),
        "asks": levels(market, depth.asks),
    }


def day_row(market: SandboxMarket) -> Row:
    """Statistics of 24 hours: spot in base and quote, swaps with both sides of each trade."""
    day, price = market.synthetic.statistics.day(), market.synthetic.ticks.number
    row = {
        "open": price(day.open),
        "close": price(day.close),
        "low": price(day.low),
        "high": price(day.high),
        "count": day.trades,
    }
    return row | traded_row(market, day)


def traded_row(market: SandboxMarket, candle: Candle) -> Row:
    size, value = market.synthetic.lots.number, market.synthetic.values.number
    if market.instrument.kind is Kind.SPOT:
        return {"amount": size(candle.volume), "vol": value(candle.value)}
    return {
        "amount": size(2 * candle.volume),
        "vol": float(market.wire_size(2 * candle.volume)),
        "trade_turnover": value(2 * candle.value),
    }


def candle_row(market: SandboxMarket, candle: Candle) -> Row:
    price = market.synthetic.ticks.number
    row = {
        "id": candle.open_ns // NS_PER_S,
        "open": price(candle.open),
        "close": price(candle.close),
        "low": price(candle.low),
        "high": price(candle.high),
        "count": candle.trades,
    }
    return row | traded_row(market, candle)


def trade_row(market: SandboxMarket, match: Match, id_name: str = "tradeId") -> Row:
    price, size = market.synthetic.ticks.number, market.synthetic.lots.number
    row = {
        "ts": ms(match.time_ns),
        "price": price(match.price),
        "direction": match.side.name.lower(),
    }
    if market.instrument.kind is Kind.SPOT:
        # The id is longer than any number holds.
        return {"id": 1.37e26, id_name: match.trade_id, "amount": size(match.size), **row}
    quantity = size(2 * match.size)
    return {
        "id": match.trade_id,
        "amount": float(market.wire_size(2 * match.size)),
        "quantity": quantity,
        "trade_turnover": quantity * price(match.price),
        **row,
    }


def best_row(market: SandboxMarket) -> tuple[list[float] | None, list[float] | None]:
    """Price and size of the best bid and ask, None for an empty side."""
    depth = market.depth(1)
    (bid, *_), (ask, *_) = ([*levels(market, side), None] for side in (depth.bids, depth.asks))
    return bid, ask


def mark_row(market: SandboxMarket, now_ns: int) -> Row:
    """The running candle of the mark price, of which only the close is worked out here."""
    mark = market.synthetic.ticks.number(market.synthetic.perpetual().mark)
    minute = now_ns // (60 * NS_PER_S) * 60
    return {"id": minute, "open": mark, "close": mark, "low": mark, "high": mark, "amount": 0}


def _funding_row(market: SandboxMarket, now_ns: int) -> Row:
    state, instrument = market.synthetic.perpetual(), market.instrument
    return {
        "symbol": instrument.base,
        "contract_code": instrument.native,
        "fee_asset": instrument.settle,
        "funding_time": str(ms(now_ns)),
        "funding_rate": f"{state.funding_rate:.18f}",
        "settlement_time": str(ms(state.next_funding_ns)),
        "estimated_rate": None,
    }


def _spot_top(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    market = stream.market
    bid, ask = best_row(market)
    (bid_price, bid_size), (ask_price, ask_size) = bid or (None, None), ask or (None, None)
    return {
        "seqId": market.depth(0).last_id,
        "ask": ask_price,
        "askSize": ask_size,
        "bid": bid_price,
        "bidSize": bid_size,
        "quoteTime": ms(now_ns),
        "symbol": market.instrument.native,
    }


def _swap_top(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    bid, ask = best_row(stream.market)
    last_id = stream.market.depth(0).last_id
    row = {"mrid": last_id, "id": last_id, "ts": ms(now_ns), "version": last_id}
    return row | {side: level for side, level in (("bid", bid), ("ask", ask)) if level}


def _trades(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    rows = [trade_row(stream.market, match) for match in reversed(update.matches)]
    return {"id": update.last_id, "ts": ms(now_ns), "data": rows}


def _spot_ticker(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    bid, ask = best_row(stream.market)
    row = day_row(stream.market)
    row |= {"bid": bid[0], "bidSize": bid[1]} if bid else {}
    row |= {"ask": ask[0], "askSize": ask[1]} if ask else {}
    return row | {"lastPrice": row["close"]}


def _swap_day(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    return day_row(stream.market) | {"ts": ms(now_ns)}


def _candle(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    assert stream.interval is not None
    return candle_row(stream.market, stream.market.synthetic.statistics.candle(stream.interval))


def _mark(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    return mark_row(stream.market, now_ns)


_ENCODERS: Final[
    Mapping[tuple[Kind, Channel], Callable[[SandboxStream, MarketUpdate, int], Row]]
] = {
    (Kind.SPOT, Channel.TOP): _spot_top,
    (Kind.SPOT, Channel.TRADES): _trades,
    (Kind.SPOT, Channel.TICKER): _spot_ticker,
    (Kind.SPOT, Channel.KLINES): _candle,
    (Kind.PERPETUAL, Channel.TOP): _swap_top,
    (Kind.PERPETUAL, Channel.TRADES): _trades,
    (Kind.PERPETUAL, Channel.TICKER): _swap_day,
    (Kind.PERPETUAL, Channel.KLINES): _candle,
    (Kind.PERPETUAL, Channel.MARK_PRICE): _mark,
}
