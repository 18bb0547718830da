"""The terminal screen of a running engine: what matters first is always there, the rest by keys."""

import os
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Final

import trio
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from supervisor.system.engine import Engine
from supervisor.terminal import parts
from supervisor.terminal.abilities import is_ascii_only
from supervisor.terminal.keyboard import Key, open_keyboard
from supervisor.terminal.report import FrameRate, latency, thresholds_in_short
from supervisor.terminal.signals import undone_at_the_end
from supervisor.terminal.standing import Standing, standings

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
    """Parts below each other, each of so many lines, never more than the terminal has.

    Whatever a terminal could take for an order, and with `ascii_only` what it cannot show, is
    replaced.
    """

    def __init__(
        self, drawn: Sequence[tuple[RenderableType, int]], *, ascii_only: bool = False
    ) -> None:
        self._drawn = drawn
        self._ascii_only = ascii_only

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = (line for part in self._drawn for line in self._lines(part, console, options))
        for number, line in enumerate(islice(lines, options.max_height)):
            if number:
                yield Segment.line()
            yield from line

    def _lines(
        self, part: tuple[RenderableType, int], console: Console, options: ConsoleOptions
    ) -> list[list[Segment]]:
        drawn, room = part
        lines = console.render_lines(drawn, options.reset_height())
        lines = Segment.set_shape(lines[:room], options.max_width, room)
        return [[self._shown(segment) for segment in line] for line in lines]

    def _shown(self, segment: Segment) -> Segment:
        text = segment.text
        if not text.isprintable():
            text = "".join(sign if sign.isprintable() else " " for sign in text)
        if self._ascii_only and not text.isascii():
            text = text.replace("…", "~").encode("ascii", "replace").decode()
        return Segment(text, segment.style)


def screen(
    engine: Engine,
    frames_per_s: float,
    recent: Sequence[str],
    looking: Looking,
    size: tuple[int, int],
) -> list[tuple[RenderableType, int]]:
    """What to draw on a terminal of so many columns and lines; see `Picture`."""
    width, height = size
    found = standings(engine)
    header = _packed(list(_facts(engine, frames_per_s, found)), width)
    body = height - len(header) - 1
    head = Text("\n".join(header), style="bold", no_wrap=True, overflow="crop")
    return [
        (head, len(header)),
        *_body(engine, recent, found, looking, width, body),
        (_footer(looking.part), 1),
    ]


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


def _footer(part: Part) -> Text:
    names = " ".join(f"[{one}]" if one is part else str(one) for one in Part)
    return Text(f"{names}  q quit", style="dim", no_wrap=True, overflow="crop")


def _body(
    engine: Engine,
    recent: Sequence[str],
    found: Sequence[Standing],
    looking: Looking,
    width: int,
    room: int,
) -> list[tuple[RenderableType, int]]:
    scroll = looking.scroll
    match looking.part:
        case Part.OVERVIEW:
            return _overview(engine, recent, found, scroll, width, room)
        case Part.BOOKS:
            return [(parts.books(engine, room, scroll), room)]
        case Part.SUPERVISORS:
            return [(parts.supervisors(engine.tree(), room, scroll, fold=False), room)]
        case Part.EVENTS:
            return [(parts.events(recent, room, scroll), room)]
        case Part.KEYS:
            return [(parts.keys(room, scroll), room)]


def _overview(
    engine: Engine,
    recent: Sequence[str],
    found: Sequence[Standing],
    scroll: parts.Scroll,
    width: int,
    room: int,
) -> list[tuple[RenderableType, int]]:
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
    drawn: list[tuple[RenderableType, int]] = [
        (parts.opportunities(engine, chances, width, scroll), chances),
        (parts.venues(found, standing, scroll), standing),
    ]
    if table:
        drawn.append((parts.books(engine, table, parts.Scroll()), table))
    if tree:
        drawn.append((parts.supervisors(engine.tree(), tree, parts.Scroll(), fold=True), tree))
    if news:
        drawn.append((parts.events(recent, news, parts.Scroll()), news))
    return drawn
