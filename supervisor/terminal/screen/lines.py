"""Lines of text in columns, made four times a second beside the traffic.

`rich` has tables that can do far more, at 20 to 100 ms for a screen of them; while one is made, no
frame is read. These take a few.
"""

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size

Cell = tuple[str, str]
"""Text, and the style that it has."""

Line = Sequence[Cell]

_GAP: Final = 1  # between columns
_LEAST: Final = 4  # columns of the terminal that a word keeps
_HEADING: Final = "bold underline"


def plain_cell(text: str) -> Cell:
    return text, ""


def dim(text: str) -> Cell:
    return text, "dim"


def heading(text: str) -> Line:
    return [(text, _HEADING)]


def columns(
    names: Sequence[str],
    rows: Sequence[Line],
    width: int,
    *,
    words: frozenset[str],
    spread: bool = True,
) -> list[Line]:
    """A heading and the rows; figures stand right and whole, words left, cut if they must be.

    With `spread` what is left of the width is shared by the columns, otherwise the last has it.
    """
    cells = [[(name, _HEADING) for name in names], *rows]
    sizes = [max(cell_len(row[place][0]) for row in cells) for place in range(len(names))]
    are_words = [name in words for name in names]
    spare = width - sum(sizes) - _GAP * (len(names) - 1)
    if spare < 0:
        _shrink(sizes, [place for place, is_word in enumerate(are_words) if is_word], -spare)
    elif spread:
        sizes = [size + spare // len(names) for size in sizes]
    else:
        sizes[-1] += spare
    return [_in_columns(row, sizes, are_words) for row in cells]


def _shrink(sizes: list[int], places: Sequence[int], by: int) -> None:
    """Take so much from the columns at these places, always from the widest."""
    for _ in range(by):
        widest = max(places, key=lambda place: sizes[place])
        if sizes[widest] <= _LEAST:
            return
        sizes[widest] -= 1


def _in_columns(row: Line, sizes: Sequence[int], are_words: Sequence[bool]) -> Line:
    line: list[Cell] = []
    for (text, style), size, is_word in zip(row, sizes, are_words, strict=True):
        padding = " " * (size - cell_len(text))
        if line:
            line.append((" " * _GAP, ""))
        if is_word:
            line.append((cut(text, size) + padding, style))
        else:
            line += [(padding, ""), (text, style)]
    return line


def cut(text: str, size: int) -> str:
    """The text, or its beginning if it is longer than this."""
    if cell_len(text) <= size:
        return text
    return set_cell_size(text, size - 1) + "…"
