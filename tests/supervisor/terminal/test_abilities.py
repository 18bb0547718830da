"""What a terminal is taken to be able to show."""

import pytest

from supervisor.terminal.abilities import is_ascii_only, is_dumb


@pytest.mark.parametrize(
    ("environ", "encoding", "expected"),
    [
        ({"LANG": "en_US.UTF-8"}, "utf-8", False),
        ({"LC_CTYPE": "UTF-8"}, "utf-8", False),
        ({"LANG": "C", "LC_ALL": "de_DE.UTF-8"}, "utf-8", False),
        ({"LANG": "C.UTF-8"}, "utf-8", False),
        ({"LANG": "C"}, "utf-8", True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "utf-8", True),  # as Python makes of it
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "POSIX"}, "utf-8", True),
        ({}, "utf-8", True),
        ({"LANG": "C", "PYTHONIOENCODING": "utf-8"}, "utf-8", False),
        ({"LANG": "C", "PYTHONUTF8": "1"}, "utf-8", False),
        ({"LANG": "en_US.UTF-8", "PYTHONIOENCODING": "ascii"}, "ascii", True),
        ({"LANG": "de_DE"}, "iso-8859-1", True),
    ],
)
def test_more_than_ascii_is_shown_where_the_terminal_says_so(
    environ: dict[str, str], encoding: str, expected: bool
) -> None:
    assert is_ascii_only(environ, encoding) is expected


def test_a_dumb_terminal_says_so() -> None:
    assert is_dumb({"TERM": "dumb"})
    assert not is_dumb({"TERM": "xterm-256color"})
    assert not is_dumb({})
