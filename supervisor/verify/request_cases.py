"""What requests answer, against the state of the sandbox's market."""

from collections.abc import Iterator, Sequence
from typing import Final

from exchanges.dialogue import answer
from exchanges.errors import CodecUsageError
from exchanges.market.events import Event, FundingCharge, Kline
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.topics import KlineInterval
from exchanges.rest.question import Question
from exchanges.rest.request import Rows
from exchanges.sandbox.venue import SandboxVenue
from exchanges.venue import Venue
from supervisor.verify.case import expect
from supervisor.verify.checks import check
from supervisor.verify.lab import START_NS, STEP_NS, SYMBOLS, instruments_of, open_sandbox

ROWS: Final = 5
"""How many levels or rows are asked for."""


def requests(venue: Venue, of: Sequence[str] = SYMBOLS) -> None:
    """What requests answer is the market's state in our units as well."""
    sandbox = open_sandbox(venue, of)
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
                check(sandbox.markets[instrument.symbol], event, START_NS)
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
            check(sandbox.markets[ticker.instrument.symbol], ticker, START_NS)


def _answers(
    venue: Venue, sandbox: SandboxVenue, one: Instrument, now_ns: int
) -> Iterator[tuple[str, list[Event]]]:
    """What the venue answers about a market, as lists of events."""
    for question in sorted(venue.rest.offers(one.kind)):
        if question.is_about_one:
            interval = KlineInterval.M1 if question is Question.KLINES else None
            request = venue.rest.about(question, one, ROWS, interval)
            value = request.read(answer(sandbox, request, now_ns))
            while isinstance(value, Rows) and value.more:
                value = value.more.read(answer(sandbox, value.more, now_ns))
            yield question.words, value if isinstance(value, list) else [value]


def _moment_ns(event: Event) -> int:
    match event:
        case Kline():
            return event.open_ns
        case FundingCharge():
            return event.charged_ns
        case _:
            return event.venue_ns or 0
