"""OKX seen from the server: the sockets, and the rows that they share with REST.

Source: as for `public.py`. The book starts with a snapshot in the stream; a channel on the wrong
socket and an unknown instrument are errors that name the request.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from exchanges.market.instrument import Kind
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.okx.market_data import CANDLE_NAMES
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Depth, MarketUpdate, Match
from exchanges.sandbox.request import json_text, ms
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.sandbox.synthetic import Candle
from exchanges.stream.wire import Frame

# One address; our client opens two connections to it.
_PUBLIC: Final[Mapping[str, Channel]] = {
    "books": Channel.BOOK,
    "bbo-tbt": Channel.TOP,
    "trades": Channel.TRADES,
    "tickers": Channel.TICKER,
    "funding-rate": Channel.FUNDING,
    "mark-price": Channel.MARK_PRICE,
    "open-interest": Channel.OPEN_INTEREST,
}
_CHANNELS: Final[Mapping[str, Mapping[str, Channel]]] = {
    "public": _PUBLIC,
    "derivatives": _PUBLIC,
    "business": {f"candle{name}": Channel.KLINES for name in CANDLE_NAMES.values()},
}
_INTERVALS: Final = {f"candle{name}": interval for interval, name in CANDLE_NAMES.items()}
_PING: Final = "ping"
_ILLEGAL: Final = "60012"
_TOO_FREQUENT: Final = "60014"
_NOT_THERE: Final = "60018"
_NO_DATA: Final = 4004
_SAMPLE: Final = 200
_LIQUIDATIONS: Final = "liquidation-orders"
_BOOK_LEVELS: Final = 400


class Arg(msgspec.Struct, omit_defaults=True):
    """`{"channel":"books","instId":"BTC-USDT"}`"""

    channel: str
    instId: str = ""
    instType: str = ""
    instFamily: str = ""

    @property
    def key(self) -> str:
        return f"{self.channel}:{self.instId or self.instType}"


class Command(msgspec.Struct):
    """`{"id":"1","op":"subscribe","args":[...]}`"""

    op: Literal["subscribe", "unsubscribe"]
    args: list[Arg]
    id: str = ""


class OkxSession(SandboxSession):
    """One connection."""

    requests = msgspec.json.Decoder(Command)

    def read(self, frame: Frame, now_ns: int) -> None:
        """The heartbeat is a bare text."""
        if frame == _PING:
            self.send("pong")
        else:
            super().read(frame, now_ns)

    def is_counted(self, frame: Frame) -> bool:
        return frame != _PING

    def overtalked(self) -> None:
        self._refuse("", _TOO_FREQUENT, "Requests too frequent")

    def outwaited(self) -> None:
        self.close(_NO_DATA, "No data received in 30s.")

    def misread(self, frame: Frame, now_ns: int) -> None:
        text = frame if isinstance(frame, str) else frame.decode(errors="replace")
        self._refuse("", _ILLEGAL, f"Invalid request: {text[:_SAMPLE]}")

    def handle(self, request: Command, now_ns: int) -> None:
        for arg in request.args:
            if request.op == "subscribe":
                self._subscribe(arg, request.id, now_ns)
            elif self.end(arg.key) or self._exists(arg):
                self._tell("unsubscribe", arg, request.id)
            else:
                self._refuse(request.id, _NOT_THERE, _words(arg))

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        market = stream.market
        match stream.channel:
            case Channel.BOOK:
                changes = Depth(last_id=update.last_id, bids=update.bids, asks=update.asks)
                return (_book_frame(stream, "update", changes, stream.last_id, now_ns),)
            case Channel.TRADES:
                return [_frame(stream, trade_row(market, match)) for match in update.matches]
            case Channel.KLINES:
                assert stream.interval is not None
                candle = market.synthetic.statistics.candle(stream.interval)
                return (_frame(stream, candle_row(market, candle, is_closed=False)),)
            case channel:
                return (_frame(stream, ROWS[channel](market, now_ns)),)

    def _subscribe(self, arg: Arg, request_id: str, now_ns: int) -> None:
        if not self._exists(arg):
            self._refuse(request_id, _NOT_THERE, _words(arg))
            return
        self._tell("subscribe", arg, request_id)
        stream = self._find(arg.key)
        if stream is None:
            return  # nobody is liquidated here
        self.subscribe(stream)
        if stream.channel is Channel.BOOK:
            depth = stream.market.depth(_BOOK_LEVELS)
            self.send(_book_frame(stream, "snapshot", depth, -1, now_ns))

    def _exists(self, arg: Arg) -> bool:
        return arg.channel == _LIQUIDATIONS or self._find(arg.key) is not None

    def _find(self, key: str) -> SandboxStream | None:
        name, _, native = key.partition(":")
        kind = Kind.PERPETUAL if native.endswith("-SWAP") else Kind.SPOT
        market = self.venue.market(kind, native)
        channel = _CHANNELS[self.endpoint].get(name)
        return self.offer(key, channel, market, _INTERVALS.get(name))

    def _tell(self, event: str, arg: Arg, request_id: str) -> None:
        self.send_json({"id": request_id, "event": event, "arg": arg, "connId": "sandbox"})

    def _refuse(self, request_id: str, code: str, message: str) -> None:
        error = {"id": request_id, "event": "error", "code": code, "msg": message}
        self.send_json(error | {"connId": "sandbox"})


def _words(arg: Arg) -> str:
    return f"Wrong URL or channel:{arg.key} doesn't exist."


def _frame(stream: SandboxStream, row: object) -> str:
    return json_text({"arg": _arg(stream), "data": [row]})


def _book_frame(
    stream: SandboxStream, action: str, depth: Depth, previous: int, now_ns: int
) -> str:
    row = book_row(stream.market, depth, now_ns) | {"checksum": 0, "prevSeqId": previous}
    return json_text({"arg": _arg(stream), "action": action, "data": [row]})


def _arg(stream: SandboxStream) -> dict[str, str]:
    name, _, native = stream.key.partition(":")
    return {"channel": name, "instId": native}


# Rows, as streams and REST have them.

Row = dict[str, Any]


def book_row(market: SandboxMarket, depth: Depth, now_ns: int) -> Row:
    return {
        "asks": [[*level, "0", "1"] for level in market.levels(depth.asks)],
        "bids": [[*level, "0", "1"] for level in market.levels(depth.bids)],
        "ts": str(ms(now_ns)),
        "seqId": depth.last_id,
    }


def trade_row(market: SandboxMarket, match: Match) -> Row:
    return {
        "instId": market.instrument.native,
        "tradeId": str(match.trade_id),
        "px": market.price(match.price),
        "sz": market.wire_size(match.size),
        "side": "buy" if match.side is Side.BUY else "sell",
        "ts": str(ms(match.time_ns)),
    }


def candle_row(market: SandboxMarket, candle: Candle, *, is_closed: bool) -> list[str]:
    is_spot = market.instrument.kind is Kind.SPOT
    base, quote = market.size(candle.volume), market.value(candle.value)
    return [
        str(ms(candle.open_ns)),
        market.price(candle.open),
        market.price(candle.high),
        market.price(candle.low),
        market.price(candle.close),
        base if is_spot else market.wire_size(candle.volume),
        quote if is_spot else base,
        quote,
        "1" if is_closed else "0",
    ]


def _top_row(market: SandboxMarket, now_ns: int) -> Row:
    return book_row(market, market.depth(1), now_ns)


def _ticker_row(market: SandboxMarket, now_ns: int) -> Row:
    day, depth = market.synthetic.statistics.day(), market.depth(1)
    is_spot = market.instrument.kind is Kind.SPOT
    base = market.size(day.volume)
    return {
        "instId": market.instrument.native,
        "last": market.price(day.close),
        "askPx": market.price(depth.asks[0][0]),
        "bidPx": market.price(depth.bids[0][0]),
        "open24h": market.price(day.open),
        "high24h": market.price(day.high),
        "low24h": market.price(day.low),
        "vol24h": base if is_spot else market.wire_size(day.volume),
        "volCcy24h": market.value(day.value) if is_spot else base,
        "ts": str(ms(now_ns)),
    }


def _funding_row(market: SandboxMarket, now_ns: int) -> Row:
    state = market.synthetic.perpetual()
    next_ms = ms(state.next_funding_ns)
    return {
        "instId": market.instrument.native,
        "fundingRate": f"{state.funding_rate:.8f}",
        "fundingTime": str(next_ms),
        "nextFundingTime": str(next_ms + round(state.funding_interval_s * 1000)),
        "ts": str(ms(now_ns)),
    }


def _mark_price_row(market: SandboxMarket, now_ns: int) -> Row:
    return {
        "instId": market.instrument.native,
        "markPx": market.price(market.synthetic.perpetual().mark),
        "ts": str(ms(now_ns)),
    }


def _open_interest_row(market: SandboxMarket, now_ns: int) -> Row:
    state = market.synthetic.perpetual()
    return {
        "instId": market.instrument.native,
        "oi": market.wire_size(state.open_interest),
        "oiCcy": market.size(state.open_interest),
        "oiUsd": market.value(state.open_interest * state.mark),
        "ts": str(ms(now_ns)),
    }


ROWS: Final[Mapping[Channel, Callable[[SandboxMarket, int], Row]]] = {
    Channel.TOP: _top_row,
    Channel.TICKER: _ticker_row,
    Channel.FUNDING: _funding_row,
    Channel.MARK_PRICE: _mark_price_row,
    Channel.OPEN_INTEREST: _open_interest_row,
}
