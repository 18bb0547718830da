"""Recorded sessions of KuCoin's classic streams, of April 2021: books joined to snapshots."""

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest

from actors.books.order_book import OrderBook
from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings
from actors.recording.format import RecordedFrame
from actors.recording.replay import Replay
from exchanges import VENUES
from exchanges.market.events import Event, Fault, Kline, StreamEvent, Ticker, Trade
from exchanges.market.instrument import Instruments
from exchanges.venue import GuessedInstruments
from tests.exchanges.transcripts import RECEIVED_NS, market, ok

VENUE = VENUES["kucoin"]
(STREAM,) = VENUE.streams
EQZ = market("EQZ/BTC", "EQZ-BTC", venue="kucoin")
FULL_BOOK = "https://api.kucoin.com/api/v3/market/orderbook/level2?symbol=EQZ-BTC"

Sides = dict[str, dict[float, float]]


@pytest.fixture(scope="module")
def session(shared: Path) -> list[RecordedFrame]:
    file = shared / "captures" / "kucoin.jsonl.gz"
    if not file.exists():
        pytest.skip(f"no recordings: {file} is missing")
    lines = gzip.decompress(file.read_bytes()).splitlines()
    records = [msgspec.json.decode(line, type=RecordedFrame) for line in lines]
    return sorted(records, key=lambda record: record.ts)


def replayed(records: Iterable[RecordedFrame]) -> Replay:
    replay = Replay(DetectorSettings(), AssetIdentity({}, Comparable.SAME_SYMBOL), lambda *_: 0.002)
    for record in records:
        replay.feed(record)
    return replay


def rebuilt(records: Iterable[RecordedFrame], native: str) -> Sides:
    """The levels of a book, put together row by row without any of our code."""
    sides: Sides = {"bids": {}, "asks": {}}
    rows: list[tuple[int, str, float, float]] = []
    start = 0
    for record in records:
        body = json.loads(record.data or "")
        if record.dir == "http" and record.url.endswith(f"level2?symbol={native}"):
            start = int(body["data"]["sequence"])
            for side, levels in sides.items():
                levels |= {float(price): float(size) for price, size in body["data"][side]}
        elif record.dir == "recv" and body.get("topic") == f"/market/level2:{native}":
            for side, changes in body["data"]["changes"].items():
                rows += [(int(row[2]), side, float(row[0]), float(row[1])) for row in changes]
    for sequence, side, price, size in sorted(rows):
        if sequence > start and price:
            sides[side][price] = size
    return {side: {p: size for p, size in levels.items() if size} for side, levels in sides.items()}


@pytest.mark.recorded
def test_recorded_session_keeps_its_books(session: list[RecordedFrame]) -> None:
    replay = replayed(session)
    assert (replay.frames, replay.unparsed) == (3652, 0)
    assert len(replay.books) == 6
    for book in replay.books.values():
        assert book.is_live
        assert book.snapshots == 1
        assert book.losses.total() == 0
        levels = rebuilt(session, book.instrument.native)
        assert book.bids(10_000) == sorted(levels["bids"].items(), reverse=True)
        assert book.asks(10_000) == sorted(levels["asks"].items())
    symbols = {book.instrument.native: symbol for (_, symbol), book in replay.books.items()}
    assert symbols["BCHSV-USDT"] == "BSV/USDT"


@pytest.mark.recorded
@pytest.mark.parametrize("native", ["BCHSV-USDT", "ANKR-BTC", "EQZ-BTC"])
def test_update_that_is_missing_in_the_recorded_session_is_noticed(
    session: list[RecordedFrame], native: str
) -> None:
    named = f'"topic":"/market/level2:{native}"'
    updates = [number for number, record in enumerate(session) if named in (record.data or "")]
    missed = updates[-2]
    books = replayed(session[:missed] + session[missed + 1 :]).books.values()
    losses = {book.instrument.native: dict(book.losses) for book in books}
    assert losses.pop(native) == {Fault.GAP: 1}
    assert set(map(len, losses.values())) == {0}


@pytest.mark.recorded
def test_recorded_session_is_read_to_its_last_frame(session: list[RecordedFrame]) -> None:
    codec = VENUE.codec(STREAM, GuessedInstruments(VENUE), listening=True)
    told: list[type[StreamEvent]] = []
    for record in session:
        if record.dir == "recv":
            told += [type(event) for event in codec.receive(record.frame, record.at_ns)]
    assert [told.count(kind) for kind in (Ticker, Trade, Kline)] == [585, 6, 3]
    assert len(told) == 585 + 6 + 3  # books have no start here


@pytest.mark.recorded
def test_recorded_list_of_instruments_gives_every_market_its_present_name(
    session: list[RecordedFrame],
) -> None:
    record = next(record for record in session if record.url.endswith("/api/v1/symbols"))
    request = VENUE.rest.recognise(record.url, lambda kind, native: None)
    assert request is not None
    listing = request.read(ok((record.data or "").encode()))
    assert not isinstance(listing, Event)
    known = {each.native: each for each in listing.instruments}
    assert (len(known), listing.odd) == (634, ())
    renamed = [
        each.native
        for each in known.values()
        if each.base != each.native.partition("-")[0] or each.quote != each.native.partition("-")[2]
    ]
    assert {"BCHSV-USDT", "WAX-USDT", "LOKI-USDT"} <= set(renamed)
    assert str(known["BCHSV-USDT"].tick) == "0.001"


@pytest.mark.recorded
def test_recorded_snapshot_joins_the_updates_around_it(sample: Callable[[str], bytes]) -> None:
    recorded = json.loads(sample("kucoin/level2_sync_session.json"))
    codec = VENUE.codec(STREAM, Instruments([EQZ]), listening=True)
    request = VENUE.rest.recognise(FULL_BOOK, lambda kind, native: EQZ)
    assert request is not None
    snapshot = request.read(ok(json.dumps(recorded["rest_snapshot"]).encode()))
    assert isinstance(snapshot, Event)
    first, *others = recorded["ws_updates"]
    assert codec.receive(json.dumps(first), RECEIVED_NS) == ()
    book = OrderBook(EQZ)
    for event in codec.start(snapshot):
        assert isinstance(event, Event)
        book.apply(event)
    for update in others:
        for event in codec.receive(json.dumps(update), RECEIVED_NS):
            assert isinstance(event, Event)
            book.apply(event)
    assert (book.is_live, book.losses.total(), book.updates) == (True, 0, 40)
    assert book.sequence == others[-1]["data"]["sequenceEnd"]
