"""Recorded sessions of Bybit: a book of December 2024, and the tickers of all markets of January
2024."""

import gzip
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from actors.books.order_book import OrderBook
from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings
from actors.recording.format import RecordedFrame
from actors.recording.replay import Replay
from exchanges import VENUES
from exchanges.market.events import Fault, Ticker
from exchanges.market.instrument import Kind
from exchanges.venue import GuessedInstruments
from tests.exchanges.transcripts import ok

VENUE = VENUES["bybit"]


def recorded(shared: Path, name: str) -> list[RecordedFrame]:
    file = shared / "captures" / name
    if not file.exists():
        pytest.skip(f"no recordings: {file} is missing")
    lines = gzip.decompress(file.read_bytes()).splitlines()
    return [msgspec.json.decode(line, type=RecordedFrame) for line in lines]


@pytest.fixture(scope="module")
def session(shared: Path) -> list[RecordedFrame]:
    return recorded(shared, "bybit-v5.jsonl.gz")


def replayed(records: Iterable[RecordedFrame]) -> tuple[Replay, OrderBook]:
    replay = Replay(DetectorSettings(), AssetIdentity({}, Comparable.SAME_SYMBOL), lambda *_: 0.002)
    for record in records:
        replay.feed(record)
    (book,) = replay.books.values()
    return replay, book


@pytest.mark.recorded
def test_recorded_session_keeps_its_book(session: list[RecordedFrame]) -> None:
    replay, book = replayed(session)
    assert (replay.frames, replay.unparsed) == (50, 0)
    assert (book.instrument.symbol, book.is_live) == ("XRP/USDT:USDT", True)
    assert (book.snapshots, book.updates, book.losses.total()) == (1, 49, 0)
    assert book.sequence == 20254918
    # The levels, put together here without any of our code.
    sides: dict[str, dict[float, float]] = {"b": {}, "a": {}}
    for record in session:
        data = msgspec.json.decode(record.data or "")["data"]
        for side, levels in sides.items():
            levels |= {float(price): float(size) for price, size in data[side]}
    bids = sorted((level for level in sides["b"].items() if level[1]), reverse=True)
    asks = sorted(level for level in sides["a"].items() if level[1])
    assert book.bids(500) == bids[:500]
    assert book.asks(500) == asks[:500]


@pytest.mark.recorded
@pytest.mark.parametrize("missed", [1, 25, 48])
def test_update_that_is_missing_in_the_recorded_session_is_noticed(
    session: list[RecordedFrame], missed: int
) -> None:
    _, book = replayed(session[:missed] + session[missed + 1 :])
    assert dict(book.losses) == {Fault.GAP: 1}
    assert not book.is_live


@pytest.mark.recorded
def test_recorded_tickers_of_all_markets_are_read(shared: Path) -> None:
    spot, linear, _ = recorded(shared, "bybit-v5-rest.jsonl.gz")
    known = GuessedInstruments(VENUE)
    found: dict[Kind, dict[str, Ticker]] = {}
    for kind, record in ((Kind.SPOT, spot), (Kind.PERPETUAL, linear)):
        request = VENUE.rest.tickers(kind, known.native)
        tickers = request.read(ok((record.data or "").encode()))
        found[kind] = {each.instrument.symbol: each for each in tickers}
        rows = msgspec.json.decode(record.data or "")["result"]["list"]
        for row in rows:
            instrument = known.native(kind, row["symbol"])
            assert (instrument is None) == ("-" in row["symbol"]), "only dated futures are none"
            if instrument:
                ticker = found[kind][instrument.symbol]
                many = instrument.multiplier
                assert Decimal(repr(ticker.last)) * many == Decimal(row["lastPrice"])
                assert (ticker.bid and Decimal(repr(ticker.bid)) * many) == (
                    Decimal(row["bid1Price"] or 0) or None
                )
                assert ticker.quote_volume == float(row["turnover24h"])
    assert {kind: len(tickers) for kind, tickers in found.items()} == {
        Kind.SPOT: 485,
        Kind.PERPETUAL: 307,
    }
