"""Is what an event tells the state of the sandbox's market, in our units?"""

from math import isclose

from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    FundingCharge,
    Kline,
    MarkPrice,
    OpenInterest,
    Subscription,
    Ticker,
    Top,
    Trade,
)
from exchanges.sandbox.market import SandboxMarket
from supervisor.verify.case import expect
from supervisor.verify.lab import levels_of, rounded


def check(market: SandboxMarket, event: Event, since_ns: int) -> None:
    """Fail unless it is; a trade must have happened after `since_ns`."""
    match event:
        case Trade():
            _check_trade(market, event, since_ns)
        case Top():
            bids, asks = levels_of(market, 1)
            ours = rounded([(event.bid, event.bid_size)]), rounded([(event.ask, event.ask_size)])
            _same(event, "top", ours, (bids, asks))
        case Ticker():
            _check_ticker(market, event)
        case Kline():
            _check_kline(market, event)
        case Funding() | MarkPrice() | OpenInterest():
            _check_perpetual(market, event)
        case BookSnapshot():
            bids, asks = levels_of(market)
            _same(event, "bids", rounded(event.bids), bids[: len(event.bids)])
            _same(event, "asks", rounded(event.asks), asks[: len(event.asks)])
        case FundingCharge():
            _near(event, "rate", event.rate, market.synthetic.perpetual().funding_rate, within=1e-8)
        case BookDelta() | Subscription():
            pass  # they have cases of their own
        case _:
            expect(False, f"nobody asked for {event}")


def _check_trade(market: SandboxMarket, trade: Trade, since_ns: int) -> None:
    price, size = market.synthetic.ticks.number, market.synthetic.lots.number
    true = [
        match
        for match in market.synthetic.statistics.trades
        if match.time_ns > since_ns
        and (price(match.price), match.side) == (trade.price, trade.side)
        and isclose(size(match.size), trade.size, rel_tol=1e-9)
    ]
    expect(true, f"{trade.instrument.symbol}: no such trade: {trade}")


def _check_ticker(market: SandboxMarket, ticker: Ticker) -> None:
    price, day = market.synthetic.ticks.number, market.synthetic.statistics.day()
    _same(ticker, "last", ticker.last, price(day.close))
    for name, ours, theirs in (
        ("high", ticker.high, price(day.high)),
        ("low", ticker.low, price(day.low)),
        ("volume", ticker.volume, market.synthetic.lots.number(day.volume)),
        ("quote volume", ticker.quote_volume, market.synthetic.values.number(day.value)),
    ):
        if ours is not None:
            _near(ticker, name, ours, theirs)
    if ticker.change is not None:
        _near(ticker, "change", ticker.change, day.close / day.open - 1, within=1e-4)


def _check_kline(market: SandboxMarket, kline: Kline) -> None:
    price = market.synthetic.ticks.number
    candle = market.synthetic.statistics.candle(kline.interval)
    if kline.closed or kline.open_ns != candle.open_ns:
        return  # one that has just ended
    ours = (kline.open, kline.high, kline.low, kline.close)
    true = (price(candle.open), price(candle.high), price(candle.low), price(candle.close))
    _same(kline, "prices", ours, true)
    _near(kline, "volume", kline.volume, market.synthetic.lots.number(candle.volume))


def _check_perpetual(market: SandboxMarket, event: Funding | MarkPrice | OpenInterest) -> None:
    state = market.synthetic.perpetual()
    match event:
        case Funding():
            _near(event, "rate", event.rate, state.funding_rate, within=1e-8)
            _same(event, "interval", event.interval_s, state.funding_interval_s)
            if event.next_ns is not None:
                _same(event, "next charge", event.next_ns, state.next_funding_ns)
        case MarkPrice():
            _same(event, "mark", event.mark, market.synthetic.ticks.number(state.mark))
        case OpenInterest():
            size = market.synthetic.lots.number(state.open_interest)
            _near(event, "open interest", event.size, size)


def _same(event: Event, what: str, ours: object, theirs: object) -> None:
    symbol = event.instrument.symbol
    expect(ours == theirs, f"{symbol}: {what} is read as {ours}, not {theirs}")


def _near(event: Event, what: str, ours: float, theirs: float, within: float = 0.0) -> None:
    symbol = event.instrument.symbol
    is_near = isclose(ours, theirs, rel_tol=1e-6, abs_tol=within)
    expect(is_near, f"{symbol}: {what} is read as {ours}, not {theirs}")
