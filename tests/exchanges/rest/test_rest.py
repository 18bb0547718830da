"""The contract of a request, on a venue that answers with one number."""

from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from msgspec.structs import replace

from exchanges.errors import (
    SAMPLE_BYTES,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    RateLimited,
    VenueProtocolError,
    VenueUnavailable,
)
from exchanges.market.events import BookSnapshot
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import KlineInterval
from exchanges.rest.public import PublicRest
from exchanges.rest.request import Effect, Listing, Request, Response
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

SPOT, PERPETUAL = market("BTC/USDT", "BTCUSDT"), market("BTC/USDT:USDT", "BTCUSDT")


class Number(msgspec.Struct):
    number: int


class Rows(msgspec.Struct):
    rows: list[msgspec.Raw]


class Trouble(msgspec.Struct):
    code: int
    text: str


_NUMBER = msgspec.json.Decoder(Number)
_ROWS = msgspec.json.Decoder(Rows)
_TROUBLE = msgspec.json.Decoder(Trouble)


class NumberRest(PublicRest):
    venue = "numbers"
    paths: ClassVar = {
        "/spot/list": ("instruments", Kind.SPOT),
        "/swap/list": ("instruments", Kind.PERPETUAL),
        "/spot/book": ("book", Kind.SPOT),
        "/swap/book": ("book", Kind.PERPETUAL),
        "/time": ("time", Kind.SPOT),
    }

    def error(self, response: Response, asked: str) -> ExchangeError | None:
        if response.status < 400:
            return None
        trouble = _TROUBLE.decode(response.body)
        return InvalidSymbol(trouble.text, venue=self.venue, code=str(trouble.code), asked=asked)

    def instruments(self) -> tuple[Request[Listing], ...]:
        return self._list("/spot/list", SPOT), self._list("/swap/list", PERPETUAL)

    def _list(self, path: str, instrument: Instrument) -> Request[Listing]:
        def read(wire: Rows, _: int) -> Listing:
            return self._listing(wire.rows, _NUMBER, lambda row: instrument if row.number else None)

        return self._get("instruments", "rest", path, _ROWS, read, costs=())

    def book(self, instrument: Instrument, depth: int = 0) -> Request[BookSnapshot]:
        def translate(wire: Number, received_ns: int) -> BookSnapshot:
            return BookSnapshot(
                instrument=instrument,
                bids=[],
                asks=[],
                sequence=wire.number,
                received_ns=received_ns,
            )

        path = "/spot/book" if instrument.kind is Kind.SPOT else "/swap/book"
        return self._get(
            "book", "rest", path, _NUMBER, translate, costs=(("weight", 5),),
            instrument=instrument, limit=depth or 100,
        )  # fmt: skip

    def server_time(self) -> Request[int]:
        return self._get(
            "time", "rest", "/time", _NUMBER, lambda wire, _: 1_000 // wire.number, costs=()
        )


REST = NumberRest()
TIME = REST.server_time()
DEEP = b"[" * 100_000


def reply(status: int, body: bytes = b'{"code": 7, "text": "no"}', **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, body=body, received_ns=RECEIVED_NS, headers=named)


def find(kind: Kind, native: str) -> Instrument | None:
    return {(Kind.SPOT, "BTCUSDT"): SPOT, (Kind.PERPETUAL, "BTCUSDT"): PERPETUAL}.get(
        (kind, native)
    )


def test_request_is_a_value_that_says_what_it_costs_and_asks() -> None:
    request = REST.book(SPOT, 100)
    assert (request.venue, request.name, request.method) == ("numbers", "book", "GET")
    assert (request.endpoint, request.target) == ("rest", "/spot/book?symbol=BTCUSDT&limit=100")
    assert request.costs == (("weight", 5),)
    assert request.effect is Effect.READ
    assert request.instrument is SPOT
    assert str(request) == "GET /spot/book?symbol=BTCUSDT&limit=100"
    assert TIME.target == "/time"


def test_parameters_that_depend_on_the_time_are_made_when_the_request_is_sent() -> None:
    request = NumberRest().server_time()
    assert request.at(RECEIVED_NS) is request
    dated = replace(request, dated=lambda now_ns: (("since", str(now_ns // 1_000_000_000 - 60)),))
    assert dated.at(RECEIVED_NS).query == (*request.query, ("since", "1699999940"))
    assert dated.at(RECEIVED_NS).at(0).target == dated.at(RECEIVED_NS).target


def test_names_outside_ascii_survive_the_request_line() -> None:
    target = REST.book(market("币安人生/USDT", "币安人生&USDT")).target
    assert target.isascii()
    assert ("symbol", "币安人生&USDT") in parse_qsl(urlsplit(target).query)


def test_reply_is_read_as_a_value_with_our_stamp() -> None:
    snapshot = REST.book(SPOT).read(ok(b'{"number": 42}'))
    assert (snapshot.instrument, snapshot.sequence) == (SPOT, 42)
    assert snapshot.received_ns == RECEIVED_NS


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"<html></html>", b'{"number": "many"}', b'{"number": 0}', b"\xff", DEEP,
     b'{"other": ' + DEEP],
    ids=["empty", "cut", "null", "HTML", "wrong type", "untranslatable", "no UTF-8", "deep",
         "deep inside"],
)  # fmt: skip
def test_reply_that_cannot_be_read_breaks_the_protocol(body: bytes) -> None:
    with pytest.raises(VenueProtocolError) as caught:
        TIME.read(ok(body))
    assert (caught.value.venue, caught.value.asked) == ("numbers", "GET /time")
    assert caught.value.payload == body[:SAMPLE_BYTES]


def test_refusal_is_the_error_that_the_venue_names() -> None:
    with pytest.raises(InvalidSymbol, match=r"numbers \[7\]: no \(GET /time\)"):
        TIME.read(reply(400))


@pytest.mark.parametrize("status", [418, 429])
def test_rate_limit_says_how_long_to_stay_away(status: int) -> None:
    with pytest.raises(RateLimited) as caught:
        TIME.read(reply(status, retry_after="120"))
    assert caught.value.retry_after_s == 120.0


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [("0.5", 0.5), ("0", 0.0), ("-5", 0.0), ("", 1.0), ("soon", 1.0), ("nan", 1.0), ("inf", 1.0),
     ("Wed, 21 Oct 2026 07:28:00 GMT", 1.0)],
)  # fmt: skip
def test_strange_retry_after_asks_for_a_second(header: str, wait_s: float) -> None:
    with pytest.raises(RateLimited) as caught:
        TIME.read(reply(429, retry_after=header))
    assert caught.value.retry_after_s == wait_s


def test_rate_limit_without_a_time_asks_for_a_second() -> None:
    with pytest.raises(RateLimited) as caught:
        TIME.read(reply(429))
    assert caught.value.retry_after_s == 1.0


unreadable = pytest.mark.parametrize(
    "body",
    [b"", b"<html></html>", b"{}", b"\xff", DEEP],
    ids=["empty", "HTML", "another form", "no UTF-8", "deep"],
)


@unreadable
@pytest.mark.parametrize("status", [500, 503])
def test_server_error_without_a_readable_reason_means_unavailable(status: int, body: bytes) -> None:
    with pytest.raises(VenueUnavailable, match=f"HTTP {status}"):
        TIME.read(reply(status, body))


@unreadable
@pytest.mark.parametrize("status", [400, 403])
def test_refusal_without_a_readable_reason_is_an_exchange_error(status: int, body: bytes) -> None:
    with pytest.raises(ExchangeError) as caught:
        TIME.read(reply(status, body))
    assert (caught.value.venue, caught.value.asked) == ("numbers", "GET /time")


@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirect_is_not_an_answer(status: int) -> None:
    with pytest.raises(ExchangeError, match=f"HTTP {status}"):
        TIME.read(reply(status, b'{"number": 42}'))


def test_what_the_venue_does_not_offer_is_our_mistake() -> None:
    for ask in (REST.ticker, REST.trades, REST.funding, REST.mark_price, REST.open_interest):
        with pytest.raises(CodecUsageError, match="numbers has no public request for"):
            ask(SPOT)
    with pytest.raises(CodecUsageError):
        REST.klines(SPOT, KlineInterval.M1)
    with pytest.raises(CodecUsageError):
        REST.ping()
    assert REST.funding_intervals() is None


@pytest.mark.parametrize(
    ("url", "instrument"),
    [
        ("https://numbers.example/spot/book?symbol=BTCUSDT&limit=100", SPOT),
        ("https://numbers.example/swap/book?limit=100&symbol=BTCUSDT", PERPETUAL),
    ],
)
def test_recorded_book_is_recognised_with_its_market(url: str, instrument: Instrument) -> None:
    request = REST.recognise(url, find)
    assert request is not None
    assert (request.name, request.instrument) == ("book", instrument)


@pytest.mark.parametrize(
    ("url", "instrument"),
    [
        ("https://numbers.example/spot/list", SPOT),
        ("https://numbers.example/swap/list?all=1", PERPETUAL),
    ],
)
def test_recorded_list_is_read_as_the_one_it_is(url: str, instrument: Instrument) -> None:
    request = REST.recognise(url, find)
    assert request is not None
    assert request.read(ok(b'{"rows": [{"number": 1}]}')) == Listing([instrument])


def test_odd_row_of_a_list_costs_no_market_but_its_own() -> None:
    (request, _) = REST.instruments()
    odd = b'{"number": "one"}'
    listing = request.read(ok(b'{"rows": [%s, {"number": 1}, {"number": 0}]}' % odd))
    assert listing.instruments == [SPOT]
    (reason,) = listing.unreadable
    assert "int" in reason
    assert str(odd) in reason


def test_list_of_which_nothing_can_be_read_is_an_error() -> None:
    (request, _) = REST.instruments()
    with pytest.raises(VenueProtocolError, match="Expected `int`"):
        request.read(ok(b'{"rows": [{"number": "one"}]}'))


def test_empty_list_is_one() -> None:
    (request, _) = REST.instruments()
    assert request.read(ok(b'{"rows": []}')) == Listing([])


@pytest.mark.parametrize(
    "path",
    [
        "/time",
        "/unknown",
        "/spot/book",
        "/spot/book?symbol=NOPE",
        "/spot/book?symbol=BTCUSDT&limit=20",
        "/spot/lists",
        "",
    ],
)
def test_recorded_reply_of_no_use_is_not_recognised(path: str) -> None:
    assert REST.recognise(f"https://numbers.example{path}", find) is None
