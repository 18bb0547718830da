"""How fast recordings replay, through file, codecs, books and detector."""

import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings
from actors.recording.format import RecordedFrame, read_recording
from actors.recording.replay import Replay
from exchanges import VENUES
from exchanges.dialogue import Dialogue, answer
from exchanges.market.topics import Channel, Topic
from exchanges.venue import PRODUCTION
from supervisor.bench.hot import SYMBOLS, VENUE
from supervisor.bench.traffic import EPOCH_NS, book_stream, frames_of, make_sandbox


def measure_replay(count: int, files: Iterable[Path]) -> dict[str, Any]:
    """Frames a second of a recording made here, and of each given file."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.jsonl"
        encode = msgspec.json.Encoder().encode
        made.write_bytes(b"".join(encode(record) + b"\n" for record in _make(count)))
        rates = {"made here": _rate(made)}
    return {"frames_per_s": rates | {path.name: _rate(path) for path in files}}


def _rate(path: Path) -> float:
    replay = Replay(
        DetectorSettings(min_notional=0.0),
        AssetIdentity({}, Comparable.SPOT_PERP),
        lambda venue, instrument: float(venue.fees[instrument.kind].taker),
    )
    started_s = time.perf_counter()
    for record in read_recording(path):
        replay.feed(record)
    return replay.frames / (time.perf_counter() - started_s)


def _make(count: int) -> Iterator[RecordedFrame]:
    """So many frames, and the snapshots that start the books, as a recorder stores them."""
    venue, sandbox = VENUES[VENUE], make_sandbox(VENUE, SYMBOLS)
    dialogue = Dialogue(venue, sandbox, book_stream(VENUE, SYMBOLS), EPOCH_NS)
    dialogue.subscribe(Topic(Channel.BOOK, symbol) for symbol in SYMBOLS)
    made = 0
    for _, frames in frames_of(dialogue, sandbox):
        now_ns = dialogue.now_ns
        for frame in frames:
            yield RecordedFrame.of(now_ns, VENUE, "ws.1", "recv", "", frame)
        if not made:
            for market in sandbox.markets.values():
                request = venue.rest.book(market.instrument)
                url = venue.endpoints[PRODUCTION][request.endpoint] + request.target
                body = answer(sandbox, request, now_ns).body.decode()
                yield RecordedFrame.of(now_ns, VENUE, "http.0", "http", url, body)
        made += len(frames)
        if made >= count:
            return
