"""Symbols, and what each kind of event tells, against the state of the sandbox's market."""

from collections.abc import Sequence
from math import inf

from exchanges.market.events import (
    BookDelta,
    Event,
    Funding,
    Kline,
    MarkPrice,
    OpenInterest,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from exchanges.sandbox.market import SandboxMarket
from exchanges.venue import Venue
from supervisor.verify.case import NotApplicable, expect
from supervisor.verify.checks import check
from supervisor.verify.lab import (
    SYMBOLS,
    Lab,
    instruments_of,
    open_sandbox,
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


def symbols(venue: Venue, of: Sequence[str] = SYMBOLS) -> None:
    """Every listed instrument has one unified symbol, one native name, and sane rules."""
    sandbox = open_sandbox(venue, of)
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
        for rule in one.__struct_fields__:
            ours, theirs = getattr(one, rule), getattr(true, rule)
            if theirs is not None:  # some are listed apart
                expect(ours == theirs, f"{one.symbol}: {rule} is {ours}, not {theirs}")


def _check_rules(one: Instrument) -> None:
    expect(one.tick > 0, f"{one.symbol}: tick {one.tick}")
    expect(one.step > 0 or one.inverse, f"{one.symbol}: step {one.step}")
    expect(one.contract_size > 0, f"{one.symbol}: contract size {one.contract_size}")
    for fee in (one.maker_fee, one.taker_fee):
        expect(fee is None or abs(fee) < 1, f"{one.symbol}: fee {fee} is no fraction")


def events(venue: Venue, of: Sequence[str] = SYMBOLS) -> None:
    """Each kind of event tells the market's state in our units: price, base units, taker, time."""
    for stream in venue.streams:
        lab = Lab.open(venue, stream, symbols=of)
        lab.run(3)
        told: set[tuple[str, type[Event]]] = set()
        for _ in range(100):
            lab.events.clear()
            since_ns = lab.now_ns
            lab.run(0.1)
            for event in lab.events:
                if isinstance(event, Event):
                    market = lab.sandbox.markets[event.instrument.symbol]
                    check(market, event, since_ns)
                    told.add((event.instrument.symbol, type(event)))
        for topic in topics_of(stream, lab.sandbox, KINDS):
            kind = KINDS[topic.channel]
            expect((topic.symbol, kind) in told, f"{stream.name}: {topic} told nothing")


def trades(venue: Venue) -> None:
    """Every trade is told, once, in order."""
    for stream in venue.streams:
        lab = Lab.open(venue, stream, (Channel.TRADES,))
        lab.run(5)
        lab.events.clear()
        since_ns = lab.now_ns
        lab.run(10)
        for topic in topics_of(stream, lab.sandbox, (Channel.TRADES,)):
            market = lab.sandbox.markets[topic.symbol]
            price = market.synthetic.ticks.number
            told = [
                (trade.price, trade.side)
                for trade in lab.events
                if isinstance(trade, Trade) and trade.instrument.symbol == topic.symbol
            ]
            true = [
                (price(match.price), match.side)
                for match in market.synthetic.statistics.trades
                if match.time_ns > since_ns
            ]
            expect(told == true, f"{topic}: {len(told)} are told of {len(true)}")


def empty_side(venue: Venue) -> None:
    """A side without orders has neither price nor size."""
    streams = [stream for stream in venue.streams if Channel.TOP in stream.channels]
    if not streams:
        raise NotApplicable("the venue streams no best bid and ask of its own")
    for stream in streams:
        lab = Lab.open(venue, stream, (Channel.TOP,))
        lab.run(5)
        for topic in topics_of(stream, lab.sandbox, (Channel.TOP,)):
            lab.events.clear()
            market = lab.sandbox.markets[topic.symbol]
            for side in Side:  # bids first
                _cancel_all(market, side)
                lab.session.publish({market: market.synthetic.publish(lab.now_ns)}, lab.now_ns)
            lab.talk()
            tops = [event for event in lab.events if isinstance(event, Top)]
            seen = [(one.bid, one.bid_size, one.ask, one.ask_size) for one in tops]
            expect(seen, f"{topic} told nothing")
            expect(seen[0][:2] == (0.0, 0.0), f"{topic}: no bids are read as {seen[0][:2]}")
            expect(seen[-1] == (0.0, 0.0, inf, 0.0), f"{topic}: nothing is read as {seen[-1]}")


def _cancel_all(market: SandboxMarket, side: Side) -> None:
    engine = market.synthetic.engine
    book = engine.side(side)
    for order in [order for price in list(book) for order in book.orders_at(price)]:
        engine.cancel(order.order_id)
