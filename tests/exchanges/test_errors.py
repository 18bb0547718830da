"""What codes mean, where several venues once read them wrongly: from their fact sheets."""

from pathlib import Path

import msgspec
import pytest

from exchanges import VENUES
from exchanges.errors import (
    AuthenticationError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    VenueUnavailable,
)
from exchanges.market.numbers import NS_PER_MS
from exchanges.replies.response import Response
from tests.exchanges.transcripts import PRESENT, RECEIVED_NS


def told(venue: str, body: bytes, status: int = 200) -> ExchangeError:
    response = Response(status=status, body=body, received_ns=RECEIVED_NS)
    error = VENUES[venue].rest.errors.of(response, venue=venue, asked="POST /order")
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("venue", "body", "error"),
    [
        ("okx", b'{"code":"51054","msg":"Request timed out"}', VenueUnavailable),
        ("okx", b'{"code":"50004","msg":"timeout"}', VenueUnavailable),
        ("bybit", b'{"retCode":170234,"retMsg":"System error"}', VenueUnavailable),
        ("htx", b'{"status":"error","err-code":"order-update-error"}', VenueUnavailable),
        ("kucoin", b'{"code":"429000","msg":"Too Many Requests"}', RateLimited),
    ],
)
def test_code_that_leaves_an_order_open_is_told_as_open(
    venue: str, body: bytes, error: type[ExchangeError]
) -> None:
    caught = told(venue, body)
    assert type(caught) is error
    assert caught.is_open


@pytest.mark.parametrize(
    ("venue", "body", "status", "error"),
    [
        ("kraken", b'{"error":["EService:Deadline elapsed"]}', 200, ExchangeError),
        ("kraken", b'{"error":["EAPI:Invalid nonce"]}', 200, TimestampError),
        ("kraken", b'{"error":["EAPI:Invalid key"]}', 200, AuthenticationError),
        ("kraken", b'{"error":["EOrder:Rate limit exceeded"]}', 200, RateLimited),
        ("htx", b'{"status":"error","err_code":1014,"err_msg":"none"}', 200, InvalidSymbol),
        ("htx", b'{"status":"error","err-msg":"invalid  symbol"}', 200, InvalidSymbol),
        ("htx", b'{"status":"error","err_code":1032,"err_msg":"limit"}', 200, RateLimited),
        ("coinbase", b'{"error":"Unauthorized"}', 401, AuthenticationError),
        ("mexc", b'{"code":30020,"msg":"no"}', 400, PermissionDenied),
        ("binance", b'{"code":-1034,"msg":"no"}', 400, RateLimited),
    ],
)
def test_code_means_what_the_venue_says(
    venue: str, body: bytes, status: int, error: type[ExchangeError]
) -> None:
    caught = told(venue, body, status)
    assert type(caught) is error
    assert not caught.is_open


def test_swaps_count_within_three_seconds() -> None:
    caught = told("htx", b'{"status":"error","err_code":1032,"err_msg":"limit"}')
    assert isinstance(caught, RateLimited)
    assert caught.retry_after_s == 3.0


@pytest.mark.parametrize("name", PRESENT)
def test_a_page_that_forbids_is_a_ban_of_the_address(name: str) -> None:
    caught = told(name, b"<html>\n<h1>Access denied</h1></html>", 403)
    assert caught.is_ban
    assert caught.retry_after_s == 60.0


@pytest.mark.parametrize("name", PRESENT)
def test_a_banned_address_stays_away_as_long_as_the_shortest_ban(name: str) -> None:
    caught = told(name, b"", 418)
    assert isinstance(caught, RateLimited)
    assert caught.is_ban
    assert caught.retry_after_s == 120.0


@pytest.mark.parametrize("name", PRESENT)
@pytest.mark.parametrize(
    ("status", "is_open"),
    [(307, True), (408, True), (500, True), (502, True), (400, False), (404, False), (429, False)],
)
def test_a_status_with_which_a_gateway_gives_up_leaves_open_what_was_done(
    name: str, status: int, is_open: bool
) -> None:
    assert told(name, b"<html>", status).is_open is is_open


NO_WAIT = ["0", "0.0", "-5", "Thu, 01 Jan 1970 00:10:00 GMT"]


@pytest.mark.parametrize("name", PRESENT)
@pytest.mark.parametrize("header", NO_WAIT)
@pytest.mark.parametrize("status", [403, 418, 429])
def test_a_wait_that_is_over_says_as_much_as_none(name: str, header: str, status: int) -> None:
    def wait_s(headers: dict[str, str]) -> float | None:
        response = Response(status=status, body=b"<html>", received_ns=RECEIVED_NS, headers=headers)
        caught = VENUES[name].rest.errors.of(response, venue=name, asked="GET /time")
        assert caught is not None
        return caught.retry_after_s

    waited_s = wait_s({"retry-after": header})
    assert waited_s == wait_s({})
    assert waited_s is not None
    assert waited_s >= {403: 60.0, 418: 120.0, 429: 0.1}[status]


@pytest.mark.parametrize("name", ["aster", "binance"])
def test_a_ban_whose_end_has_passed_by_our_clock_is_one(name: str) -> None:
    body = b'{"code":-1003,"msg":"Way too many requests; IP banned until 1600000000000."}'
    for status in (418, 429):
        caught = told(name, body, status)
        assert isinstance(caught, RateLimited)
        assert (caught.is_ban, caught.retry_after_s) == (True, 120.0)


def test_a_budget_that_is_full_at_once_is_not_believed() -> None:
    response = Response(
        status=429, body=b"", received_ns=RECEIVED_NS, headers={"gw-ratelimit-reset": "0"}
    )
    caught = VENUES["kucoin"].rest.errors.of(response, venue="kucoin", asked="GET /time")
    assert caught is not None
    assert caught.retry_after_s == 30.0


@pytest.mark.parametrize("name", PRESENT)
@pytest.mark.parametrize(
    ("header", "wait_s"),
    [("7", 7.0), ("0.5", 0.5), ("9" * 15, 259_200.0), ("-5", None), ("1_000", None), ("", None)],
)
def test_a_venue_that_is_unavailable_says_for_how_long(
    name: str, header: str, wait_s: float | None
) -> None:
    response = Response(
        status=503, body=b"<html>", received_ns=RECEIVED_NS, headers={"retry-after": header}
    )
    caught = VENUES[name].rest.errors.of(response, venue=name, asked="GET /time")
    assert isinstance(caught, VenueUnavailable)
    assert caught.retry_after_s == wait_s


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("case", "wait_s", "is_ban"),
    [("aster_ban", 600.0, True), ("aster_too_many", 40.0, False)],
)
def test_a_ban_ends_when_its_body_says_and_a_full_minute_with_the_next(
    case: str, wait_s: float, is_ban: bool, shared: Path
) -> None:
    file = shared / "cases" / "market" / f"{case}.json"
    if not file.is_file():
        pytest.skip(f"no cases: {file} is missing")
    found = msgspec.json.decode(file.read_bytes())
    response = Response(
        status=found["status"],
        body=msgspec.json.encode(found["body"]),
        received_ns=found["received_ms"] * NS_PER_MS,
    )
    for name in ("aster", "binance"):
        caught = VENUES[name].rest.errors.of(response, venue=name, asked="GET /time")
        assert isinstance(caught, RateLimited)
        assert (caught.retry_after_s, caught.is_ban) == (wait_s, is_ban)
        assert caught.message == found["body"]["msg"]
