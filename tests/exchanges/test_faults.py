"""What codes mean, where several venues once read them wrongly: from their fact sheets."""

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
from exchanges.rest.request import Response
from tests.exchanges.transcripts import RECEIVED_NS


def told(venue: str, body: bytes, status: int = 200) -> ExchangeError:
    response = Response(status=status, body=body, received_ns=RECEIVED_NS)
    error = VENUES[venue].rest.faults.of(response, venue=venue, asked="POST /order")
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
