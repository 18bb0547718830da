"""Recording and replaying on the command line: what is kept, how much is read, and what is said."""

import csv
import gzip
import json
import sys
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from signal import SIGKILL, SIGTERM
from subprocess import DEVNULL

import msgspec
import pyarrow.parquet
import pytest
import trio
import zstandard

from supervisor.settings.config import effective
from supervisor.settings.loading import read_config
from supervisor.system.sandboxes import open_sandboxes
from supervisor.terminal.cli import main

TWO_VENUES = 'symbols = ["BTC/USDT", "ETH/USDT"]\n[venues.binance]\n[venues.okx]\n'
QUOTES = "ts,venue,symbol,bid,bid_qty,ask,ask_qty\n"
ENOUGH_BYTES = 20_000  # compressed; all books have begun by then
PARTIAL = 3
PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstandard.compress,
}


def quotes(*rows: str) -> str:
    return QUOTES + "".join(f"{row}\n" for row in rows)


PARTING = quotes(
    "1,binance,BTCUSDT,0.0000100,1000000,0.0000101,1000000",
    "2,okx,BTC-USDT,0.0000105,1000000,0.0000106,1000000",
    "3,okx,BTC-USDT,0.0000100,1000000,0.0000101,1000000",
)


def replay(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    code = main(["replay", *map(str, argv)])
    out, err = capsys.readouterr()
    return code, out, err


# Files that end in their midst.


@pytest.mark.parametrize("suffix", PACK)
def test_a_recording_that_was_cut_off_is_replayed_to_the_break(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack, path = PACK[suffix], tmp_path / f"file.csv{suffix}"
    first, second = PARTING[: PARTING.index("3,okx")], PARTING[PARTING.index("3,okx") :]
    path.write_bytes(pack(first.encode()) + pack(second.encode())[:-9])
    code, out, err = replay(capsys, path)
    assert code == PARTIAL
    assert " 2 frames in" in out or "\n2 frames in" in out
    assert err.startswith(f"{path}")
    assert err.endswith(
        "; read up to there: 2 records, the last of 1970-01-01T00:00:02.000+00:00\n"
    )
    code, out, _ = replay(capsys, path, "--json")
    assert code == PARTIAL
    (broken,) = json.loads(out)["breaks"]
    assert (broken["records"], broken["last_s"]) == (2, 2.0)


def test_a_file_that_breaks_costs_the_others_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    whole.write_text(PARTING)
    cut.write_text(quotes("1,binance,ETHUSDT,1,1,2,1", "1.5,binan"))
    code, out, _ = replay(capsys, whole, cut, "--json")
    report = json.loads(out)
    assert (code, report["frames"], len(report["breaks"])) == (PARTIAL, 4, 1)


@asynccontextmanager
async def two_venues(config: Path) -> AsyncIterator[None]:
    """Sandboxes on this machine, and a configuration that watches them."""
    async with open_sandboxes(read_config(tomllib.loads(TWO_VENUES))) as sandboxes:
        await trio.Path(config).write_text(effective(sandboxes.config))
        yield


async def record(config: Path, file: Path, how: str, more_bytes: int, end: int) -> None:
    """Let a process record so much, and then end it by a signal."""
    command = [sys.executable, "-m", "arbitrio", "record", str(config), "-o", str(file), how]
    run = partial(trio.run_process, command, stdout=DEVNULL, stderr=DEVNULL, check=False)
    enough = more_bytes + (size_of(file) if how == "--append" else 0)
    async with trio.open_nursery() as nursery:
        process: trio.Process = await nursery.start(run)
        with trio.fail_after(60):
            while size_of(file) < enough:
                await trio.sleep(0.05)
        process.send_signal(end)


def size_of(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


@pytest.mark.loopback
@pytest.mark.parametrize("suffix", PACK)
async def test_a_recording_whose_process_was_killed_is_replayed_and_continued(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed twice, the second time in a file that the first one left behind."""
    config, file = tmp_path / "config.toml", tmp_path / f"file.jsonl{suffix}"
    async with two_venues(config):
        for _ in range(2):
            await record(config, file, "--append", ENOUGH_BYTES, SIGKILL)
    code = await trio.to_thread.run_sync(main, ["replay", str(file), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code in (0, PARTIAL)
    assert report["unparsed"] == 0
    assert len(report["books"]) == 4
    assert all(book["live"] for book in report["books"])
    if code == PARTIAL:  # the kill hit a write; only that is missing
        assert report["breaks"][0]["records"] == report["frames"]


# Files that are there already.


def test_record_keeps_a_file_that_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, file = tmp_path / "config.toml", tmp_path / "file.jsonl"
    config.write_text('symbols = ["BTC/USDT"]\n[venues.okx]\n')
    file.write_text("precious\n")
    assert main(["record", str(config), "-o", str(file)]) == 2
    assert capsys.readouterr().err == (
        f"{file}: is there already; --force replaces it, --append goes on behind its last frame\n"
    )
    assert main(["record", str(config), "-o", str(file), "--append"]) == 2
    assert "neither a recording of frames" in capsys.readouterr().err
    assert file.read_text() == "precious\n"


@pytest.mark.loopback
async def test_record_replaces_and_continues_when_told_so(tmp_path: Path) -> None:
    config, file = tmp_path / "config.toml", tmp_path / "file.jsonl"
    line = '{"ts":1.5,"venue":"okx","conn":"public.0","dir":"recv","data":"old"}\n' * 100
    async with two_venues(config):
        for how, begins in (("--append", True), ("--force", False)):
            file.write_text(line)
            await record(config, file, how, 2 * len(line), SIGTERM)
            assert file.read_text().startswith(line) is begins


# What cannot be read.


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("kraken-v1", "unparsed: kraken public: 2835 frames: Expected `object`, got `array`"),
        ("coinbase-exchange", "unparsed: coinbase public: 6822 frames: neither a number nor an"),
        ("bybit-v2", "unparsed: bybit linear: 3008 frames: unknown channel or symbol"),
    ],
)
def test_a_protocol_that_nobody_reads_is_told_and_no_success(
    name: str, reason: str, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shared / "captures" / f"{name}.jsonl.gz"
    code, out, err = replay(capsys, path)
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert lines[0].startswith(reason)
    assert lines[-1].startswith("nothing to replay: no book in ")
    code, out, _ = replay(capsys, path, "--json")
    report = json.loads(out)
    assert code == 2
    assert sum(one["frames"] for one in report["unread"]) == report["unparsed"] > 2_000


def test_reasons_without_end_are_summed_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.csv"
    strangers = [f"4,venue{number},X,1,1,2,1" for number in range(25)]
    path.write_text(PARTING + "\n".join(strangers) + "\n")
    code, _, err = replay(capsys, path)
    assert code == 0
    assert len(err.splitlines()) == 21
    assert err.splitlines()[-1] == "unparsed: 5 frames for 5 other reasons"


# What is printed.


def test_tables_are_whole_and_numbers_plain_where_there_is_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.csv"
    long_name = "MOGANDALONGNAMEOFANASSETTHATNOBODYWOULDLIKETOTYPE"
    row = f"4,binance,{long_name}USDT,0.00000001,1,0.00000002,1\n"
    path.write_text(PARTING + row)
    code, out, err = replay(capsys, path, "--fees", "none", "--open-bps", "7.5")
    assert (code, err) == (0, "")
    (told,) = (line for line in out.splitlines() if long_name in line)
    assert " 0.00000001 " in told
    assert len(told) > 100
    assert "e-0" not in out
    assert "opportunities open above 7.5 bp and close at or below 0 bp" in out
    assert "no fees" in out


# Opportunities that are kept.


def test_opportunities_are_kept_in_three_formats(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.csv"
    path.write_text(PARTING)
    kept = [tmp_path / f"kept{end}" for end in (".csv", ".jsonl", ".parquet")]
    for one in kept:
        assert replay(capsys, path, "--fees", "none", "--opportunities", one)[0] == 0
    with kept[0].open(newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [json.loads(line) for line in kept[1].read_text().splitlines()]
    assert pyarrow.parquet.read_table(kept[2]).to_pylist() == lines
    assert [row["phase"] for row in rows] == [line["phase"] for line in lines]
    assert [line["phase"] for line in lines] == ["opened", "closed"]
    opened, closed = rows
    assert (opened["sell_venue"], opened["sell_price"], opened["buy_price"]) == (
        *("okx", "0.0000105", "0.0000101"),
    )
    assert opened["reason"] == ""
    assert (closed["reason"], closed["lasted_s"]) == ("edge gone", "1")
    assert lines[0]["decided_ns"] == 2_000_000_000


def test_a_file_of_opportunities_is_kept_unless_told_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, kept = tmp_path / "file.csv", tmp_path / "kept.csv"
    path.write_text(PARTING)
    kept.write_text("precious")
    code, _, err = replay(capsys, path, "--opportunities", kept)
    assert (code, err) == (2, f"{kept}: is there already; --force replaces it\n")
    assert kept.read_text() == "precious"
    assert replay(capsys, path, "--opportunities", kept, "--force")[0] == 0
    assert kept.read_text().startswith("decided_ns,")


def test_parquet_without_its_library_names_the_extra(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path, kept = tmp_path / "file.csv", tmp_path / "kept.parquet"
    path.write_text(PARTING)
    code, _, err = replay(capsys, path, "--opportunities", kept)
    assert (code, err) == (2, f"{kept}: parquet needs an extra: pip install 'arbitrio[parquet]'\n")


def test_a_report_is_plain_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "file.csv"
    path.write_text(PARTING)
    _, out, _ = replay(capsys, path, "--json", "--open-bps", "3")
    report = msgspec.json.decode(out)
    assert (report["settings"]["open_bps"], report["comparable"]) == (3.0, "same-symbol")
