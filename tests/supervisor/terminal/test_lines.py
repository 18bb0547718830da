"""Text in columns, as wide as the terminal and no wider."""

import pytest
from rich.cells import cell_len

from supervisor.terminal.screen.lines import Line, columns, cut

NAMES = ("word", "figure")
WORDS = frozenset({"word"})


def drawn(*rows: Line, width: int, spread: bool = True) -> list[str]:
    made = columns(NAMES, rows, width, words=WORDS, spread=spread)
    return ["".join(text for text, _ in line) for line in made]


def test_words_stand_left_and_figures_right() -> None:
    row = (("ab", ""), ("1.5", ""))
    assert drawn(row, width=15) == ["word     figure", "ab          1.5"]
    assert drawn(row, width=15, spread=False) == ["word     figure", "ab          1.5"]


@pytest.mark.parametrize("word", ["long enough to be cut", "币安人生币安人生"])
def test_words_are_cut_where_figures_stay_whole(word: str) -> None:
    lines = drawn(((word, ""), ("123456.789", "")), width=20)
    assert all(cell_len(line) == 20 for line in lines)
    assert lines[1].endswith(" 123456.789")
    assert "…" in lines[1]


@pytest.mark.parametrize("size", range(1, 9))
def test_a_text_is_cut_to_its_size_in_columns(size: int) -> None:
    assert cell_len(cut("币安人生", size)) <= size
    assert cut("ab", size) == ("ab" if size > 1 else "…")
