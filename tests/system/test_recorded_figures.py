"""What replays of recordings come to, checked against figures found in other ways."""

import json
from bisect import bisect
from collections import defaultdict
from heapq import merge
from pathlib import Path

import msgspec
import pytest

from actors.recording.format import RecordedFrame, read_recording
from exchanges.market.instrument import Kind
from supervisor.terminal.cli import main
from tests.system.recorded import Sides, Truth, change_of
from tests.system.walks import ALL_LEVELS, new_replay

pytestmark = pytest.mark.recorded

Tickers = dict[int, Sides]
"""The best quotes that the venue told, by their ids."""


def capture(shared: Path, name: str) -> Path:
    path = shared / "captures" / name
    if not path.exists():
        pytest.skip(f"no recordings: {path} is missing")
    return path


def test_quotes_of_two_venues_hold_the_opportunities_that_were_counted_in_them(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(capture(shared, "aligned-lunc-20251011.csv.gz"))
    settings = "--fees none --open-bps 0 --close-bps 0 --max-age none --comparable spot-perp"
    assert main(["replay", file, *settings.split(), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["frames"], report["unparsed"]) == (9668, 0)
    found = {
        pair["sell"].partition(":")[0]: (pair["opened"], round(pair["best_edge_bps"], 2))
        for pair in report["opportunities"]["pairs"]
    }
    assert found.pop("mexc") == (225, 159.12)
    assert list(found.values()) == [(53, 100.0)]


def test_two_recorded_markets_come_to_the_books_that_plain_addition_gives(shared: Path) -> None:
    """And the best of every book on the way is what the venue's own ticker said at that id."""
    names = {Kind.SPOT: "binance", Kind.PERPETUAL: "binance-futures"}
    files = [capture(shared, f"{name}-btceth-20240808.jsonl.gz") for name in names.values()]
    truths = {name: Truth(depth=1) for name in names.values()}
    tickers: dict[tuple[str, str], Tickers] = defaultdict(dict)
    replay = new_replay()
    for record in merge(*map(read_recording, files), key=lambda record: record.ts):
        replay.feed(record)
        assert isinstance(record, RecordedFrame)
        if change := change_of(record, 0):
            truths[record.venue].feed(change)
        elif "@bookTicker" in (record.data or "")[:40]:
            quote = msgspec.json.decode(record.frame)["data"]
            bid, bid_size, ask, ask_size = (float(quote[name]) for name in "bBaA")
            told = tickers[record.venue, quote["s"]]
            told[quote["u"]] = [(bid, bid_size)], [(ask, ask_size)]
    assert replay.unparsed == 0
    assert len(replay.books) == 4
    for book in replay.books.values():
        assert (book.fault, book.losses.total(), book.snapshots) == (None, 0, 1)
        name, native = names[book.instrument.kind], book.instrument.native
        assert (book.bids(ALL_LEVELS), book.asks(ALL_LEVELS)) == truths[name].whole(native)
        assert_told(truths[name], native, tickers[name, native])


def assert_told(truth: Truth, native: str, told: Tickers) -> None:
    """The best of a book after each update is the venue's newest quote up to its id."""
    ids = sorted(told)
    compared = [last for market, last in truth.tops if market == native and last >= ids[0]]
    assert len(compared) > 3_400
    for last in compared:
        assert truth.tops[native, last] == told[ids[bisect(ids, last) - 1]]
