"""HTX public REST, linear swaps: requests and readers.

Source: linear swap API documentation (June 2021), and V5 answers of June 2026 for funding and open
interest. What is both sides' is halved, as `swap_market_data.py` explains.
"""

from collections.abc import Callable
from typing import ClassVar, Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from exchanges.errors import ExchangeError
from exchanges.htx import listing
from exchanges.htx import swap_market_data as wire
from exchanges.htx.faults import error_of
from exchanges.htx.listing import Reply, TicksReply, V5Reply, klines_of
from exchanges.htx.market_data import DepthFrame, candle_name
from exchanges.market.events import (
    BookSnapshot,
    Funding,
    FundingCharge,
    Kline,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS
from exchanges.market.topics import KlineInterval
from exchanges.rest.old import OldRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

_ROWS: Final = msgspec.json.Decoder(Reply[list[msgspec.Raw]], strict=False)
_INFO: Final = msgspec.json.Decoder(listing.SwapInfo, strict=False)
_DEPTH: Final = msgspec.json.Decoder(DepthFrame)
_TRADES: Final = msgspec.json.Decoder(wire.TradesFrame, strict=False)
_DAYS: Final = msgspec.json.Decoder(TicksReply[wire.Day], strict=False)
_CANDLES: Final = msgspec.json.Decoder(Reply[list[wire.Candle]], strict=False)
_MARKS: Final = msgspec.json.Decoder(Reply[list[wire.MarkCandle]], strict=False)
_FUNDING: Final = msgspec.json.Decoder(V5Reply[list[wire.FundingRow]], strict=False)
_INTEREST: Final = msgspec.json.Decoder(V5Reply[wire.InterestRow], strict=False)
_TIMES: Final = msgspec.json.Decoder(Reply[list[listing.FundingTimes]], strict=False)

MARKET_BUCKET: Final = "swap_market"
OTHER_BUCKET: Final = "swap_other"
_MARKET: Final = "/linear-swap-ex/market"
_INSTRUMENTS: Final = "/linear-swap-api/v1/swap_contract_info"
_INVERSE_INSTRUMENTS: Final = "/swap-api/v1/swap_contract_info"
_MOST_CANDLES: Final = 2000
_MOST_CHARGES: Final = 100


class HtxSwapRest(OldRest):
    """Public requests of linear swaps."""

    venue = "htx"
    symbol_parameter = "contract_code"
    retry_s = 1.0
    # Books by REST have ids of their own, which no stream can be joined to.
    paths: ClassVar = {_INSTRUMENTS: ("instruments", Kind.PERPETUAL)}

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        return error_of(response, self.venue, asked, self.retry_s)

    def instruments(self) -> tuple[Request[Listing], ...]:
        return (self._instruments(_INSTRUMENTS, inverse=False),)

    def _instruments(self, path: str, *, inverse: bool) -> Request[Listing]:
        def read(reply: Reply[list[msgspec.Raw]], _: int) -> Listing:
            return self._listing(
                reply.data, _INFO, lambda row: row.instrument(self.venue, inverse=inverse)
            )

        return self._ask("instruments", None, path, _ROWS, read)

    def funding_intervals(self) -> Request[dict[str, float]]:
        """Of contracts whose charge after the next is told; of the others none is known."""

        def read(reply: Reply[list[listing.FundingTimes]], _: int) -> dict[str, float]:
            found = ((row.contract_code, row.interval_s) for row in reply.data)
            return {native: interval_s for native, interval_s in found if interval_s}

        path = "/linear-swap-api/v1/swap_batch_funding_rate"
        return self._ask("funding intervals", None, path, _TIMES, read)

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        """All 150 levels that the venue tells, however many are wanted."""
        return self._ask(
            "book",
            instrument,
            f"{_MARKET}/depth",
            _DEPTH,
            lambda reply, received_ns: reply.tick.snapshot(
                instrument, wire.base_levels, received_ns
            ),
            type="step0",
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        """The venue tells the last one."""
        return self._ask(
            "trades",
            instrument,
            f"{_MARKET}/trade",
            _TRADES,
            lambda reply, received_ns: reply.trades(instrument, received_ns)[-limit:],
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        def read(reply: TicksReply[wire.Day], received_ns: int) -> Ticker:
            return reply.ticks[0].ticker(instrument, reply.ts * NS_PER_MS, received_ns)

        return self._ask("ticker", instrument, f"{_MARKET}/detail/batch_merged", _DAYS, read)

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        def read(reply: TicksReply[wire.Day], received_ns: int) -> list[Ticker]:
            found = ((row, find(kind, row.contract_code)) for row in reply.ticks)
            venue_ns = reply.ts * NS_PER_MS
            return [row.ticker(one, venue_ns, received_ns) for row, one in found if one]

        return self._ask("tickers", None, f"{_MARKET}/detail/batch_merged", _DAYS, read)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        return self._ask(
            "klines",
            instrument,
            f"{_MARKET}/history/kline",
            _CANDLES,
            lambda reply, received_ns: klines_of(reply.data, instrument, interval, received_ns),
            period=candle_name(interval),
            size=min(limit, _MOST_CANDLES),
        )

    def funding(self, instrument: Instrument) -> Request[Funding]:
        return self._ask(
            "funding",
            instrument,
            "/v5/market/funding_rate",
            _FUNDING,
            lambda reply, received_ns: reply.data[0].funding(
                instrument, reply.ts * NS_PER_MS, received_ns
            ),
        )

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[list[FundingCharge]]:
        def read(reply: V5Reply[list[wire.FundingRow]], received_ns: int) -> list[FundingCharge]:
            rows = sorted(reply.data, key=lambda row: row.funding_time)
            return [row.charge(instrument, received_ns) for row in rows]

        return self._ask(
            "funding history",
            instrument,
            "/v5/market/funding_rate_history",
            _FUNDING,
            read,
            limit=min(limit, _MOST_CHARGES),
        )

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        """The close of the running candle of the mark price."""

        def read(reply: Reply[list[wire.MarkCandle]], received_ns: int) -> MarkPrice:
            newest = max(reply.data, key=lambda row: row.id)
            venue_ns = None if reply.ts is None else reply.ts * NS_PER_MS
            return newest.mark_price(instrument, venue_ns, received_ns)

        return self._ask(
            "mark price",
            instrument,
            f"{_MARKET}/history/mark_price_kline",
            _MARKS,
            read,
            period="1min",
            size=1,
        )

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        return self._ask(
            "open interest",
            instrument,
            "/v5/market/open_interest",
            _INTEREST,
            lambda reply, received_ns: reply.data.open_interest(
                instrument, reply.ts * NS_PER_MS, received_ns
            ),
        )

    def server_time(self) -> Request[int]:
        raise self._absent("time of its swaps")

    def recognise(
        self, url: str, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[Listing] | Request[BookSnapshot] | None:
        """Recordings also hold the list of inverse swaps."""
        if urlsplit(url).path.endswith(_INVERSE_INSTRUMENTS):
            return self._instruments(_INVERSE_INSTRUMENTS, inverse=True)
        return super().recognise(url, find)

    def _ask(
        self,
        name: str,
        instrument: Instrument | None,
        path: str,
        decoder: msgspec.json.Decoder[Wire],
        translate: Callable[[Wire, int], T],
        **query: str | int,
    ) -> Request[T]:
        bucket = MARKET_BUCKET if path.startswith(_MARKET) else OTHER_BUCKET
        return self._get(
            name,
            "swap_rest",
            path,
            decoder,
            translate,
            costs=((bucket, 1),),
            instrument=instrument,
            **query,
        )
