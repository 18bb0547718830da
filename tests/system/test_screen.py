"""What a person sees of a running engine."""

from io import BytesIO, TextIOWrapper
from itertools import pairwise

import pytest
import trio
from rich.cells import cell_len
from rich.console import Console
from trio.testing import MockClock

from actors.books.order_book import BookNotLive
from actors.detection.opportunity import Phase
from supervisor.system.engine import NoSuchKind
from supervisor.terminal.report import in_words, summary, tell, thresholds_in_short
from supervisor.terminal.screen.keyboard import Key
from supervisor.terminal.screen.show import Looking, Part, Picture, screen
from supervisor.terminal.screen.standing import standings
from tests.actors.sandbox.sandboxes import SYMBOLS
from tests.system.conftest import Rig, rig
from tests.system.test_engine import PARTING

BTC, _, PERPETUAL = SYMBOLS
RECORD = "12:00:00 child_started child=books"
SIZES = [(60, 15), (80, 24), (80, 50), (120, 40), (200, 60)]


def picture(
    made: Rig,
    width: int,
    height: int,
    looking: Looking | None = None,
    record: str = RECORD,
    encoding: str = "utf-8",
) -> list[str]:
    """The lines of the screen."""
    file = BytesIO()
    console = Console(file=TextIOWrapper(file, encoding), width=width, height=height)
    drawn = screen(made.engine, 160.0, [record] * 30, looking or Looking(), (width, height))
    console.print(Picture(drawn, ascii_only=encoding == "ascii"), end="", height=height)
    console.file.flush()
    lines = file.getvalue().decode(encoding).split("\n")
    assert len(lines) == height
    assert all(cell_len(line) <= width for line in lines)
    return lines


def looking_at(part: Part) -> Looking:
    looking = Looking()
    while looking.part is not part:
        looking.press(Key.NEXT)
    return looking


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_what_matters_first_is_on_every_terminal(
    width: int, height: int, autojump_clock: MockClock
) -> None:
    async with rig("binance", "okx", detector=PARTING, comparable="spot-perp") as made:
        await made.until_live(6)
        with trio.fail_after(120.0):
            while not (found := made.engine.open_opportunities()):
                await made.watch(1.0)
        text = "\n".join(lines := picture(made, width, height))
        for fact in ("160 frames/s", "6 of 6 books live", "socket read to telling, ms: p50"):
            assert fact in text
        for fact in thresholds_in_short(made.engine.config.detector):
            assert fact in text
        (opportunity,) = [line for line in lines if f"{found[0].edge_bps:.2f}" in line]
        assert f"{found[0].profit:.2f}" in opportunity
        for venue in ("binance", "okx"):
            (line,) = [line for line in lines if line.startswith(venue) and "running" in line]
            assert "3/3" in line
        assert ("not shown: " in text) is bool(made.engine.refused)
        assert "q quit" in lines[-1]
        if height >= 40:
            for word in ("BTC/USDT", "age s", "supervisors", RECORD):
                assert word in text


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Part.BOOKS, ("age s", "BTC/USDT:USDT", "live")),
        (Part.SUPERVISORS, ("supervisors", "watchdog", "books  6 of 6 running")),
        (Part.EVENTS, ("events", RECORD)),
        (Part.KEYS, ("keys", "tab", "quit")),
    ],
)
async def test_keys_turn_to_every_part(
    part: Part, words: tuple[str, ...], width: int, height: int, autojump_clock: MockClock
) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        text = "\n".join(lines := picture(made, width, height, looking_at(part)))
        assert all(word in text for word in words)
        assert f"[{part}]" in lines[-1]


def test_keys_turn_back_and_quit() -> None:
    looking = Looking()
    looking.press(Key.PREVIOUS)
    seen = [looking.part]
    for _ in range(2):
        looking.press(Key.KEYS)
        seen.append(looking.part)
    assert seen == [Part.KEYS, Part.OVERVIEW, Part.KEYS]
    assert not looking.is_over
    looking.press(Key.QUIT)
    assert looking.is_over


async def test_a_venue_that_is_not_up_comes_first_and_says_why(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        made.servers["okx"].drop_connections()
        await trio.testing.wait_all_tasks_blocked()
        lines = [line for line in picture(made, 60, 15) if "/3" in line]
        assert lines[0].startswith("okx")
        assert "0/3" in lines[0]
        assert "isconnected" in lines[0]
        assert lines[1].startswith("binance")
        assert "3/3" in lines[1]


async def test_what_a_venue_does_not_list_is_told_and_not_counted(
    autojump_clock: MockClock,
) -> None:
    async with rig("kraken", symbols=("BTC/USDT", "NONE/USDT")) as made:
        await made.until_live(1)
        (line,) = [line for line in picture(made, 80, 24) if line.startswith("kraken")]
        assert "running" in line
        assert "1/1 not listed: NONE/USDT" in line


async def test_markets_of_a_kind_that_a_venue_has_not_are_no_fault(
    autojump_clock: MockClock,
) -> None:
    async with rig("kraken") as made:
        await made.until_live(2)
        (line,) = [line for line in picture(made, 80, 24) if line.startswith("kraken")]
        assert "2/2 has no perpetuals" in line
        lines = list(summary(made.engine, 0, 1.0))
        assert lines.count("kraken has no perpetuals") == 1
        assert not [line for line in lines if line.startswith("not up")]
        with pytest.raises(NoSuchKind, match=r"^kraken has no perpetuals$"):
            made.engine.book("kraken", PERPETUAL)


async def test_what_is_watched_now_is_told_and_not_what_was_configured(
    autojump_clock: MockClock,
) -> None:
    async with rig("binance", "okx", symbols=[BTC]) as made:
        await made.until_live(2)
        await made.engine.add("okx", PERPETUAL)
        await made.engine.remove("okx", BTC)
        await made.engine.remove_venue("binance")
        await made.until_live(1)
        assert made.engine.wished == {"okx": (PERPETUAL,)}
        (line,) = [line for line in picture(made, 80, 24) if " 1/1" in line]
        assert line.split() == ["okx", "running", "1/1"]
        made.servers["okx"].drop_connections()
        await trio.testing.wait_all_tasks_blocked()
        lines = [line for line in summary(made.engine, 0, 1.0) if line.startswith("not up")]
        assert lines == [f"not up: okx {PERPETUAL} is not live: disconnected"]
        (line,) = [line for line in picture(made, 80, 24) if line.startswith("okx ")]
        assert "0/1" in line


async def test_what_a_venue_is_still_to_tell_is_said_as_by_the_engine(
    autojump_clock: MockClock,
) -> None:
    async with rig("binance", "okx", symbols=[BTC], absent="okx") as made:
        await made.until_live(1)
        (down, _) = standings(made.engine)
        assert (down.venue, down.live, down.wished) == ("okx", 0, 1)
        with pytest.raises(BookNotLive) as raised:
            made.engine.book("okx", BTC)
        assert f"not up: {raised.value}" in list(summary(made.engine, 0, 1.0))


async def test_books_that_are_not_live_come_first_and_say_why(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        made.servers["okx"].drop_connections()
        await trio.testing.wait_all_tasks_blocked()
        shown = picture(made, 120, 40, looking_at(Part.BOOKS))
        lines = [line for line in shown if "BTC/USDT:USDT" in line]
        assert "okx" in lines[0]
        assert "disconnected" in lines[0]
        assert "binance" in lines[1]
        assert "live" in lines[1]


async def test_what_does_not_fit_is_counted_and_can_be_reached(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        looking = looking_at(Part.BOOKS)
        height = 8  # of which the books have room for three
        assert "and 3 more" in "\n".join(picture(made, 80, height, looking))
        for _ in range(10):
            looking.press(Key.DOWN)
        assert "and 0 more, 3 above" in "\n".join(picture(made, 80, height, looking))
        looking.press(Key.UP)
        assert "and 1 more, 2 above" in "\n".join(picture(made, 80, height, looking))


async def test_a_terminal_of_ascii_is_shown_ascii(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx", detector=PARTING, comparable="spot-perp") as made:
        await made.until_live(6)
        await made.watch(10.0)
        for part in Part:
            picture(made, 60, 15, looking_at(part), record="币安人生 " * 20, encoding="ascii")


@pytest.mark.parametrize(("width", "height"), [(1, 1), (10, 3), (30, 6), (40, 9)])
async def test_a_tiny_terminal_harms_nothing(
    width: int, height: int, autojump_clock: MockClock
) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        for part in Part:
            picture(made, width, height, looking_at(part))


async def test_a_record_gives_the_terminal_no_orders(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        text = "\n".join(picture(made, 80, 24, looking_at(Part.EVENTS), record="a\x1b[2Jb\nc"))
        assert "a [2Jb c" in text
        assert "\x1b" not in text


async def test_restarts_are_shown_with_their_reason(autojump_clock: MockClock) -> None:
    async with rig("binance", "okx") as made:
        await made.until_live(6)
        made.servers["okx"].drop_connections()
        await made.watch(5.0)
        await made.until_live(6)
        (line,) = [
            line
            for line in picture(made, 200, 60, looking_at(Part.SUPERVISORS))
            if "public 1" in line
        ]
        assert "running  restarted 1x: Disconnected" in line
        lines = list(summary(made.engine, 3, 10.0))
        assert "book lost, live again: okx BTC/USDT: disconnected 1" in lines
        assert "3 opportunities opened" in lines
        assert any(
            line.startswith("restarted: okx connections public 1: 1 times") for line in lines
        )


async def test_a_life_is_told_in_lines(autojump_clock: MockClock) -> None:
    said: list[str] = []
    async with rig("binance", "okx", detector=PARTING, comparable="spot-perp") as made:
        with made.engine.opportunities() as changes:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(tell, made.engine, said.append)
                await made.watch(60.0)
                nursery.cancel_scope.cancel()
            changes.close()
            lives = [in_words(one) async for one in changes if one.phase is not Phase.IMPROVED]
    status = [line for line in said if "frames/s" in line]
    assert len(status) in (11, 12)
    assert all("6 of 6 books live" in line for line in status)
    assert [line for line in said if line not in status] == lives
    assert any(line.startswith("opened  #1 buy ") for line in lives)
    assert any(before.startswith("opened") for before, _ in pairwise(lives))
