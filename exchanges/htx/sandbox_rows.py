"""HTX seen from the server: rows, as streams and REST have them.

Source: as for `public.py`. Numbers are JSON numbers. What was traded on swaps counts both sides.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Depth, MarketUpdate, Match
from exchanges.sandbox.request import ms
from exchanges.sandbox.session import SandboxStream
from exchanges.sandbox.synthetic import Candle

Row = dict[str, Any]

LEVELS: Final = 150


def levels(market: SandboxMarket, side: Iterable[tuple[int, int]]) -> list[list[float]]:
    return [[float(price), float(size)] for price, size in market.levels(side)]


def sides(stream: SandboxStream, depth: Depth) -> Row:
    market = stream.market
    return {"bids": levels(market, depth.bids), "asks": levels(market, depth.asks)}


def whole_book(market: SandboxMarket) -> Row:
    depth = market.depth(LEVELS)
    return {
        "seqNum": depth.last_id,
        "bids": levels(market, depth.bids),
        "asks": levels(market, depth.asks),
    }


def day_row(market: SandboxMarket) -> Row:
    """Statistics of 24 hours: spot in base and quote, swaps with both sides of each trade."""
    day, price = market.synthetic.statistics.day(), market.synthetic.ticks.number
    row = {
        "open": price(day.open),
        "close": price(day.close),
        "low": price(day.low),
        "high": price(day.high),
        "count": day.trades,
    }
    return row | traded_row(market, day)


def traded_row(market: SandboxMarket, candle: Candle) -> Row:
    size, value = market.synthetic.lots.number, market.synthetic.values.number
    if market.instrument.kind is Kind.SPOT:
        return {"amount": size(candle.volume), "vol": value(candle.value)}
    return {
        "amount": size(2 * candle.volume),
        "vol": float(market.wire_size(2 * candle.volume)),
        "trade_turnover": value(2 * candle.value),
    }


def candle_row(market: SandboxMarket, candle: Candle) -> Row:
    price = market.synthetic.ticks.number
    row = {
        "id": candle.open_ns // NS_PER_S,
        "open": price(candle.open),
        "close": price(candle.close),
        "low": price(candle.low),
        "high": price(candle.high),
        "count": candle.trades,
    }
    return row | traded_row(market, candle)


def trade_row(market: SandboxMarket, match: Match, id_name: str = "tradeId") -> Row:
    price, size = market.synthetic.ticks.number, market.synthetic.lots.number
    row = {
        "ts": ms(match.time_ns),
        "price": price(match.price),
        "direction": match.side.name.lower(),
    }
    if market.instrument.kind is Kind.SPOT:
        # The id is longer than any number holds.
        return {"id": 1.37e26, id_name: match.trade_id, "amount": size(match.size), **row}
    quantity = size(2 * match.size)
    return {
        "id": match.trade_id,
        "amount": float(market.wire_size(2 * match.size)),
        "quantity": quantity,
        "trade_turnover": quantity * price(match.price),
        **row,
    }


def best_row(market: SandboxMarket) -> tuple[list[float] | None, list[float] | None]:
    """Price and size of the best bid and ask, None for an empty side."""
    depth = market.depth(1)
    (bid, *_), (ask, *_) = ([*levels(market, side), None] for side in (depth.bids, depth.asks))
    return bid, ask


def mark_row(market: SandboxMarket, now_ns: int) -> Row:
    """The running candle of the mark price, of which only the close is worked out here."""
    mark = market.synthetic.ticks.number(market.synthetic.perpetual().mark)
    minute = now_ns // (60 * NS_PER_S) * 60
    return {"id": minute, "open": mark, "close": mark, "low": mark, "high": mark, "amount": 0}


def funding_row(market: SandboxMarket, now_ns: int) -> Row:
    state, instrument = market.synthetic.perpetual(), market.instrument
    return {
        "symbol": instrument.base,
        "contract_code": instrument.native,
        "fee_asset": instrument.settle,
        "funding_time": str(ms(now_ns)),
        "funding_rate": f"{state.funding_rate:.18f}",
        "settlement_time": str(ms(state.next_funding_ns)),
        "estimated_rate": None,
    }


def _spot_top(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    market = stream.market
    bid, ask = best_row(market)
    (bid_price, bid_size), (ask_price, ask_size) = bid or (None, None), ask or (None, None)
    return {
        "seqId": market.depth(0).last_id,
        "ask": ask_price,
        "askSize": ask_size,
        "bid": bid_price,
        "bidSize": bid_size,
        "quoteTime": ms(now_ns),
        "symbol": market.instrument.native,
    }


def _swap_top(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    bid, ask = best_row(stream.market)
    last_id = stream.market.depth(0).last_id
    row = {"mrid": last_id, "id": last_id, "ts": ms(now_ns), "version": last_id}
    return row | {side: level for side, level in (("bid", bid), ("ask", ask)) if level}


def _trades(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    rows = [trade_row(stream.market, match) for match in reversed(update.matches)]
    return {"id": update.last_id, "ts": ms(now_ns), "data": rows}


def _spot_ticker(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    bid, ask = best_row(stream.market)
    row = day_row(stream.market)
    row |= {"bid": bid[0], "bidSize": bid[1]} if bid else {}
    row |= {"ask": ask[0], "askSize": ask[1]} if ask else {}
    return row | {"lastPrice": row["close"]}


def _swap_day(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    return day_row(stream.market) | {"ts": ms(now_ns)}


def _candle(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    assert stream.interval is not None
    return candle_row(stream.market, stream.market.synthetic.statistics.candle(stream.interval))


def _mark(stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Row:
    return mark_row(stream.market, now_ns)


ENCODERS: Final[
    Mapping[tuple[Kind, Channel], Callable[[SandboxStream, MarketUpdate, int], Row]]
] = {
    (Kind.SPOT, Channel.TOP): _spot_top,
    (Kind.SPOT, Channel.TRADES): _trades,
    (Kind.SPOT, Channel.TICKER): _spot_ticker,
    (Kind.SPOT, Channel.KLINES): _candle,
    (Kind.PERPETUAL, Channel.TOP): _swap_top,
    (Kind.PERPETUAL, Channel.TRADES): _trades,
    (Kind.PERPETUAL, Channel.TICKER): _swap_day,
    (Kind.PERPETUAL, Channel.KLINES): _candle,
    (Kind.PERPETUAL, Channel.MARK_PRICE): _mark,
}
