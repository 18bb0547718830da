"""The tables of what venues can do, and that the README has them as they are."""

import json
from pathlib import Path

import pytest

from exchanges import VENUES
from exchanges.market.instrument import Kind
from supervisor.terminal.cli import main
from supervisor.terminal.matrix import abilities, as_markdown, capability_table

README = Path(__file__).parents[3] / "README.md"


def test_the_readme_has_the_tables_as_they_are() -> None:
    assert as_markdown(VENUES.values()) in README.read_text("utf-8"), (
        "paste what `arbitrio venues --markdown` prints"
    )


def test_every_market_of_every_venue_has_a_row() -> None:
    _, rows = capability_table(VENUES.values())
    assert [row[:2] for row in rows] == [
        [venue.name, str(kind)] for venue in VENUES.values() for kind in venue.kinds
    ]


@pytest.mark.parametrize("name", list(VENUES))
def test_what_every_venue_must_have_is_there(name: str) -> None:
    for market in abilities(VENUES[name])["markets"]:
        assert {"book", "trades", "ticker"} <= set(market["streams"])
        assert {"book", "trades", "ticker", "klines"} <= set(market["requests"])
        if market["kind"] == Kind.PERPETUAL:
            assert "funding" in {*market["streams"], *market["requests"]}


def test_the_command_prints_tables_markdown_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["venues"]) == 0
    assert "book proven by" in capsys.readouterr().out
    assert main(["venues", "--markdown"]) == 0
    assert capsys.readouterr().out.startswith("| venue | market | bk |")
    assert main(["venues", "--json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == list(VENUES)
