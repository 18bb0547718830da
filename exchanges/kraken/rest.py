"""Kraken public REST: requests and readers.

Source: docs.kraken.com, spot REST "Market Data" (2025, 2026). Errors come with HTTP 200.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, TypeVar

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from exchanges.errors import (
    SAMPLE_BYTES,
    AuthenticationError,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.kraken import listing
from exchanges.kraken.listing import Reply, altname, natives_of
from exchanges.kraken.market_data import CANDLE_MINUTES
from exchanges.market.events import BookSnapshot, Kline, Ticker, Trade
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import KlineInterval
from exchanges.rest.old import OldRest
from exchanges.rest.request import Listing, Request, Response

T = TypeVar("T")
Wire = TypeVar("Wire")

_REPLY: Final = msgspec.json.Decoder(Reply)
_PAIR: Final = msgspec.json.Decoder(listing.PairInfo)
_DEPTH: Final = msgspec.json.Decoder(listing.Depth, strict=False)
_TRADES: Final = msgspec.json.Decoder(list[listing.TradeRow], strict=False)
_TICKER: Final = msgspec.json.Decoder(listing.TickerInfo, strict=False)
_CANDLES: Final = msgspec.json.Decoder(list[listing.OhlcRow], strict=False)
_TIME: Final = msgspec.json.Decoder(listing.TimeReply)
_STATUS: Final = msgspec.json.Decoder(listing.StatusReply)
_ERROR: Final = msgspec.json.Decoder(listing.ErrorBody)

BUCKET: Final = "public"
_PREFIX: Final = "/0/public/"
_PAIRS: Final = f"{_PREFIX}AssetPairs"
_MOST_LEVELS: Final = 500
_MOST_TRADES: Final = 1000
# Ids with a colon are those of another venue's engine.
_FOREIGN: Final = ":"

# Errors by the beginning of their text; the longer ones stand first.
_ERRORS: Final[Mapping[str, type[ExchangeError]]] = {
    "EQuery:Unknown asset": InvalidSymbol,
    "EQuery:Invalid asset pair": InvalidSymbol,
    "EService:Market in ": TradingDisabled,
    "EService:": VenueUnavailable,
    "EGeneral:Internal error": VenueUnavailable,
    "EDatabase:Internal error": VenueUnavailable,
    "EGeneral:Permission denied": PermissionDenied,
    "EAccount:Invalid permissions": PermissionDenied,
    "EAPI:Invalid": AuthenticationError,
    "EAuth:": AuthenticationError,
    "ESession:Invalid session": AuthenticationError,
    "ETrade:User Locked": AuthenticationError,
}
_TOO_MANY: Final = (
    "EGeneral:Too many requests",
    "EAPI:Rate limit exceeded",
    "EAuth:Rate limit exceeded",
    "EAuth:Too many requests",
    "EBM:limit exceeded",
)
_THROTTLED: Final = "EService:Throttled"  # with the time from which on it may be tried again
_LONGEST_THROTTLE_S: Final = 3600.0
_LOCKOUT: Final = "EGeneral:Temporary lockout"
_LOCKOUT_S: Final = 900.0


class KrakenRest(OldRest):
    """Public requests."""

    venue = "kraken"
    # Counters of calls fall by one in three seconds at worst.
    retry_s = 5.0
    clock_step_ns = NS_PER_S
    paths: ClassVar = {_PAIRS: ("instruments", Kind.SPOT)}

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        if not response.body.startswith(b"{"):
            return None
        texts = [text for text in _ERROR.decode(response.body).error if not text.startswith("W")]
        if not texts:
            return None
        code, _, _ = texts[0][:SAMPLE_BYTES].partition(":")
        message = ", ".join(texts)[:SAMPLE_BYTES]
        wait_s = self._wait_s(texts[0], response)
        if wait_s is not None:
            return RateLimited(
                message, venue=self.venue, code=code, asked=asked, retry_after_s=wait_s
            )
        known = (error for start, error in _ERRORS.items() if texts[0].startswith(start))
        error = next(known, ExchangeError)
        return error(message, venue=self.venue, code=code, asked=asked)

    def _wait_s(self, text: str, response: Response) -> float | None:
        """How long to stay away, if the text says so."""
        if text.startswith(_THROTTLED):
            until = text.removeprefix(_THROTTLED).strip(": ")
            if not until.isdecimal() or len(until) > len(str(response.received_ns)):
                return self.retry_s
            wait_s = int(until) - response.received_ns / NS_PER_S
            return min(max(wait_s, self.retry_s), _LONGEST_THROTTLE_S)
        if text.startswith(_LOCKOUT):
            return _LOCKOUT_S
        return self.retry_s if text.startswith(_TOO_MANY) else None

    def instruments(self) -> tuple[Request[Listing], ...]:
        def read(reply: Reply, _: int) -> Listing:
            rows = [row for key, row in reply.result.items() if _FOREIGN not in key]
            return self._listing(rows, _PAIR, lambda row: row.instrument(self.venue))

        return (self._ask("instruments", _PAIRS, _REPLY, read),)

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        return self._about(
            "book",
            instrument,
            "Depth",
            lambda row, received_ns: _DEPTH.decode(row).snapshot(instrument, received_ns),
            count=min(depth or _MOST_LEVELS, _MOST_LEVELS),
        )

    def trades(self, instrument: Instrument, limit: int = 100) -> Request[list[Trade]]:
        def read(row: Raw, received_ns: int) -> list[Trade]:
            return [one.trade(instrument, received_ns) for one in _TRADES.decode(row)][-limit:]

        return self._about("trades", instrument, "Trades", read, count=min(limit, _MOST_TRADES))

    def ticker(self, instrument: Instrument) -> Request[Ticker]:
        return self._about(
            "ticker",
            instrument,
            "Ticker",
            lambda row, received_ns: _TICKER.decode(row).ticker(instrument, received_ns),
        )

    def tickers(
        self, kind: Kind, find: Callable[[Kind, str], Instrument | None]
    ) -> Request[list[Ticker]]:
        """Those of pairs whose id can be told apart into two assets that are known together."""

        def read(reply: Reply, received_ns: int) -> list[Ticker]:
            tickers: list[Ticker] = []
            for pair_id, row in reply.result.items():
                known = (found for name in natives_of(pair_id) if (found := find(kind, name)))
                if instrument := next(known, None):
                    tickers.append(_TICKER.decode(row).ticker(instrument, received_ns))
            return tickers

        return self._ask("tickers", f"{_PREFIX}Ticker", _REPLY, read)

    def klines(
        self, instrument: Instrument, interval: KlineInterval, limit: int = 100
    ) -> Request[list[Kline]]:
        """At most 720; the venue cannot be asked for fewer."""
        if interval not in CANDLE_MINUTES:
            raise CodecUsageError(f"{self.venue} has no candles of {interval}")

        def read(row: Raw, received_ns: int) -> list[Kline]:
            rows = _CANDLES.decode(row)
            return [
                one.kline(instrument, interval, received_ns, closed=one is not rows[-1])
                for one in rows[-limit:]
            ]

        return self._about("klines", instrument, "OHLC", read, interval=CANDLE_MINUTES[interval])

    def server_time(self) -> Request[int]:
        """In whole seconds."""
        return self._ask(
            "time", f"{_PREFIX}Time", _TIME, lambda reply, _: reply.result.unixtime * NS_PER_S
        )

    def ping(self) -> Request[None]:
        """The venue's state, which is an error unless it trades."""

        def read(reply: listing.StatusReply, _: int) -> None:
            status = reply.result.status
            if status != "online":
                error = VenueUnavailable if status == "maintenance" else TradingDisabled
                raise error(f"the venue is in {status[:SAMPLE_BYTES]}", venue=self.venue)

        return self._ask("ping", f"{_PREFIX}SystemStatus", _STATUS, read)

    def _about(
        self,
        name: str,
        instrument: Instrument,
        method: str,
        translate: Callable[[Raw, int], T],
        **query: str | int,
    ) -> Request[T]:
        """A request whose result is about one pair."""
        request = self._ask(
            name,
            _PREFIX + method,
            _REPLY,
            lambda reply, received_ns: translate(reply.only, received_ns),
            pair=altname(instrument.native),
            **query,
        )
        return replace(request, instrument=instrument)

    def _ask(
        self,
        name: str,
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
            instrument=None,  # which would name it as no request of this venue does
            **query,
        )
