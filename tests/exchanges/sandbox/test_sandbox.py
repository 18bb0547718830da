"""Sandboxes answer as their venues do; what they answer is checked by the conformance suite."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.errors import CodecUsageError, ExchangeError, InvalidSymbol, RateLimited
from exchanges.market.instrument import Instrument, Kind, kind_of
from exchanges.market.topics import KlineInterval
from exchanges.replies.response import Response
from exchanges.rest.public import PublicRest
from exchanges.rest.question import Question
from exchanges.rest.request import Request
from exchanges.sandbox.market import level_changes
from exchanges.sandbox.matching import Depth
from exchanges.sandbox.request import SandboxRequest
from exchanges.sandbox.venue import SandboxVenue
from supervisor.verify.lab import START_NS, instruments_of, open_sandbox
from tests.exchanges.transcripts import PRESENT, market

T = TypeVar("T")
every_venue = pytest.mark.parametrize("name", PRESENT)


def ask(sandbox: SandboxVenue, request: Request[T], now_ns: int = START_NS) -> T:
    """What the client reads in the server's answer."""
    return request.read(answer(sandbox, request, now_ns))


@pytest.mark.parametrize(
    ("name", "own", "usual"),
    [(name, own, usual) for name in PRESENT for own, usual in VENUES[name].assets.items()],
)
def test_asset_that_the_venue_calls_differently_has_its_usual_name(
    name: str, own: str, usual: str
) -> None:
    kind = VENUES[name].kinds[0]
    symbol = f"{usual}/USDT" if kind is Kind.SPOT else f"{usual}/USDT:USDT"
    sandbox = open_sandbox(VENUES[name], [symbol])
    (instrument,) = instruments_of(VENUES[name], sandbox)
    assert (instrument.symbol, instrument.base) == (symbol, usual)
    assert instrument.native.upper().startswith(own.upper())
    guessed = VENUES[name].guess(kind, instrument.native)
    assert guessed is not None
    assert guessed.symbol == instrument.symbol


@every_venue
@pytest.mark.parametrize(
    "symbol",
    ["PEPE/USDT", "SHIB/BTC", "BTC/SHIB", "X/USDT", "PEPE/USDT:USDT", "X/USDT:USDT"],
)
def test_rules_of_any_price_survive_the_wire(name: str, symbol: str) -> None:
    sandbox = open_sandbox(VENUES[name], [symbol])
    assert (symbol in sandbox.markets) == (kind_of(symbol) in VENUES[name].kinds)
    had = [one.instrument for one in sandbox.markets.values()]
    read = instruments_of(VENUES[name], sandbox)
    # Funding intervals may be listed apart, whatever the price.
    assert [replace(one, funding_interval_s=None) for one in read] == [
        replace(one, funding_interval_s=None) for one in had
    ]


@every_venue
def test_server_tells_its_time(name: str) -> None:
    sandbox, now_ns = open_sandbox(VENUES[name]), START_NS + 123_000_000
    told_ns = now_ns - now_ns % VENUES[name].rest.clock_step_ns
    assert ask(sandbox, VENUES[name].rest.server_time(), now_ns) == told_ns
    ask(sandbox, VENUES[name].rest.ping(), now_ns)


def asked_of(rest: PublicRest, one: Instrument) -> Iterator[Request[Any]]:
    """Every request that our client can make about a market."""
    find: Callable[[Kind, str], Instrument | None] = lambda kind, native: one  # noqa: E731
    yield from rest.instruments()
    wishes: tuple[Callable[[], Request[Any]], ...] = (
        lambda: rest.book(one, 20),
        lambda: rest.trades(one, 20),
        lambda: rest.ticker(one),
        lambda: rest.tickers(one.kind, find),
        lambda: rest.klines(one, KlineInterval.M5, 5),
        lambda: rest.funding(one),
        lambda: rest.funding_history(one, 5),
        lambda: rest.mark_price(one),
        lambda: rest.open_interest(one),
        rest.server_time,
        rest.ping,
    )
    for wish in wishes:
        with suppress(CodecUsageError):  # not every venue has all of them
            yield wish()


def spoiled(request: Request[Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Paths and queries that differ from a good one in one place."""
    query = dict(request.at(START_NS).query)
    yield f"{request.path}/nonsense", query
    yield request.path.replace("BTC", "NOSUCHTHING"), query
    for name in query:
        yield request.path, {key: value for key, value in query.items() if key != name}
        for value in ("", "abc", "-1", "0", "1e9", "9" * 40, "\x00", "币"):
            yield request.path, {**query, name: value}


@every_venue
def test_whatever_a_request_asks_for_it_is_answered(name: str) -> None:
    venue = VENUES[name]
    sandbox = open_sandbox(venue)
    requests = [
        (request.endpoint, request.method, path, query)
        for market in sandbox.markets.values()
        for request in asked_of(venue.rest, market.instrument)
        for path, query in spoiled(request)
    ]
    assert len(requests) > 50
    for endpoint, method, path, query in requests:
        reply = sandbox.answer(
            SandboxRequest(
                endpoint=endpoint, method=method, path=path, query=query, now_ns=START_NS
            )
        )
        assert reply.status < 600, (path, query)


@every_venue
def test_number_that_is_none_is_refused_in_the_venues_words(name: str) -> None:
    """Of the parameter that limits the rows of a book, where the venue has one."""
    venue = VENUES[name]
    sandbox = open_sandbox(venue)
    one = next(iter(sandbox.markets.values())).instrument
    request = venue.rest.book(one, 20)
    limits = [key for key, value in request.query if value.isdecimal() and value != one.native]
    for limit in limits:
        wrong = tuple((key, "abc" if key == limit else value) for key, value in request.query)
        with pytest.raises(ExchangeError):
            ask(sandbox, replace(request, query=wrong))


@every_venue
def test_busy_server_is_a_rate_limit(name: str) -> None:
    sandbox = open_sandbox(VENUES[name])
    sandbox.busy = 1
    with pytest.raises(RateLimited):
        ask(sandbox, VENUES[name].rest.server_time())
    ask(sandbox, VENUES[name].rest.server_time())


@every_venue
def test_unknown_market_is_an_invalid_symbol_whatever_is_asked(name: str) -> None:
    venue, sandbox = VENUES[name], open_sandbox(VENUES[name])
    for kind in venue.kinds:
        symbol = "NOPE/USDT" if kind is Kind.SPOT else "NOPE/USDT:USDT"
        unknown = market(symbol, "NOPEUSDT", venue=name, funding_interval_s=28_800.0)
        for question in venue.rest.offers(kind):
            if question.is_about_one:
                interval = KlineInterval.M1 if question is Question.KLINES else None
                with pytest.raises(InvalidSymbol):
                    ask(sandbox, venue.rest.about(question, unknown, 5, interval))


@every_venue
@pytest.mark.parametrize("wish", ["funding", "funding_history", "mark_price", "open_interest"])
def test_what_only_perpetuals_have_is_not_told_of_others(name: str, wish: str) -> None:
    """Of a spot market, or of one that is not there where the venue has perpetuals alone."""
    venue = VENUES[name]
    sandbox = open_sandbox(venue, ["BTC/USDT", "ETH/USDT:USDT"])
    markets = {one.instrument.kind: one.instrument for one in sandbox.markets.values()}
    spot = markets.get(Kind.SPOT, market("BTC/USDT", "BTCUSDT", venue=name))
    # A client that takes the market for a perpetual.
    mistaken = replace(markets.get(Kind.PERPETUAL, spot), symbol=spot.symbol, native=spot.native)
    with suppress(CodecUsageError):  # the venue has no such request
        request = getattr(venue.rest, wish)(mistaken)
        with pytest.raises(ExchangeError):
            ask(sandbox, request)


@every_venue
def test_unknown_path_is_an_error(name: str) -> None:
    request = SandboxRequest(endpoint="rest", method="GET", path="/nope", query={}, now_ns=START_NS)
    reply = open_sandbox(VENUES[name]).answer(request)
    response = Response(status=reply.status, body=reply.body, received_ns=START_NS)
    with pytest.raises(ExchangeError):
        VENUES[name].rest.server_time().read(response)


def test_changes_of_levels_turn_those_told_into_those_of_now() -> None:
    told = Depth(last_id=1, bids=[(10, 5), (9, 2)], asks=[(11, 1)])
    now = Depth(last_id=4, bids=[(10, 5), (8, 3)], asks=[(11, 2), (12, 1)])
    assert level_changes(told, now) == Depth(
        last_id=4, bids=[(9, 0), (8, 3)], asks=[(11, 2), (12, 1)]
    )
    assert level_changes(now, now) == Depth(last_id=4, bids=[], asks=[])
