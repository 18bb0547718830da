"""What ccxt makes of the frames that our codecs read, without a connection.

Its own `watch_order_book` runs as its users run it, in a loop. Only the outermost layer is
replaced: what would be sent to the venue is kept and answered here, what would be requested over
HTTP is answered with the reply that our own codec got.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Self

import ccxt.pro
import msgspec
from aiohttp import WSMsgType

from exchanges.market.events import Level
from exchanges.market.instrument import Instrument, Kind
from exchanges.stream.wire import Frame

DEPTH: Final = 10
"""Levels a side that are compared."""
# ccxt hands a book on through a few futures and tasks, each of which takes a turn of the loop.
_TURNS: Final = 8

Sides = tuple[list[Level], list[Level]]
Message = Mapping[str, Any]
Translate = Callable[[Frame, list[Message]], list[Frame]]


class Reader(msgspec.Struct, frozen=True):
    """How ccxt watches a venue's books.

    `acknowledge` answers what ccxt sends. `translate` makes of a frame those that ccxt would have
    got, given what it has sent. `replies` are those to requests that our codecs do not make, by a
    part of the path; `reply_facts` and `facts` are what ccxt wants to know of each snapshot and
    market beside what we know.
    """

    exchange: str
    limit: int | None = None
    params: Mapping[str, Any] = {}
    options: Mapping[str, Any] = {}
    acknowledge: Callable[[Message], Message | None] = lambda sent: None
    translate: Translate = lambda frame, sent: [frame]
    replies: Mapping[str, Message] = {}
    reply_facts: Mapping[str, Any] = {}
    facts: Callable[[Instrument], Mapping[str, Any]] = lambda instrument: {}


class _Arrived(msgspec.Struct, frozen=True):
    """The part of a socket's message that ccxt looks at."""

    type: WSMsgType
    data: Frame


class Opinion:
    """The books of some instruments, kept by ccxt; a context, whose end cancels what it awaits."""

    def __init__(self, reader: Reader, instruments: Iterable[Instrument]) -> None:
        self.sent: list[Message] = []
        self._reader = reader
        self._by_symbol = {one.symbol: one for one in instruments}
        self._natives = {one.native for one in self._by_symbol.values()}
        self._books: dict[str, Mapping[str, Any]] = {}
        self._replies: dict[str, str] = {}
        self._told = asyncio.Event()
        self._mishaps: list[object] = []
        self._runner = asyncio.Runner()
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> Self:
        self._runner.run(self._begin())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None
    ) -> None:
        self._runner.close()

    def hear(self, frame: Frame) -> None:
        """Let ccxt read a frame, and all that waits for it go on."""
        for one in self._reader.translate(frame, self.sent):
            kind = WSMsgType.TEXT if isinstance(one, str) else WSMsgType.BINARY
            self._runner.run(self._pass_on(_Arrived(kind, one)))

    def answer(self, url: str, body: str) -> None:
        """Let ccxt have the reply to a request about a market, now or when it asks."""
        for part in set(_parts(url)) & self._natives:
            self._replies[part] = body
        self._runner.run(self._pass_on())

    def best(self, symbol: str) -> Sides | None:
        """The best levels in base units; None where ccxt has shown its user no book yet."""
        book = self._books.get(symbol)
        if book is None:
            return None
        instrument = self._by_symbol[symbol]
        bids, asks = (
            [
                (float(price), float(size) * instrument.units_per_contract(price))
                for price, size, *_ in book[side][:DEPTH]
            ]
            for side in ("bids", "asks")
        )
        return bids, asks

    async def _begin(self) -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: self._mishaps.append(context)
        )
        exchange = self._exchange = self._offline()
        markets = [
            {**market_of(exchange, one), **self._reader.facts(one)}
            for one in self._by_symbol.values()
        ]
        exchange.set_markets(markets, {})
        self._tasks = [asyncio.create_task(self._watch(symbol)) for symbol in self._by_symbol]
        await self._settle()

    async def _watch(self, symbol: str) -> None:
        reader = self._reader
        while True:
            book = await self._exchange.watch_order_book(symbol, reader.limit, dict(reader.params))
            self._books[symbol] = book

    async def _pass_on(self, arrived: _Arrived | None = None) -> None:
        if arrived:
            self._client.handle_message(arrived)
        self._told.set()
        self._told.clear()
        await self._settle()

    async def _settle(self) -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        for task in self._tasks:
            if task.done():
                task.result()  # the error that ccxt shows its user
        assert not self._mishaps

    # The outermost layer.

    def _offline(self) -> Any:
        options = {"ws": {}, **self._reader.options}
        exchange = getattr(ccxt.pro, self._reader.exchange)(
            {"enableRateLimit": False, "options": options}
        )
        make_client = exchange.client
        exchange.asyncio_loop = asyncio.get_running_loop()
        exchange.open = lambda lazy=False: None  # makes the session that all connections need
        self._client: Any = None

        def client(url: str) -> Any:
            """One for all addresses: the frames of a recording come over one socket."""
            if self._client is None:
                self._client = make_client(url)
                self._client.connected.resolve(url)
                self._client.send = self._send
            return self._client

        exchange.client = client
        # ccxt may count requests from one at each address.
        make_id = getattr(exchange, "request_id", None)
        if make_id:
            exchange.request_id = lambda *urls: make_id(*("" for _ in urls))
        exchange.fetch = self._fetch
        return exchange

    async def _send(self, message: Any) -> None:
        sent = msgspec.json.decode(message) if isinstance(message, str) else message
        self.sent.append(sent)
        answer = self._reader.acknowledge(sent)
        if answer is not None:
            self._exchange.handle_message(self._client, answer)

    async def _fetch(self, url: str, *_: object) -> Any:
        for part, reply in self._reader.replies.items():
            if part in url:
                return reply
        while True:
            for native in set(_parts(url)) & self._replies.keys():
                reply = self._exchange.parse_json(self._replies[native])
                return {**reply, **self._reader.reply_facts}
            await self._told.wait()


def market_of(exchange: Any, instrument: Instrument) -> Any:
    """The instrument as ccxt describes a market."""
    is_swap = instrument.kind is Kind.PERPETUAL
    return exchange.safe_market_structure(
        {
            "id": instrument.native,
            "lowercaseId": instrument.native.lower(),
            "symbol": instrument.symbol,
            "base": instrument.base,
            "baseId": instrument.base,
            "quote": instrument.quote,
            "quoteId": instrument.quote,
            "settle": instrument.settle or None,
            "settleId": instrument.settle or None,
            "type": "swap" if is_swap else "spot",
            "spot": not is_swap,
            "margin": False,
            "swap": is_swap,
            "future": False,
            "option": False,
            "active": True,
            "contract": is_swap,
            "linear": not instrument.inverse if is_swap else None,
            "inverse": instrument.inverse if is_swap else None,
            "contractSize": float(instrument.contract_size) if is_swap else None,
            "precision": {"price": float(instrument.tick), "amount": float(instrument.step)},
        }
    )


def _parts(url: str) -> list[str]:
    return re.split("[/?&=]", url)
