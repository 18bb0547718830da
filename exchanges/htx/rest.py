"""HTX public REST: spot and linear swaps, which have hosts, paths and forms of their own."""

from collections.abc import Callable
from typing import ClassVar, Final

from exchanges.errors import ExchangeError
from exchanges.htx.spot_rest import HtxSpotRest
from exchanges.htx.swap_rest import HtxSwapRest
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
from exchanges.market.topics import KlineInterval
from exchanges.rest.old import OldRest
from exchanges.rest.request import Listing, Request, Response

_SPOT: Final = HtxSpotRest()
_SWAP: Final = HtxSwapRest()
_OF_KIND: Final[dict[Kind, OldRest]] = {Kind.SPOT: _SPOT, Kind.PERPETUAL: _SWAP}


class HtxRest(OldRest):
    """Public requests, each asked where its market is traded."""

    venue = "htx"
    paths: ClassVar = {**_SPOT.paths, **_SWAP.paths}

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        return _SPOT.error(response, asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        return _SPOT.instruments() + _SWAP.instruments()

    def funding_intervals(self) -> Request[dict[str, float]]:
        return _SWAP.funding_intervals()

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        return _OF_KIND[instrument.kind].book(instrument, depth)

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        return _OF_KIND[instrument.kind].trades(instrument, limit)

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return _OF_KIND[instrument.kind].ticker(instrument)

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        return _OF_KIND[kind].tickers(kind, find)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        return _OF_KIND[instrument.kind].klines(instrument, interval, limit)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        return _SWAP.funding(instrument)

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[list[FundingCharge]]:
        return _SWAP.funding_history(instrument, limit)

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        return _SWAP.mark_price(instrument)

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        return _SWAP.open_interest(instrument)

    def server_time(self) -> Request[int]:
        return _SPOT.server_time()

    def ping(self) -> Request[None]:
        return _SPOT.ping()

    def recognise(
        self, url: str, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[Listing] | Request[BookSnapshot] | None:
        return _SPOT.recognise(url, find) or _SWAP.recognise(url, find)
