"""Lists of every venue with an odd row in them: it costs itself alone, and is told by its name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exchanges import VENUES
from exchanges.dialogue import answer
from exchanges.errors import VenueProtocolError
from exchanges.market.events import Ticker
from exchanges.market.instrument import Instrument, Kind, Status, kind_of
from exchanges.rest.call import Call
from exchanges.rest.public import PublicRest
from exchanges.rest.question import Question
from exchanges.rest.request import Listing, Request
from exchanges.rest.rows import Row
from exchanges.venue import Venue
from supervisor.verify.lab import START_NS, instruments_of, open_sandbox
from tests.exchanges.nonsense import each_spoiled
from tests.exchanges.test_fuzz import every_venue
from tests.exchanges.transcripts import ok

LISTS = (Question.INSTRUMENTS, Question.TICKERS)
HAN = "币安人生"


def lists_of(venue: Venue) -> Iterator[tuple[Request[Any], Call[Any, Any], bytes, list[Row]]]:
    """Each request of the venue for many markets, with the reply of its sandbox and its rows."""
    sandbox = open_sandbox(venue)
    known = {(one.kind, one.native): one for one in instruments_of(venue, sandbox)}

    def find(kind: Kind, native: str) -> Instrument | None:
        return known.get((kind, native))

    listings = list(venue.rest.instruments())
    for kind, surface in venue.rest.surfaces.items():
        requests: list[tuple[Request[Any], Call[Any, Any] | None]] = []
        if surface.instruments:
            requests.append((listings.pop(0), surface.instruments))
        if surface.tickers:
            requests.append((venue.rest.tickers(kind, find), surface.tickers))
        for request, call in requests:
            assert call is not None
            body = answer(sandbox, request, START_NS).body
            yield request, call, body, (call.rows or surface.rows)(body).rows


def told(value: Any) -> list[Any]:
    return value.instruments if isinstance(value, Listing) else list(value)


def with_row(body: bytes, beside: bytes, odd: bytes) -> bytes:
    """The reply with one more row before another; where rows have names beside them, after it."""
    at = body.index(beside)
    if body[:at].rstrip().endswith(b":"):
        at += len(beside)
        return body[:at] + b',"ODD":' + odd + body[at:]
    return body[:at] + odd + b"," + body[at:]


@every_venue
def test_an_odd_row_of_a_list_costs_no_other_row(name: str) -> None:
    seen = 0
    for request, _, body, rows in lists_of(VENUES[name]):
        whole = told(request.read(ok(body)))
        first = bytes(rows[0].raw)
        if first not in body:  # the reader has taken the name out of it
            first = bytes(msgspec.json.decode(body, type=list[msgspec.Raw])[0])
        odd_ones = (b"null", b"{}", b"[]", b'"odd"', b"7", *map(as_bytes, each_spoiled(first)))
        for odd in odd_ones:
            if not is_json(odd):
                continue
            read = told(request.read(ok(with_row(body, first, odd))))
            assert [one for one in whole if one not in read] == [], (str(request), odd)
            seen += 1
    assert seen > 10


def as_bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode(errors="surrogatepass")


def is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except ValueError:
        return False
    return True


@every_venue
def test_an_odd_row_of_a_list_tells_its_market_wherever_the_name_stands(name: str) -> None:
    """In whatever script, and behind however much else."""
    for request, call, body, rows in lists_of(VENUES[name]):
        if request.name != Question.INSTRUMENTS:
            continue
        assert call.names is not None
        row = json.loads(bytes(rows[0].raw))
        if not isinstance(row, dict):
            continue  # the name stands beside the row
        native = call.names(rows[0])[0]
        # Kraken names the market of its stream in a field, and spells some assets otherwise there.
        field = next((key for key, value in row.items() if str(value) == native), "wsname")
        if isinstance(row[field], int):
            continue
        rest = {key: None for key in row if key != field}
        odd = {**rest, "remark": "x" * 5000, field: f"{HAN}USDT"}
        text = json.dumps(odd, ensure_ascii=False).encode()
        listing = request.read(ok(with_row(body, bytes(rows[0].raw), text)))
        assert [one.native for one in listing.odd] == [f"{HAN}USDT"]


@every_venue
def test_no_listed_market_lacks_its_name_or_increments(name: str) -> None:
    for request, _, body, rows in lists_of(VENUES[name]):
        if request.name != Question.INSTRUMENTS:
            continue
        for row in rows[:2]:
            for odd in each_spoiled(bytes(row.raw)):
                text = as_bytes(odd)
                if not is_json(text):
                    continue
                for one in told(request.read(ok(with_row(body, bytes(row.raw), text)))):
                    assert one.native
                    assert one.tick
                    assert one.step or one.inverse
                    assert kind_of(one.symbol) is one.kind


def test_a_price_that_there_is_not_is_none() -> None:
    (btc, *_) = instruments_of(VENUES["okx"], open_sandbox(VENUES["okx"]))
    empty = Ticker(instrument=btc, received_ns=0, last=0.0, bid=0.0, ask=0.0, high=0.0, low=0.0)
    assert empty == Ticker(instrument=btc, received_ns=0)
    assert Ticker(instrument=btc, received_ns=0, last=1e-9).last == 1e-9


# Lists that were reported to other programs.


@pytest.fixture
def case(shared: Path) -> Any:
    folder = shared / "cases" / "market"
    if not folder.is_dir():
        pytest.skip(f"no cases: {folder} is missing")
    return lambda name: (folder / f"{name}.json").read_bytes()


OKX: PublicRest = VENUES["okx"].rest


@pytest.mark.recorded
def test_announced_swap_without_a_name_is_no_market(case: Any) -> None:
    request = next(one for one in OKX.instruments() if Kind.PERPETUAL in one.kinds)
    try:
        listed = request.read(ok(case("okx_instruments_swap"))).instruments
    except VenueProtocolError:
        listed = []  # there is no other row
    assert all(one.native and kind_of(one.symbol) is Kind.PERPETUAL for one in listed)


@pytest.mark.recorded
def test_announced_pair_without_rules_is_no_market(case: Any) -> None:
    request = next(one for one in OKX.instruments() if Kind.SPOT in one.kinds)
    listing = request.read(ok(case("okx_instruments_spot")))
    (zed,) = listing.instruments
    assert (zed.symbol, zed.native, zed.status) == ("ZED/USDT", "ZED-USDT", Status.TRADING)
    assert str(zed.tick) == "0.0001"


@pytest.mark.recorded
def test_new_market_without_numbers_costs_no_other_ticker(case: Any) -> None:
    def find(kind: Kind, native: str) -> Instrument | None:
        return VENUES["okx"].guess(kind, native)

    zed, qux = OKX.tickers(Kind.PERPETUAL, find).read(ok(case("okx_tickers_swap")))
    assert (zed.instrument.symbol, zed.last, zed.bid, zed.ask) == ("ZED/USDT:USDT", 1.7, 1.6, 1.8)
    assert (qux.last, qux.bid, qux.volume) == (None, None, None)


@pytest.mark.recorded
def test_row_whose_name_stands_far_back_is_told_by_it(case: Any) -> None:
    (request,) = VENUES["backpack"].rest.instruments()
    before = request.read(ok(case("backpack_markets_1")))
    after = request.read(ok(case("backpack_markets_2")))
    (odd,) = after.odd
    (lost,) = {one.native for one in before.instruments} - {one.native for one in after.instruments}
    assert odd.native == lost
