"""Symbols, and what each kind of event tells, against the state of the sandbox's market."""

from collections.abc import Callable, Iterator
from math import isclose
from typing import Any

from exchanges.dialogue import answer
from exchanges.errors import CodecUsageError
from exchanges.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    FundingCharge,
    Kline,
    KlineInterval,
    MarkPrice,
    OpenInterest,
    Subscription,
    Ticker,
    Top,
    Trade,
)
from exchanges.instrument import Instrument, Instruments, Kind
from exchanges.rest import Request
from exchanges.sandbox import SandboxMarket, SandboxVenue
from exchanges.stream import Channel
from exchanges.venue import Venue
from supervisor.verify.case import expect
from supervisor.verify.lab import (
    START_NS,
    STEP_NS,
    Lab,
    instruments_of,
    levels_of,
    open_sandbox,
    rounded,
    topics_of,
)

KINDS = {
    Channel.BOOK: BookDelta,
    Channel.TOP: Top,
    Channel.TRADES: Trade,
    Channel.TICKER: Ticker,
    Channel.KLINES: Kline,
    Channel.FUNDING: Funding,
    Channel.MARK_PRICE: MarkPrice,
    Channel.OPEN_INTEREST: OpenInterest,
}
"""What the channels tell; nobody is liquidated in a sandbox."""


def symbols(venue: Venue) -> None:
    """Every listed instrument has one unified symbol, one native name, and sane rules."""
    sandbox = open_sandbox(venue)
    listed = instruments_of(venue, sandbox)
    expect({one.symbol for one in listed} >= set(sandbox.markets), "markets are not listed")
    expect(len({one.symbol for one in listed}) == len(listed), "two instruments of one symbol")
    names = {(one.kind, one.native) for one in listed}
    expect(len(names) == len(listed), "two instruments of one native name")
    for one in listed:
        _check_rules(one)
        guessed = venue.guess(one.kind, one.native)
        expect(
            guessed is None or guessed.symbol == one.symbol,
            f"{one.native} is {one.symbol} when listed and {guessed and guessed.symbol} when read",
        )
        true = sandbox.markets[one.symbol].instrument
        for rule in ("tick", "step", "contract_size", "status", "native", "kind"):
            ours, theirs = getattr(one, rule), getattr(true, rule)
            expect(ours == theirs, f"{one.symbol}: {rule} is read as {ours}, not {theirs}")


def _check_rules(one: Instrument) -> None:
    expect(one.tick > 0, f"{one.symbol}: tick {one.tick}")
    expect(one.step > 0 or one.inverse, f"{one.symbol}: step {one.step}")
    expect(one.contract_size > 0, f"{one.symbol}: contract size {one.contract_size}")
    for fee in (one.maker_fee, one.taker_fee):
        expect(fee is None or abs(fee) < 1, f"{one.symbol}: fee {fee} is no fraction")


def events(venue: Venue) -> None:
    """Each kind of event tells the market's state in our units: price, base units, taker, time."""
    for stream in venue.streams:
        lab = Lab.open(venue, stream)
        lab.run(3)
        told: set[tuple[str, type[Event]]] = set()
        for _ in range(100):
            lab.events.clear()
            since_ns = lab.now_ns
            lab.run(0.1)
            for event in lab.events:
                if isinstance(event, Event):
                    market = lab.sandbox.markets[event.instrument.symbol]
                    _check(market, event, since_ns)
                    told.add((event.instrument.symbol, type(event)))
        for topic in topics_of(stream, lab.sandbox, KINDS):
            kind = KINDS[topic.channel]
            expect((topic.symbol, kind) in told, f"{stream.name}: {topic} told nothing")


def requests(venue: Venue) -> None:
    """What requests answer is the market's state in our units as well."""
    sandbox = open_sandbox(venue)
    now_ns = START_NS
    for _ in range(600):
        now_ns += STEP_NS
        sandbox.step(now_ns)
    instruments = Instruments(
        one for one in instruments_of(venue, sandbox) if one.symbol in sandbox.markets
    )
    for instrument in instruments:
        for name, answer_ in _answers(venue, sandbox, instrument, now_ns):
            expect(answer_, f"{instrument.symbol}: {name} is empty")
            for event in answer_:
                _check(sandbox.markets[instrument.symbol], event, START_NS)
            at_ns = [_moment_ns(event) for event in answer_]
            expect(at_ns == sorted(at_ns), f"{instrument.symbol}: {name} is not the oldest first")
    for kind in venue.kinds:
        try:
            request = venue.rest.tickers(kind, instruments.native)
        except CodecUsageError:
            continue
        tickers = request.read(answer(sandbox, request, now_ns))
        told = {ticker.instrument.symbol for ticker in tickers}
        expect(
            told == {one.symbol for one in instruments if one.kind is kind},
            f"tickers of all {kind} markets are those of {sorted(told)}",
        )
        for ticker in tickers:
            _check_ticker(sandbox.markets[ticker.instrument.symbol], ticker)


def _answers(
    venue: Venue, sandbox: SandboxVenue, one: Instrument, now_ns: int
) -> Iterator[tuple[str, list[Event]]]:
    """What the venue answers about a market, as lists of events."""
    rest = venue.rest
    asks: dict[str, Callable[[], Request[Any]]] = {
        "the book": lambda: rest.book(one, 20),
        "trades": lambda: rest.trades(one, 20),
        "the ticker": lambda: rest.ticker(one),
        "klines": lambda: rest.klines(one, KlineInterval.M1, 5),
    }
    if one.kind is Kind.PERPETUAL:
        asks |= {
            "funding": lambda: rest.funding(one),
            "past funding": lambda: rest.funding_history(one, 5),
            "the mark price": lambda: rest.mark_price(one),
            "open interest": lambda: rest.open_interest(one),
        }
    for name, ask in asks.items():
        try:
            request = ask()
        except CodecUsageError:
            continue  # the matrix of venues says so
        value = request.read(answer(sandbox, request, now_ns))
        yield name, value if isinstance(value, list) else [value]


def _moment_ns(event: Event) -> int:
    match event:
        case Kline():
            return event.open_ns
        case FundingCharge():
            return event.charged_ns
        case _:
            return event.venue_ns or 0


def _check(market: SandboxMarket, event: Event, since_ns: int) -> None:
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
    _same(kline, "interval", kline.interval, KlineInterval.M1)
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
