"""The contract of a request, on a venue that answers with one number."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from msgspec.structs import replace

from exchanges.errors import (
    SAMPLE_BYTES,
    CodecUsageError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    TradingDisabled,
    VenueProtocolError,
    VenueUnavailable,
)
from exchanges.limits import Rate
from exchanges.market.events import BookSnapshot, Kline, Ticker
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import KlineInterval
from exchanges.market.units import Naming, Units
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response
from exchanges.rest.call import About, Call, Count, Query, Span, Surface
from exchanges.rest.pages import MOST_PAGES
from exchanges.rest.public import PublicRest
from exchanges.rest.request import Effect, Listing, Request
from exchanges.rest.rows import Page, named, one, within
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

SPOT, PERPETUAL = market("BTC/USDT", "BTCUSDT"), market("BTC/USDT:USDT", "BTCUSDT")


class Number(msgspec.Struct):
    number: int
    name: str = "BTCUSDT"


class Numbers(msgspec.Struct):
    rows: list[msgspec.Raw]


class Trouble(msgspec.Struct):
    code: int
    text: str


_TROUBLE = msgspec.json.Decoder(Trouble)


def _fault(response: Response) -> Complaint | None:
    if response.status < 400:
        return None
    trouble = _TROUBLE.decode(response.body)
    return Complaint(str(trouble.code), trouble.text)


ERRORS = ErrorTable(
    reads=_fault,
    codes={"7": InvalidSymbol, "8": VenueUnavailable, "9": RateLimited},
    starts={"long": TradingDisabled, "long live": PermissionDenied},
    words={"clock": TimestampError},
)


def snapshot(row: Number, about: About) -> BookSnapshot:
    return BookSnapshot(
        instrument=about.instrument,
        bids=[],
        asks=[],
        sequence=row.number,
        received_ns=about.received_ns,
    )


def kline(row: Number, about: About) -> Kline:
    return Kline(
        instrument=about.instrument,
        interval=about.interval,
        open_ns=row.number,
        open=1.0,
        high=1.0,
        low=1.0,
        close=1.0,
        volume=0.0,
        closed=not about.is_newest,
        received_ns=about.received_ns,
    )


def ticker(row: Number, about: About) -> Ticker | None:
    """A market whose number is nought has no ticker."""
    if not row.number:
        return None
    return Ticker(instrument=about.instrument, last=float(row.number), received_ns=0)


LIST = within(Numbers, lambda reply: reply.rows)


def surface(root: str, listed: Instrument) -> Surface:
    return Surface(
        rows=LIST,
        instruments=Call(
            path=f"/{root}/list",
            reads=Number,
            means=lambda row, _: listed if row.number else None,
            names=named("name"),
            strict=True,
        ),
        book=Call(
            path=f"/{root}/book",
            reads=Number,
            means=snapshot,
            rows=one,
            count=Count(most=100),
            bucket="weight",
            weights=((20, 2), (100, 5)),
        ),
        klines=Call(
            path=f"/{root}/klines/{{native}}/{{interval}}",
            reads=Number,
            means=kline,
            intervals={KlineInterval.M1: "1min"},
            count=Count(parameter="size", most=3),
            newest_first=True,
            span=Span(start="since", end="until"),
        ),
        ticker=Call(path=f"/{root}/tickers", reads=Number, means=ticker, names=named("name")),
        tickers=Call(path=f"/{root}/tickers", reads=Number, means=ticker, names=named("name")),
        server_time=Call(
            path="/time",
            reads=Number,
            means=lambda row, _: 1_000 // row.number,
            rows=one,
            strict=True,
            rate=Rate(10, 1.0),
        ),
    )


REST = PublicRest(
    "numbers",
    {Kind.SPOT: surface("spot", SPOT), Kind.PERPETUAL: surface("swap", PERPETUAL)},
    ERRORS,
)
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
    request = REST.server_time()
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
    [("0.5", 0.5), ("0", 1.0), ("-5", 1.0), ("", 1.0), ("soon", 1.0), ("nan", 1.0), ("inf", 1.0),
     ("Tue, 14 Nov 2023 22:15:20 GMT", 120.0), ("Tue, 14 Nov 2023 22:00:00 GMT", 1.0),
     ("9999999999", 259_200.0), ("Fri, 31 Dec 9999 00:00:00 GMT", 259_200.0)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_and_else_a_second(header: str, wait_s: float) -> None:
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
    for ask in (REST.trades, REST.funding, REST.mark_price, REST.open_interest):
        with pytest.raises(CodecUsageError, match=r"numbers has no public request for .* of spot"):
            ask(SPOT)
    with pytest.raises(CodecUsageError, match="numbers has no candles of 3m for BTC/USDT"):
        REST.klines(SPOT, KlineInterval.M3)
    assert REST.funding_intervals() is None
    assert REST.offers(Kind.SPOT) >= {"book", "ticker", "klines"}
    assert "trades" not in REST.offers(Kind.SPOT)


def test_a_venue_without_a_ping_is_asked_for_its_time() -> None:
    ping = REST.ping()
    assert (ping.name, ping.path) == ("ping", "/time")
    assert ping.read(ok(b'{"number": 1}')) is None


def test_limits_of_single_paths_are_buckets_of_their_own() -> None:
    assert REST.rates == {"/time": Rate(10, 1.0)}
    assert TIME.costs == (("/time", 1.0),)


# Lists.


def test_candles_are_asked_for_by_path_count_and_span() -> None:
    request = REST.klines(SPOT, KlineInterval.M1, 5)
    assert request.at(RECEIVED_NS).target == (
        "/spot/klines/BTCUSDT/1min?size=3&since=1699999820&until=1700000000"
    )


def test_candles_come_the_oldest_first_and_the_newest_is_known() -> None:
    rows = b'{"rows": [{"number": 4}, {"number": 3}, {"number": 2}, {"number": 1}]}'
    klines = REST.klines(SPOT, KlineInterval.M1, 2).read(ok(rows))
    assert [(one.open_ns, one.closed) for one in klines] == [(3, True), (4, False)]


def test_odd_row_of_any_list_costs_no_row_but_its_own() -> None:
    rows = b'{"rows": [{"number": 2}, {"number": {}}, {"number": 1}]}'
    klines = REST.klines(SPOT, KlineInterval.M1, 3).read(ok(rows))
    assert [one.open_ns for one in klines] == [1, 2]
    (odd,) = klines.odd
    assert "int" in odd.reason


def test_tickers_of_all_are_those_of_known_markets() -> None:
    rows = b"""{"rows": [{"number": 2, "name": "BTCUSDT"}, {"number": 3, "name": "ETHUSDT"},
                         {"number": [], "name": "BTCUSDT"}, {"number": 1, "name": 7}]}"""
    tickers = REST.tickers(Kind.SPOT, find).read(ok(rows))
    assert [(one.instrument, one.last) for one in tickers] == [(SPOT, 2.0)]
    assert [odd.native for odd in tickers.odd] == ["BTCUSDT"]


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (b'{"rows": [{"number": 1, "name": "ETHUSDT"}]}', InvalidSymbol),
        (b'{"rows": []}', InvalidSymbol),
        (b'{"rows": [{"number": 0, "name": "BTCUSDT"}]}', VenueUnavailable),
        (b'{"rows": [{"number": 0}, {"number": 0, "name": "BTCUSDT"}]}', VenueUnavailable),
        (b'{"rows": [{"number": 0}]}', VenueProtocolError),
    ],
    ids=["of another market", "of none", "tells nothing", "beside an odd one", "odd itself"],
)
def test_market_that_a_list_does_not_tell_of(rows: bytes, error: type[ExchangeError]) -> None:
    with pytest.raises(ExchangeError) as caught:
        REST.ticker(SPOT).read(ok(rows))
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("count", "wanted", "asked"),
    [
        (Count(most=100), 0, 100),
        (Count(most=100), 7, 7),
        (Count(most=100), 700, 100),
        (Count(most=5000, usual=1000), 0, 1000),
        (Count(steps=(5, 20)), 0, 20),
        (Count(steps=(5, 20)), 6, 20),
        (Count(steps=(5, 20)), 21, 20),
        (Count(steps=(5, 20), is_open=True), 21, None),
        (Count(is_open=True), 0, None),
        (Count(is_open=True), 50, 50),
    ],
)
def test_number_of_rows_that_is_asked_for(count: Count, wanted: int, asked: int | None) -> None:
    assert count.of(wanted) == asked


def test_what_a_request_weighs_depends_on_the_rows() -> None:
    assert REST.book(SPOT, 10).costs == (("weight", 2),)
    assert REST.book(SPOT).costs == (("weight", 5),)


# Faults.


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Complaint("7", "anything"), InvalidSymbol),
        (Complaint("1", "longer"), TradingDisabled),
        (Complaint("1", "long live"), PermissionDenied),
        (Complaint("long", "x"), TradingDisabled),
        (Complaint("1", "your Clock is wrong"), TimestampError),
        (Complaint("1", "x"), ExchangeError),
        (Complaint("7", "x", PermissionDenied), PermissionDenied),
        (Complaint("9", "x"), RateLimited),
    ],
)
def test_fault_means_what_the_first_table_that_knows_it_says(
    fault: Complaint, error: type[ExchangeError]
) -> None:
    told = ERRORS.error(fault, venue="numbers", asked="GET /x")
    assert type(told) is error
    assert (told.code, told.message) == (fault.code, fault.text)


def test_venue_that_is_busy_itself_sets_no_limit_of_ours() -> None:
    with pytest.raises(VenueUnavailable):
        TIME.read(reply(429, b'{"code": 8, "text": "busy"}'))


def test_long_words_of_a_venue_are_cut() -> None:
    told = ERRORS.error(Complaint("7" * 999, "x" * 999), venue="numbers", asked="GET /x")
    assert (len(told.code), len(told.message)) == (SAMPLE_BYTES, SAMPLE_BYTES)


# Recordings.


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
    odd = '{"number": "one", "name": "币安人生USDT"}'.encode()
    listing = request.read(ok(b'{"rows": [%s, {"number": 1}, {"number": 0}]}' % odd))
    assert listing.instruments == [SPOT]
    (told,) = listing.odd
    assert told.native == "币安人生USDT"
    assert "int" in told.reason
    assert str(odd) in told.reason


def test_odd_unit_of_a_list_costs_no_market_but_its_own() -> None:
    """A rule that becomes too large for any number once it is told per plain unit."""
    rules = {row: market(f"{row}/USDT", f"{row}USDT") for row in ("BTC", "1000BIG")}
    rules["1000BIG"] = replace(rules["1000BIG"], step=Decimal("9e999999"))
    listed = Call(
        path="/spot/list",
        reads=Number,
        means=lambda row, _: rules[row.name],
        names=named("name"),
    )
    units = Units((Naming.NUMBER,))
    spot = replace(surface("spot", SPOT), instruments=listed, units=units)
    (request,) = PublicRest("numbers", {Kind.SPOT: spot}, ERRORS).instruments()
    rows = b'{"rows": [{"number": 1, "name": "1000BIG"}, {"number": 1, "name": "BTC"}]}'
    listing = request.read(ok(rows))
    assert listing.instruments == [rules["BTC"]]
    assert [odd.native for odd in listing.odd] == ["1000BIG"]


def paged(follows: Callable[[Page, Mapping[str, str]], Query]) -> Request[Listing]:
    """A list that is asked for in pages."""
    call = surface("spot", SPOT).instruments
    assert call is not None
    spot = replace(surface("spot", SPOT), instruments=replace(call, follows=follows))
    return PublicRest("numbers", {Kind.SPOT: spot}, ERRORS).instruments()[0]


def page_of(name: str) -> Response:
    return ok(b'{"rows": [{"number": 1, "name": "%s"}]}' % name.encode())


def test_pages_without_a_new_market_end_in_an_error() -> None:
    """Also where two of them take turns, so that no cursor is that of the page before."""
    others = {"": "a", "a": "b", "b": "a"}
    first = paged(lambda _, asked: (("cursor", others[asked.get("cursor", "")]),))
    second = first.read(page_of("A")).more
    assert second is not None
    third = second.read(page_of("B")).more
    assert third is not None
    with pytest.raises(VenueProtocolError, match="page 3 of the list brings no market"):
        third.read(page_of("A"))


def test_a_page_that_follows_itself_is_an_error() -> None:
    second = paged(lambda _, __: (("cursor", "same"),)).read(page_of("A")).more
    assert second is not None
    with pytest.raises(VenueProtocolError, match="page 2 of the list asks for itself again"):
        second.read(page_of("B"))


def test_a_list_has_no_more_pages_than_any_venue_needs() -> None:
    request: Request[Listing] | None = paged(
        lambda _, asked: (("cursor", str(int(asked.get("cursor", "0")) + 1)),)
    )
    for number in range(MOST_PAGES - 1):
        assert request is not None
        request = request.read(page_of(f"M{number}")).more
    assert request is not None
    with pytest.raises(VenueProtocolError, match=f"more than {MOST_PAGES} pages"):
        request.read(page_of("last"))


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
