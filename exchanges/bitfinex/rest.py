"""Bitfinex v2 public REST: what can be asked.

Source: docs.bitfinex.com, v2 REST "Public Endpoints" (2026). Limits are per path and minute.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from exchanges.bitfinex import listing, market_data
from exchanges.bitfinex.errors import ERRORS
from exchanges.bitfinex.market_data import CANDLE_NAMES, StatusRow
from exchanges.errors import UNREADABLE, VenueUnavailable
from exchanges.market.events import BookSnapshot
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.call import About, Call, Count, Means, Surface, T, told, told_candle
from exchanges.rest.public import PublicRest
from exchanges.rest.rows import Page, Row, by_key, many, one

# Requests a minute, where a range is given the least of it.
LIMITS: Final[Mapping[str, int]] = {
    "platform": 30,
    "conf": 90,
    "tickers": 90,
    "book": 240,
    "trades": 15,
    "candles": 30,
    "status": 90,
}
_PAIRS: Final = "pub:info:pair"
_FUTURES: Final = "pub:info:pair:futures"
_NAMES: Final = ",pub:map:currency:sym"
_STATE: Final = "/v2/platform/status"
_DERIV: Final = "/v2/status/deriv"
_MOST_ROWS: Final = 10_000
_MOST_STATES: Final = 5_000
# States come about once a minute, and a charge every eight hours.
_STATES_PER_CHARGE: Final = 480
_HTTP_DATE: Final = "%a, %d %b %Y %H:%M:%S GMT"
_CONF: Final = msgspec.json.Decoder(list[list[Raw]])
_NAMED_CODE: Final = msgspec.json.Decoder(tuple[str, str])
_FIELDS: Final = msgspec.json.Decoder(list[Raw])
_SYMBOL: Final = msgspec.json.Decoder(listing.Named)
_IS_MARKET: Final = "t"  # currencies that are lent begin with another letter


def _spelled(native: str) -> str:
    return f"{_IS_MARKET}{native}"


def _conf(body: bytes) -> Page:
    """The pairs, and the map of names that came with them; old lists have none."""
    pairs, *maps = _CONF.decode(body)
    names = dict(_NAMED_CODE.decode(raw) for raw in maps[0]) if maps else {}
    return Page([Row(raw) for raw in pairs], asset_names=names)


def _pair(row: Row) -> tuple[str, ...]:
    return (_SYMBOL.decode(row.raw).symbol,)


def _keyed(body: bytes) -> Page:
    """Rows that begin with their symbol."""
    return Page([_named(raw) for raw in _FIELDS.decode(body)])


def _named(raw: Raw) -> Row:
    """A row without its symbol; one that has none stays as it is, and means nothing."""
    try:
        symbol, fields = _SYMBOL.decode(raw).symbol, _FIELDS.decode(raw)[1:]
    except UNREADABLE:
        return Row(raw)
    native = symbol.removeprefix(_IS_MARKET)
    return Row(Raw(msgspec.json.encode(fields)), native if native != symbol else "")


def _snapshot(rows: list[market_data.BookRow], about: About) -> BookSnapshot:
    return market_data.book_snapshot(rows, about.instrument, about.received_ns)


def _time(_: list[int], about: About) -> int:
    """In whole seconds: no request tells the time but by the date of its answer."""
    at = datetime.strptime(about.headers.get("date", ""), _HTTP_DATE).replace(tzinfo=UTC)
    return int(at.timestamp()) * NS_PER_S


def _is_up(states: list[int], about: About) -> bool:
    """Whether the venue trades.

    Raises:
        VenueUnavailable: it is under maintenance.
    """
    if states[0] != 1:
        raise VenueUnavailable("the venue is under maintenance", venue=about.venue)
    return True


def _states_of(charges: int) -> int:
    """The venue keeps states, not charges: some ten charges can be had at once."""
    return min((charges + 1) * _STATES_PER_CHARGE, _MOST_STATES)


def _list(of: str, names: str = _NAMES) -> Call[Any, Instrument]:
    """The markets of a kind, and in the same reply the venue's map of names."""
    return Call(
        path=f"/v2/conf/{of}{names}",
        reads=listing.PairInfo,
        means=lambda row, about: row.instrument(about.venue, about.kind, about.asset_names),
        rows=_conf,
        names=_pair,
        strict=True,
        bucket="conf",
    )


def _status(means: Means[StatusRow, T]) -> Call[StatusRow, T]:
    """What the state of a derivative tells."""
    return Call(
        path=_DERIV,
        reads=StatusRow,
        means=means,
        rows=_keyed,
        names=by_key,
        strict=True,
        bucket="status",
    )


_SPOT: Final = Surface(
    symbol="keys",
    spelled=_spelled,
    rows=many,
    is_joined=False,  # books start in the stream
    instruments=_list(_PAIRS),
    old_lists=(_list(_PAIRS, ""),),
    book=Call(
        path="/v2/book/{native}/P0",
        reads=list[market_data.BookRow],
        means=_snapshot,
        rows=one,
        strict=True,
        count=Count(parameter="len", steps=(1, 25, 100)),
        bucket="book",
    ),
    trades=Call(
        path="/v2/trades/{native}/hist",
        reads=market_data.TradeRow,
        means=told(market_data.TradeRow.trade),
        newest_first=True,
        strict=True,
        count=Count(most=_MOST_ROWS),
        bucket="trades",
    ),
    ticker=Call(
        path="/v2/ticker/{native}",
        reads=market_data.TickerRow,
        means=told(market_data.TickerRow.ticker),
        rows=one,
        strict=True,
        bucket="tickers",
    ),
    # One list has the markets of all kinds, and currencies to be lent.
    tickers=Call(
        path="/v2/tickers",
        reads=market_data.TickerRow,
        means=told(market_data.TickerRow.ticker),
        rows=_keyed,
        names=by_key,
        strict=True,
        query=(("symbols", "ALL"),),
        bucket="tickers",
    ),
    klines=Call(
        path="/v2/candles/trade:{interval}:{native}/hist",
        reads=market_data.CandleRow,
        means=told_candle(market_data.CandleRow.kline),
        newest_first=True,
        strict=True,
        intervals=CANDLE_NAMES,
        count=Count(most=_MOST_ROWS),
        bucket="candles",
    ),
    server_time=Call(path=_STATE, reads=list[int], means=_time, rows=one, bucket="platform"),
    ping=Call(path=_STATE, reads=list[int], means=_is_up, rows=one, bucket="platform"),
)
_PERPETUAL: Final = replace(
    _SPOT,
    instruments=_list(_FUTURES),
    old_lists=(_list(_FUTURES, ""),),
    funding=_status(told(StatusRow.funding)),
    mark_price=_status(told(StatusRow.mark)),
    open_interest=_status(told(StatusRow.interest)),
    funding_history=Call(
        path=f"{_DERIV}/{{native}}/hist",
        reads=StatusRow,
        gathers=listing.charges,
        strict=True,
        count=Count(most=_MOST_ROWS, sends=_states_of),
        bucket="status",
    ),
)

REST: Final = PublicRest(
    "bitfinex", {Kind.SPOT: _SPOT, Kind.PERPETUAL: _PERPETUAL}, ERRORS, clock_step_ns=NS_PER_S
)
