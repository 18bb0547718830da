"""Paradex seen from the server: the socket. Data are binary frames, answers are text.

Source: as for `public.py`. Every request is answered by its id; to subscribe twice, or to end what
has not begun, is an error. The numbers of a market's book rise by one with each change of it.
"""

from collections.abc import Callable, Iterable, Mapping
from struct import Struct, pack
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_MS, NS_PER_US
from exchanges.market.topics import Channel
from exchanges.paradex import sbe
from exchanges.paradex.sandbox_rows import bbo_row, funding_row, summary_row, trade_row
from exchanges.paradex.sbe import FINE_UNIT, NONE, units, write
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Level, MarketUpdate
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.wire import Frame

Row = dict[str, Any]
Number = int | str | None
"""How a request is numbered, where it is."""

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
US_PER_MS: Final = NS_PER_MS // NS_PER_US
_INVALID_REQUEST: Final = -32600
_NO_METHOD: Final = -32601
_PARSE_ERROR: Final = -32700
_WHOLE, _CHANGES = 0, 1
_SIDES: Final = {"BUY": 1, "SELL": 2}
_FILL: Final = 1
_BOOK: Final = Struct("<qqB9q")
_TRADE: Final = Struct("<qqqBqqqB")
_SUMMARY: Final = Struct("<30q")
_FUNDING_DATA: Final = Struct("<7qhq")


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
                return (self._book(stream, _CHANGES, update.bids, update.asks, now_ns),)
            case Channel.TRADES:
                rows = (trade_row(stream.market, match) for match in update.matches)
                return tuple(self._trade(stream, row, now_ns) for row in rows)
            case Channel.TOP:
                return (self._top(stream, now_ns),)
            case channel:
                return (_STATES[channel](stream.market, now_ns, self.version),)

    @property
    def version(self) -> int:
        """Of the schema, as the URL asks for it."""
        return int(parse_qs(self.parameters)["sbeSchemaVersion"][0])

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
                depth = stream.market.depth(_ALL_LEVELS)
                self.send(self._book(stream, _WHOLE, depth.bids, depth.asks, now_ns))
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

    def _book(
        self,
        stream: SandboxStream,
        package: int,
        bids: Iterable[Level],
        asks: Iterable[Level],
        now_ns: int,
    ) -> bytes:
        """Prices that only a feed for retail clients fills in are left out."""
        market = stream.market
        number = self._numbers.of(market)
        block = _BOOK.pack(now_ns // NS_PER_US, number, package, *[NONE] * 9)
        groups = (_levels(market, levels) for levels in (bids, asks))
        return write(sbe.BOOK, block, _names(market), groups, self.version)

    def _top(self, stream: SandboxStream, now_ns: int) -> bytes:
        market, depth = stream.market, stream.market.depth(1)
        number = self._numbers.of(market)
        best = [*_best(market, depth.bids), *_best(market, depth.asks)]
        block = pack("<6q", now_ns // NS_PER_US, number, *best)
        return write(sbe.BBO, block, _names(market), version=self.version)

    def _trade(self, stream: SandboxStream, row: Row, now_ns: int) -> bytes:
        """The whole id is a text of version 2; what there is of it before are its lowest bits."""
        market, trade_id = stream.market, str(row["id"])
        block = _TRADE.pack(
            now_ns // NS_PER_US,
            self._numbers.of(market),
            _cut(int(trade_id)),
            _SIDES[row["side"]],
            units(row["price"]),
            units(row["size"]),
            row["created_at"] * US_PER_MS,
            _FILL,
        )
        texts = _names(market) + ((trade_id,) if self.version >= 2 else ())
        return write(sbe.TRADE, block, texts, version=self.version)


def _names(market: SandboxMarket) -> tuple[str, ...]:
    return (market.instrument.native,)


def _levels(market: SandboxMarket, levels: Iterable[Level]) -> list[tuple[int, int]]:
    return [(units(price), units(size)) for price, size in market.levels(levels)]


def _best(market: SandboxMarket, levels: Iterable[Level]) -> tuple[int, int]:
    """Price and size of the first level, if there is one."""
    return next(iter(_levels(market, levels)), (NONE, NONE))


def _cut(number: int) -> int:
    """The lowest 64 bits, signed."""
    return int.from_bytes((number % (1 << 64)).to_bytes(8, "little"), "little", signed=True)


def _summary(market: SandboxMarket, now_ns: int, version: int) -> bytes:
    row = summary_row(market, now_ns) | bbo_row(market)
    names = ("mark_price", "underlying_price", "last_traded_price", "volume_24h", "open_interest")
    more = ("funding_rate", "bid", "ask", "total_volume", "price_change_rate_24h")
    block = _SUMMARY.pack(
        now_ns // NS_PER_US,
        0,
        *(units(row[name]) for name in (*names, *more)),
        *[NONE] * 13,  # what only options have, and a fair price
        units(row["bid_size"]),
        units(row["ask_size"]),
        *[NONE] * 2,
        units(row["funding_rate"], FINE_UNIT),
    )
    return write(sbe.MARKET_SUMMARY, block, _names(market), version=version)


def _funding_data(market: SandboxMarket, now_ns: int, version: int) -> bytes:
    row = funding_row(market, now_ns)
    block = _FUNDING_DATA.pack(
        now_ns // NS_PER_US,
        0,
        units(row["funding_rate"]),
        units(row["funding_index"]),
        row["created_at"] * US_PER_MS,
        units(row["funding_premium"]),
        units(row["funding_rate_8h"]),
        row["funding_period_hours"],
        NONE,
    )
    return write(sbe.FUNDING_DATA, block, _names(market), version=version)


_STATES: Final[Mapping[Channel, Callable[[SandboxMarket, int, int], bytes]]] = {
    Channel.TICKER: _summary,
    Channel.FUNDING: _funding_data,
}
