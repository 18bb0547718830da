"""HTX public REST, spot: requests and readers.

Source: spot API documentation (June 2021), and paths in use by the venue's own tools of May 2026.
"""

from collections.abc import Callable
from typing import ClassVar, Final, TypeVar

import msgspec

from exchanges.errors import ExchangeError
from exchanges.htx import listing
from exchanges.htx.faults import error_of
from exchanges.htx.listing import Reply, TickReply, klines_of
from exchanges.htx.market_data import Candle, DepthFrame, candle_name, plain_levels
from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS, Millis
from exchanges.market.topics import KlineInterval
from exchanges.rest.old import OldRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

_ROWS: Final = msgspec.json.Decoder(Reply[list[msgspec.Raw]], strict=False)
_INFO: Final = msgspec.json.Decoder(listing.SpotInfo)
_DEPTH: Final = msgspec.json.Decoder(DepthFrame)
_TRADES: Final = msgspec.json.Decoder(Reply[list[listing.TradesOfOne]])
_DAY: Final = msgspec.json.Decoder(TickReply[listing.MergedDay])
_TICKERS: Final = msgspec.json.Decoder(Reply[list[listing.NamedTicker]])
_CANDLES: Final = msgspec.json.Decoder(Reply[list[Candle]])
_TIME: Final = msgspec.json.Decoder(Reply[Millis])

BUCKET: Final = "spot"
_DEPTHS: Final = (5, 10, 20)
_MOST_ROWS: Final = 2000


class HtxSpotRest(OldRest):
    """Public requests of spot markets."""

    venue = "htx"
    retry_s = 1.0  # the limits are per second, and no Retry-After is sent
    # Books by REST have ids of their own, which no stream can be joined to.
    paths: ClassVar = {"/v1/common/symbols": ("instruments", Kind.SPOT)}

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        return error_of(response, self.venue, asked, self.retry_s)

    def instruments(self) -> tuple[Request[Listing], ...]:
        def read(reply: Reply[list[msgspec.Raw]], _: int) -> Listing:
            return self._listing(reply.data, _INFO, lambda row: row.instrument(self.venue))

        return (self._ask("instruments", None, "/v1/common/symbols", _ROWS, read),)

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        """5, 10 or 20 levels, or all 150 that the venue tells, without naming a depth."""
        levels = next((each for each in _DEPTHS if each >= depth > 0), 0)
        return self._ask(
            "book",
            instrument,
            "/market/depth",
            _DEPTH,
            lambda reply, received_ns: reply.tick.snapshot(instrument, plain_levels, received_ns),
            type="step0",
            **({"depth": levels} if levels else {}),
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        """`size` counts orders of takers; the last trades of these are told."""

        def read(reply: Reply[list[listing.TradesOfOne]], received_ns: int) -> list[Trade]:
            rows = [row for order in reply.data for row in order.data]
            rows.sort(key=lambda row: row.trade_id)
            return [row.trade(row.trade_id, instrument, received_ns) for row in rows[-limit:]]

        return self._ask(
            "trades",
            instrument,
            "/market/history/trade",
            _TRADES,
            read,
            size=min(limit, _MOST_ROWS),
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        def read(reply: TickReply[listing.MergedDay], received_ns: int) -> Ticker:
            day = reply.tick
            bid, ask = (side[0] if side else None for side in (day.bid, day.ask))
            return day.ticker(instrument, bid, ask, reply.ts * NS_PER_MS, received_ns)

        return self._ask("ticker", instrument, "/market/detail/merged", _DAY, read)

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        def read(reply: Reply[list[listing.NamedTicker]], received_ns: int) -> list[Ticker]:
            found = ((row, find(kind, row.symbol)) for row in reply.data)
            venue_ns = None if reply.ts is None else reply.ts * NS_PER_MS
            return [
                row.ticker(one, row.bid, row.ask, venue_ns, received_ns)
                for row, one in found
                if one
            ]

        return self._ask("tickers", None, "/market/tickers", _TICKERS, read)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        return self._ask(
            "klines",
            instrument,
            "/market/history/kline",
            _CANDLES,
            lambda reply, received_ns: klines_of(reply.data, instrument, interval, received_ns),
            period=candle_name(interval),
            size=min(limit, _MOST_ROWS),
        )

    def server_time(self) -> Request[int]:
        return self._ask(
            "time", None, "/v1/common/timestamp", _TIME, lambda reply, _: reply.data * NS_PER_MS
        )

    def ping(self) -> Request[None]:
        """The venue has no lighter request than its time."""
        return self._ask("ping", None, "/v1/common/timestamp", _TIME, lambda reply, _: None)

    def _ask(
        self,
        name: str,
        instrument: Instrument | None,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        **query: str | int,
    ) -> Request[T]:
        return self._get(
            name,
            "rest",
            path,
            decoder,
            translate,
            costs=((BUCKET, 1),),
            instrument=instrument,
            **query,
        )
