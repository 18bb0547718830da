"""The terminal screen of a running engine: what matters first is always there, the rest by keys."""

import os
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

import trio
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.style import Style

from supervisor.system.engine import Engine
from supervisor.terminal.abilities import is_ascii_only
from supervisor.terminal.report import FrameRate, latency, thresholds_in_short
from supervisor.terminal.screen import parts
from supervisor.terminal.screen.keyboard import Key, open_keyboard
from supervisor.terminal.screen.lines import Line, cut, dim
from supervisor.terminal.screen.standing import Standing, standings
from supervisor.terminal.signals import undone_at_the_end

REFRESH_S: Final = 0.25
_LEAVE: Final = b"\x1b[?25h\x1b[?1049l"  # show the cursor, and what was there before the screen
_LEAST: Final = 4  # lines of a part: its heading, two rows, and what is hidden
_NEWS: Final = 5  # lines of events beneath other parts
_BETWEEN: Final = "  "  # facts of the header


class Part(StrEnum):
    """What can be looked at."""

    OVERVIEW = "overview"
    BOOKS = "books"
    SUPERVISORS = "supervisors"
    EVENTS = "events"
    KEYS = "keys"


class Looking:
    """What a person looks at: a part, and how far its rows are scrolled."""

    def __init__(self) -> None:
        self.part = Part.OVERVIEW
        self.scroll = parts.Scroll()
        self.is_over = False

    def press(self, key: Key) -> None:
        match key:
            case Key.QUIT:
                self.is_over = True
            case Key.KEYS:
                self._turn_to(Part.OVERVIEW if self.part is Part.KEYS else Part.KEYS)
            case Key.NEXT:
                self._turn_by(1)
            case Key.PREVIOUS:
                self._turn_by(-1)
            case Key.UP:
                self.scroll.skip = max(0, self.scroll.skip - 1)
            case Key.DOWN:
                self.scroll.skip = min(self.scroll.most, self.scroll.skip + 1)

    def _turn_by(self, step: int) -> None:
        all_parts = list(Part)
        self._turn_to(all_parts[(all_parts.index(self.part) + step) % len(all_parts)])

    def _turn_to(self, part: Part) -> None:
        self.part, self.scroll = part, parts.Scroll()


async def show(engine: Engine, recent: Sequence[str]) -> None:
    """Keep the terminal up to date until somebody quits; `recent` are the newest log records."""
    console, looking = Console(), Looking()
    ascii_only = is_ascii_only(os.environ, console.encoding)
    rate, smooth = FrameRate(engine), 0.0
    with (
        undone_at_the_end(_leave),
        open_keyboard() as keyboard,
        Live(console=console, auto_refresh=False, screen=True) as live,
    ):
        while not looking.is_over:
            with trio.move_on_after(REFRESH_S) as calm:
                for key in await keyboard.pressed():
                    looking.press(key)
            if calm.cancelled_caught:
                smooth += 0.2 * (rate.per_s() - smooth)
            drawn = screen(engine, smooth, recent, looking, console.size)
            live.update(Picture(drawn, ascii_only=ascii_only), refresh=True)


def _leave() -> None:
    os.write(sys.stdout.fileno(), _LEAVE)


class Picture:
    """Lines below each other, never wider than the terminal, nor more than it has.

    Whatever a terminal could take for an order, and with `ascii_only` what it cannot show, is
    replaced.
    """

    def __init__(self, lines: Sequence[Line], *, ascii_only: bool = False) -> None:
        self._lines = lines
        self._ascii_only = ascii_only

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for number, line in enumerate(self._lines[: options.max_height]):
            if number:
                yield Segment.line()
            yield from self._segments(line, options.max_width)

    def _segments(self, line: Line, width: int) -> Iterator[Segment]:
        for text, style in line:
            shown = cut(_printable(text), width)
            if self._ascii_only:
                shown = shown.replace("…", "~").encode("ascii", "replace").decode()
            yield Segment(shown, Style.parse(style))
            width -= cell_len(shown)
            if width <= 0:
                return


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else " " for sign in text)


def screen(
    engine: Engine,
    frames_per_s: float,
    recent: Sequence[str],
    looking: Looking,
    size: tuple[int, int],
) -> list[Line]:
    """What to draw on a terminal of so many columns and lines; see `Picture`."""
    width, height = size
    found = standings(engine)
    header = _packed(list(_facts(engine, frames_per_s, found)), width)
    room = height - len(header) - 1
    return [
        *([(line, "bold")] for line in header),
        *_filled(_body(engine, recent, found, looking, width, room), room),
        [dim(_footer(looking.part))],
    ]


def _filled(lines: Sequence[Line], room: int) -> list[Line]:
    """These lines in exactly so much room."""
    room = max(room, 0)
    return [*lines[:room], *([[]] * (room - len(lines)))]


def _facts(engine: Engine, frames_per_s: float, found: Sequence[Standing]) -> Iterator[str]:
    live, wished = sum(one.live for one in found), sum(one.wished for one in found)
    yield f"arbitrio  {frames_per_s:,.0f} frames/s"
    yield f"{live} of {wished} books live"
    yield latency(engine, percents=(50, 99))
    yield from thresholds_in_short(engine.config.detector)


def _packed(facts: Sequence[str], width: int) -> list[str]:
    """The facts in as few lines as they take in their order; one that is too long is cut."""
    lines = [""]
    for fact in facts:
        longer = f"{lines[-1]}{_BETWEEN}{fact}" if lines[-1] else fact
        if len(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(fact)
    return lines


def _footer(part: Part) -> str:
    names = " ".join(f"[{one}]" if one is part else str(one) for one in Part)
    return f"{names}  q quit"


def _body(
    engine: Engine,
    recent: Sequence[str],
    found: Sequence[Standing],
    looking: Looking,
    width: int,
    room: int,
) -> list[Line]:
    scroll = looking.scroll
    match looking.part:
        case Part.OVERVIEW:
            return _overview(engine, recent, found, scroll, width, room)
        case Part.BOOKS:
            return parts.books(engine, room, width, scroll)
        case Part.SUPERVISORS:
            return parts.supervisors(engine.tree(), room, scroll, fold=False)
        case Part.EVENTS:
            return parts.events(recent, room, scroll)
        case Part.KEYS:
            return parts.keys(room, scroll)


def _overview(
    engine: Engine,
    recent: Sequence[str],
    found: Sequence[Standing],
    scroll: parts.Scroll,
    width: int,
    room: int,
) -> list[Line]:
    """Opportunities and venues, and of the rest what there is room for."""
    chances = max(_LEAST, room // 4)
    standing = min(parts.HEADING + len(found), room - chances)
    rest = room - chances - standing
    news = _NEWS if rest >= _LEAST + _NEWS else 0
    tree = (rest - news) // 3
    tree = tree if tree >= 2 * _LEAST else 0
    table = rest - news - tree
    if table < _LEAST:
        chances, table = chances + table, 0
    lines = _filled(parts.opportunities(engine, chances, width, scroll), chances)
    lines += _filled(parts.venues(found, standing, width, scroll), standing)
    if table:
        lines += _filled(parts.books(engine, table, width, parts.Scroll()), table)
    if tree:
        drawn = parts.supervisors(engine.tree(), tree, parts.Scroll(), fold=True)
        lines += _filled(drawn, tree)
    if news:
        lines += parts.events(recent, news, parts.Scroll())
    return lines
