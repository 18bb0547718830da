"""Sandboxes answer as their venues do; what they answer is checked by the conformance suite."""

from typing import TypeVar

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.errors import ExchangeError, InvalidSymbol, RateLimited
from exchanges.market.instrument import Kind, kind_of
from exchanges.rest.request import Request, Response
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


@every_venue
def test_busy_server_is_a_rate_limit(name: str) -> None:
    sandbox = open_sandbox(VENUES[name])
    sandbox.busy = 1
    with pytest.raises(RateLimited):
        ask(sandbox, VENUES[name].rest.server_time())
    ask(sandbox, VENUES[name].rest.server_time())


@every_venue
def test_unknown_market_is_an_invalid_symbol(name: str) -> None:
    is_spot = Kind.SPOT in VENUES[name].kinds
    unknown = market("NOPE/USDT" if is_spot else "NOPE/USDT:USDT", "NOPEUSDT", venue=name)
    with pytest.raises(InvalidSymbol):
        ask(open_sandbox(VENUES[name]), VENUES[name].rest.book(unknown))


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
