"""Tests of `supervisor.settings`: plain data into structs, and every mistake told at once."""

from enum import StrEnum
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from supervisor.settings.reader import ConfigError, read_struct, suggest


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    size: Annotated[float, Meta(ge=1)]
    colour: Colour = Colour.RED


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    wheels: dict[Colour, Wheel] = {}
    colours: list[Colour] = []
    spare: Wheel | None = None
    load: int | None = None


def problems(data: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_struct(Cart, data)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def test_data_becomes_a_struct() -> None:
    data = {
        "name": "a",
        "wheels": {"red": {"size": 2}},
        "colours": ["blue"],
        "spare": {"size": 1.5, "colour": "blue"},
        "load": 3,
    }
    assert read_struct(Cart, data) == Cart(
        name="a",
        wheels={Colour.RED: Wheel(size=2.0)},
        colours=[Colour.BLUE],
        spare=Wheel(size=1.5, colour=Colour.BLUE),
        load=3,
    )
    assert read_struct(Cart, {"name": "a"}) == Cart(name="a")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({}, "name: is missing"),
        ({"name": 5}, "name: 5 does not fit: expected `str`, got `int`"),
        ({"name": "a", "nmae": 1}, "nmae: no such setting; did you mean 'name'?"),
        (
            {"name": "a", "zzz": 1},
            "zzz: no such setting; known are: colours, load, name, spare, wheels",
        ),
        ({"name": "a", "load": "x"}, "load: 'x' does not fit: expected `int | null`, got `str`"),
        (
            {"name": "a", "colours": ["green"]},
            "colours: ['green'] does not fit: invalid enum value 'green' at [0] "
            "(one of 'red', 'blue')",
        ),
        ({"name": "a", "wheels": 5}, "wheels: a table is wanted, not 5"),
        ({"name": "a", "wheels": {"red": 5}}, "wheels.red: a table is wanted, not 5"),
        ({"name": "a", "wheels": {"red": {}}}, "wheels.red.size: is missing"),
        (
            {"name": "a", "wheels": {"red": {"size": 0.5}}},
            "wheels.red.size: 0.5 does not fit: expected `float` >= 1.0",
        ),
        (
            {"name": "a", "wheels": {"red": {"size": 1, "colour": "green"}}},
            "wheels.red.colour: 'green' does not fit: invalid enum value 'green' "
            "(one of 'red', 'blue')",
        ),
        (
            {"name": "a", "wheels": {"green": {"size": 1}}},
            "wheels (a key): 'green' does not fit: invalid enum value 'green' "
            "(one of 'red', 'blue')",
        ),
        ({"name": "a", "spare": {"size": "x"}}, "spare.size: 'x' does not fit: "
         "expected `float`, got `str`"),
        ([], "the file: a table is wanted, not []"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_mistake_is_told_with_path_value_and_what_is_allowed(data: Any, problem: str) -> None:
    assert problems(data) == [problem]


def test_all_mistakes_are_told_at_once() -> None:
    data = {"nmae": 1, "load": "x", "wheels": {"red": {"size": 0, "color": 1}}}
    assert [line.partition(":")[0] for line in problems(data)] == [
        "nmae",
        "load",
        "wheels.red.size",
        "wheels.red.color",
        "name",
    ]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("binanse", "did you mean 'binance'?"),
        ("OKX", "known are: binance, okx"),
        ("", "known are: binance, okx"),
    ],
)
def test_the_nearest_known_word_is_suggested_or_all_are_listed(word: str, hint: str) -> None:
    assert suggest(word, ["okx", "binance"]) == hint
