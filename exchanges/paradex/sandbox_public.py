"""Paradex seen from the server: the socket, and the rows that it shares with REST.

Source: as for `public.py`. Every request is answered by its id; to subscribe twice, or to end what
has not begun, is an error. The numbers of a market's book rise by one with each change of it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_US
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import MarketUpdate, Match
from exchanges.sandbox.request import json_text, ms
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.wire import Frame

Row = dict[str, Any]
Number = int | str | None
"""How a request is numbered, where it is."""

FUNDING_HOURS: Final = 8
_CHANNELS: Final[Mapping[str, Channel]] = {
    "order_book": Channel.BOOK,
    "bbo": Channel.TOP,
    "trades": Channel.TRADES,
    "markets_summary": Channel.TICKER,
    "funding_data": Channel.FUNDING,
}
_DELTAS: Final = "deltas"
_ALL_LEVELS: Final = 1_000_000
_FIRST_NUMBER: Final = 7_000_000_000
_INVALID_REQUEST: Final = -32600
_NO_METHOD: Final = -32601
_PARSE_ERROR: Final = -32700


class BookNumbers:
    """How many changes of each market's book were told, by its symbol."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def count(self, market: SandboxMarket, update: MarketUpdate) -> None:
        """Count an update, if the book has changed."""
        if update.last_id >= update.first_id:
            self._numbers[market.instrument.symbol] = self.of(market) + 1

    def of(self, market: SandboxMarket) -> int:
        return self._numbers.get(market.instrument.symbol, _FIRST_NUMBER)


class Parameters(msgspec.Struct):
    channel: str


class Command(msgspec.Struct):
    """`{"jsonrpc":"2.0","method":"subscribe","params":{"channel":"bbo.BTC-USD-PERP"},"id":1}`"""

    method: str
    params: Parameters
    id: int | str | None = None


class ParadexSession(SandboxSession):
    """One connection."""

    requests = msgspec.json.Decoder(Command)

    def __init__(self, venue: SandboxVenue, endpoint: str, numbers: BookNumbers) -> None:
        super().__init__(venue, endpoint)
        self._numbers = numbers
        self._told: dict[str, set[tuple[str, str]]] = {}  # sides and prices of the client's books

    def misread(self, frame: Frame, now_ns: int) -> None:
        self._refuse(None, now_ns, _PARSE_ERROR, "parse error")

    def handle(self, request: Command, now_ns: int) -> None:
        number, key = request.id, request.params.channel
        match request.method:
            case "subscribe":
                self._begin(number, key, now_ns)
            case "unsubscribe" if self.end(key):
                self._grant(number, key, now_ns)
            case "unsubscribe":
                self._refuse(number, now_ns, _INVALID_REQUEST, "invalid unsubscribe request")
            case _:
                self._refuse(number, now_ns, _NO_METHOD, "method does not exist")

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        match stream.channel:
            case Channel.BOOK:
                return (_frame(stream, self._changes(stream, update, now_ns)),)
            case Channel.TRADES:
                rows = (trade_row(stream.market, match) for match in update.matches)
                return tuple(_frame(stream, row) for row in rows)
            case Channel.TOP:
                row = bbo_row(stream.market) | self._numbered(stream.market, now_ns)
                return (_frame(stream, row),)
            case channel:
                return (_frame(stream, _STATES[channel](stream.market, now_ns)),)

    def _begin(self, number: Number, key: str, now_ns: int) -> None:
        stream = self._find(key)
        if stream is None:
            objection = "invalid channel"
        elif key in self.streams:
            objection = "already subscribed"
        else:
            self._grant(number, key, now_ns)
            self.subscribe(stream)
            if stream.channel is Channel.BOOK:
                self.send(_frame(stream, self._whole_book(stream, now_ns)))
            return
        self._refuse(number, now_ns, _INVALID_REQUEST, "invalid subscribe request", objection)

    def _find(self, key: str) -> SandboxStream | None:
        name, _, native = key.partition(".")
        channel = _CHANNELS.get(name)
        if channel is Channel.BOOK:
            native, _, feed = native.partition(".")
            channel = channel if feed == _DELTAS else None
        return self.offer(key, channel, self.venue.market(Kind.PERPETUAL, native))

    def _grant(self, number: Number, key: str, now_ns: int) -> None:
        self._answer(number, now_ns, {"result": {"channel": key}})

    def _refuse(
        self, number: Number, now_ns: int, code: int, message: str, detail: str = ""
    ) -> None:
        error = {"code": code, "message": message} | ({"data": detail} if detail else {})
        self._answer(number, now_ns, {"error": error})

    def _answer(self, number: Number, now_ns: int, fields: Row) -> None:
        now_us = now_ns // NS_PER_US
        times = {"usIn": now_us, "usDiff": 0, "usOut": now_us}
        self.send_json({"jsonrpc": "2.0", "id": number, **fields, **times})

    def _numbered(self, market: SandboxMarket, now_ns: int) -> Row:
        return {
            "market": market.instrument.native,
            "seq_no": self._numbers.of(market),
            "last_updated_at": ms(now_ns),
        }

    def _whole_book(self, stream: SandboxStream, now_ns: int) -> Row:
        market, depth = stream.market, stream.market.depth(_ALL_LEVELS)
        sides = (("BUY", depth.bids), ("SELL", depth.asks))
        rows = [
            _level(side, price, size) for side, told in sides for price, size in market.levels(told)
        ]
        self._told[stream.key] = {(row["side"], row["price"]) for row in rows}
        lists = {"inserts": rows, "updates": [], "deletes": []}
        return self._numbered(market, now_ns) | {"update_type": "s"} | lists

    def _changes(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
        lists: dict[str, list[Row]] = {"inserts": [], "updates": [], "deletes": []}
        told = self._told[stream.key]
        for side, levels in (("BUY", update.bids), ("SELL", update.asks)):
            printed = stream.market.levels(levels)
            for (price, size), (_, lots) in zip(printed, levels, strict=True):
                is_known, level = (side, price) in told, (side, price)
                if lots:
                    told.add(level)
                    lists["updates" if is_known else "inserts"].append(_level(side, price, size))
                elif is_known:
                    told.discard(level)
                    lists["deletes"].append(_level(side, price, "0"))
        return self._numbered(stream.market, now_ns) | {"update_type": "d"} | lists


def _frame(stream: SandboxStream, data: Row) -> str:
    params = {"channel": stream.key, "data": data}
    return json_text({"jsonrpc": "2.0", "method": "subscription", "params": params})


def _level(side: str, price: str, size: str) -> Row:
    return {"side": side, "price": price, "size": size}


def bbo_row(market: SandboxMarket) -> Row:
    """Best bid and ask, empty where there is none."""
    depth = market.depth(1)
    (bid, bid_size), *_ = [*market.levels(depth.bids), ["", ""]]
    (ask, ask_size), *_ = [*market.levels(depth.asks), ["", ""]]
    return {"bid": bid, "bid_size": bid_size, "ask": ask, "ask_size": ask_size}


def trade_row(market: SandboxMarket, match: Match) -> Row:
    return {
        "id": f"{ms(match.time_ns)}2017{match.trade_id:011d}",
        "market": market.instrument.native,
        "side": "BUY" if match.side is Side.BUY else "SELL",
        "size": market.size(match.size),
        "price": market.price(match.price),
        "created_at": ms(match.time_ns),
        "trade_type": "FILL",
    }


def summary_row(market: SandboxMarket, now_ns: int) -> Row:
    day, state, top = (
        market.synthetic.statistics.day(),
        market.synthetic.perpetual(),
        bbo_row(market),
    )
    return {
        "symbol": market.instrument.native,
        "mark_price": market.price(state.mark),
        "last_traded_price": market.price(day.close),
        "bid": top["bid"],
        "ask": top["ask"],
        "volume_24h": market.value(day.value),
        "total_volume": market.value(day.value),
        "created_at": ms(now_ns),
        "underlying_price": market.price(state.index),
        "open_interest": market.size(state.open_interest),
        "funding_rate": f"{state.funding_rate:.14f}",
        "price_change_rate_24h": f"{day.close / day.open - 1:.6f}",
    }


def funding_row(market: SandboxMarket, now_ns: int, periods_ago: int = 0) -> Row:
    """The rate, as if it had always been that of now; so many whole periods ago."""
    state = market.synthetic.perpetual()
    premium = state.funding_rate * market.price_number(state.index)
    rate = f"{state.funding_rate:.14f}"
    return {
        "market": market.instrument.native,
        "funding_index": f"{-premium * periods_ago:.17f}",
        "funding_premium": f"{premium:.17f}",
        "funding_rate": rate,
        "funding_rate_8h": rate[:-6],
        "funding_period_hours": FUNDING_HOURS,
        "created_at": ms(now_ns) - periods_ago * FUNDING_HOURS * 3_600_000,
    }


_STATES: Final[Mapping[Channel, Callable[[SandboxMarket, int], Row]]] = {
    Channel.TICKER: summary_row,
    Channel.FUNDING: funding_row,
}
