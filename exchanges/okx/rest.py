"""OKX v5 public REST: requests and readers.

Source: official guide, "Order Book Trading / Market Data" and "Public Data" (July 2026). Limits
are per path and address, within two seconds.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import ClassVar, Final, TypeVar

import msgspec

from exchanges.errors import (
    SAMPLE_BYTES,
    UNREADABLE,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    RateLimited,
    VenueUnavailable,
)
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
from exchanges.okx import listing, market_data
from exchanges.okx.listing import Reply
from exchanges.okx.market_data import CANDLE_NAMES, kind_of
from exchanges.rest.public import PublicRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Row = TypeVar("Row")

_ROWS: Final = msgspec.json.Decoder(Reply[msgspec.Raw])
_INSTRUMENT: Final = msgspec.json.Decoder(listing.InstrumentInfo)
_BOOKS: Final = msgspec.json.Decoder(Reply[market_data.BookMessage], strict=False)
_TRADES: Final = msgspec.json.Decoder(Reply[market_data.TradeMessage], strict=False)
_TICKERS: Final = msgspec.json.Decoder(Reply[market_data.TickerMessage], strict=False)
_ALL_TICKERS: Final = msgspec.json.Decoder(Reply[listing.NamedTicker], strict=False)
_CANDLES: Final = msgspec.json.Decoder(Reply[market_data.CandleRow], strict=False)
_TIME: Final = msgspec.json.Decoder(Reply[listing.ServerTime], strict=False)
_FUNDING: Final = msgspec.json.Decoder(Reply[market_data.FundingMessage], strict=False)
_CHARGES: Final = msgspec.json.Decoder(Reply[listing.FundingCharged], strict=False)
_MARK: Final = msgspec.json.Decoder(Reply[market_data.MarkPriceMessage], strict=False)
_OPEN_INTEREST: Final = msgspec.json.Decoder(Reply[market_data.OpenInterestMessage], strict=False)
_ERROR: Final = msgspec.json.Decoder(listing.ErrorBody)

# Requests that are allowed in two seconds, by path.
LIMITS: Final[Mapping[str, int]] = {
    "/api/v5/public/instruments": 20,
    "/api/v5/public/time": 10,
    "/api/v5/public/funding-rate": 10,
    "/api/v5/public/funding-rate-history": 10,
    "/api/v5/public/mark-price": 10,
    "/api/v5/public/open-interest": 20,
    "/api/v5/market/books": 40,
    "/api/v5/market/trades": 100,
    "/api/v5/market/ticker": 20,
    "/api/v5/market/tickers": 20,
    "/api/v5/market/candles": 40,
}
LIMIT_WINDOW_S: Final = 2.0
_MOST_LEVELS: Final = 400
_MOST_TRADES: Final = 500
_MOST_CANDLES: Final = 300
_MOST_CHARGES: Final = 400
_TYPES: Final = {Kind.SPOT: "SPOT", Kind.PERPETUAL: "SWAP"}

_ERRORS: Final[Mapping[str, type[ExchangeError]]] = {
    "51001": InvalidSymbol,
    "51015": InvalidSymbol,
    "50001": VenueUnavailable,
    "50004": VenueUnavailable,
    "50013": VenueUnavailable,
    "50026": VenueUnavailable,
}
_TOO_MANY: Final = frozenset({"50011", "50061", "50040"})


class OkxRest(PublicRest):
    """Public requests."""

    venue = "okx"
    symbol_parameter = "instId"
    retry_s = LIMIT_WINDOW_S
    paths: ClassVar = {
        "/api/v5/public/instruments": ("instruments", None),
        "/api/v5/market/books": ("book", None),
    }

    def kind_of(self, native: str) -> Kind:
        return kind_of(native)

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        """Errors come with HTTP 200 as well; the code says more than the status."""
        if not response.body.startswith(b"{"):
            return None
        body = _ERROR.decode(response.body)
        if body.code == "0":
            return None
        message = body.msg[:SAMPLE_BYTES]
        if body.code in _TOO_MANY:
            return RateLimited(
                message,
                venue=self.venue,
                code=body.code,
                asked=asked,
                retry_after_s=LIMIT_WINDOW_S,
            )
        error = _ERRORS.get(body.code, ExchangeError)
        return error(message, venue=self.venue, code=body.code, asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        def read(reply: Reply[msgspec.Raw], _: int) -> Listing:
            return self._listing(reply.data, _INSTRUMENT, lambda row: row.instrument(self.venue))

        path = "/api/v5/public/instruments"
        return (
            self._ask("instruments", path, _ROWS, read, instType="SPOT"),
            self._ask("instruments", path, _ROWS, read, instType="SWAP"),
        )

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        return self._of(
            "book",
            instrument,
            "/api/v5/market/books",
            _BOOKS,
            lambda row, received_ns: row.snapshot(instrument, received_ns),
            sz=min(depth or _MOST_LEVELS, _MOST_LEVELS),
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def read(reply: Reply[market_data.TradeMessage], received_ns: int) -> list[Trade]:
            # The venue lists the newest first.
            return [row.trade(instrument, received_ns) for row in reversed(reply.data)]

        return self._ask(
            "trades",
            "/api/v5/market/trades",
            _TRADES,
            read,
            instrument=instrument,
            limit=min(limit, _MOST_TRADES),
        )

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._of(
            "ticker",
            instrument,
            "/api/v5/market/ticker",
            _TICKERS,
            lambda row, received_ns: row.ticker(instrument, received_ns),
        )

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        def read(reply: Reply[listing.NamedTicker], received_ns: int) -> list[Ticker]:
            found = ((row, find(kind, row.instId)) for row in reply.data)
            return [row.ticker(one, received_ns) for row, one in found if one]

        path = "/api/v5/market/tickers"
        return self._ask("tickers", path, _ALL_TICKERS, read, instType=_TYPES[kind])

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        if interval not in CANDLE_NAMES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")

        def read(reply: Reply[market_data.CandleRow], received_ns: int) -> list[Kline]:
            rows = reversed(reply.data)
            return [row.kline(instrument, interval, received_ns) for row in rows]

        return self._ask(
            "klines",
            "/api/v5/market/candles",
            _CANDLES,
            read,
            instrument=instrument,
            bar=CANDLE_NAMES[interval],
            limit=min(limit, _MOST_CANDLES),
        )

    def server_time(self) -> Request[int]:
        return self._ask(
            "time",
            "/api/v5/public/time",
            _TIME,
            lambda reply, _: reply.data[0].ts * NS_PER_MS,
        )

    def ping(self) -> Request[None]:
        """The venue has no lighter request than its time."""
        return self._ask("ping", "/api/v5/public/time", _TIME, lambda reply, _: None)

    def funding(self, instrument: Instrument) -> Request[Funding]:
        return self._of(
            "funding",
            instrument,
            "/api/v5/public/funding-rate",
            _FUNDING,
            lambda row, received_ns: row.funding(instrument, received_ns),
        )

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[list[FundingCharge]]:
        def read(reply: Reply[listing.FundingCharged], received_ns: int) -> list[FundingCharge]:
            # The venue lists the newest first.
            return [row.charge(instrument, received_ns) for row in reversed(reply.data)]

        return self._ask(
            "funding history",
            "/api/v5/public/funding-rate-history",
            _CHARGES,
            read,
            instrument=instrument,
            limit=min(limit, _MOST_CHARGES),
        )

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        return self._of(
            "mark price",
            instrument,
            "/api/v5/public/mark-price",
            _MARK,
            lambda row, received_ns: row.mark_price(instrument, received_ns),
            instType="SWAP",
        )

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        return self._of(
            "open interest",
            instrument,
            "/api/v5/public/open-interest",
            _OPEN_INTEREST,
            lambda row, received_ns: row.open_interest(instrument, received_ns),
            instType="SWAP",
        )

    def _of(
        self,
        name: str,
        instrument: Instrument,
        path: str,
        decoder: "msgspec.json.Decoder[Reply[Row]]",
        translate: Callable[[Row, int], T],
        **query: str | int,
    ) -> Request[T]:
        """A request whose reply has one row, about one instrument."""
        return self._ask(
            name,
            path,
            decoder,
            lambda reply, received_ns: translate(reply.data[0], received_ns),
            instrument=instrument,
            **query,
        )

    def _ask(
        self,
        name: str,
        path: str,
        decoder: "msgspec.json.Decoder[Reply[Row]]",
        translate: Callable[[Reply[Row], int], T],
        instrument: Instrument | None = None,
        **query: str | int,
    ) -> Request[T]:
        return self._get(
            name,
            "rest",
            path,
            decoder,
            translate,
            costs=((path, 1),),
            instrument=instrument,
            **query,
        )

    def _raise_for(self, response: Response, asked: str) -> None:
        """HTTP 429 also says that the venue is busy (50013), which is no limit of ours."""
        if response.status == 429:
            with suppress(*UNREADABLE):
                error = self.error(response, asked)
                if isinstance(error, RateLimited | VenueUnavailable):
                    raise error
        super()._raise_for(response, asked)
