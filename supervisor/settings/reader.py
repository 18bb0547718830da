"""Reads plain data into typed structs and finds everything that is wrong with it at once.

Every mistake is told with its path, the value, and what would be right.
"""

import types
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import reduce
from operator import or_
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from actors.edges.secrets import redacted

S = TypeVar("S", bound=msgspec.Struct)


class ConfigError(Exception):
    """A configuration that cannot be used.

    `problems` has one line for each mistake, without the secrets of the values that they quote.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = [redacted(problem) for problem in problems]
        super().__init__("\n".join(self.problems))


def read_struct(kind: type[S], data: object, path: str = "") -> S:
    """`data` (as a TOML reader gives it) as a `kind`.

    Raises:
        ConfigError: keys that `kind` does not know, values of a wrong type, missing keys.
    """
    problems = list(_problems(kind, data, path))
    if problems:
        raise ConfigError(problems)
    return msgspec.convert(data, kind)


def read_rest(kind: type[S], data: object) -> S | None:
    """What `data` says apart from its mistakes; None if too little is left."""
    try:
        return msgspec.convert(_without_mistakes(kind, data), kind)
    except msgspec.ValidationError:
        return None


def suggest(word: str, known: Mapping[str, object] | list[str]) -> str:
    """What to say of an unknown word: the nearest known one, or all of them."""
    names = sorted(known)
    if near := get_close_matches(word, names, n=1):
        return f"did you mean {near[0]!r}?"
    return f"known are: {', '.join(names)}"


def _problems(kind: Any, data: object, path: str) -> Iterator[str]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _struct_problems(kind, data, path)
    elif get_origin(kind) is dict:
        if not isinstance(data, dict):
            yield _no_table(data, path)
            return
        key_kind, value_kind = get_args(kind)
        for key, value in data.items():
            yield from _leaf_problems(key_kind, key, f"{path} (a key)")
            yield from _problems(value_kind, value, f"{path}.{key}")
    elif table := _table_among(kind):
        yield from _table_or_leaf_problems(table, kind, data, path)
    else:
        yield from _leaf_problems(kind, data, path)


def _struct_problems(kind: type[msgspec.Struct], data: object, path: str) -> Iterator[str]:
    if not isinstance(data, dict):
        yield _no_table(data, path)
        return
    hints = get_type_hints(kind, include_extras=True)
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key, value in data.items():
        where = f"{path}.{key}" if path else key
        if key not in fields:
            yield f"{where}: no such setting; {suggest(key, list(fields))}"
        else:
            yield from _problems(hints[fields[key].name], value, where)
    for key, field in fields.items():
        if field.required and key not in data:
            yield f"{path}.{key}".lstrip(".") + ": is missing"


def _without_mistakes(kind: Any, data: object) -> object:
    """The data without the smallest parts that are wrong."""
    if not isinstance(data, dict) or not any(_problems(kind, data, "")):
        return data
    if get_origin(kind) is dict:
        _, value_kind = get_args(kind)
        parts = {key: (value_kind, value) for key, value in data.items()}
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind, include_extras=True)
        parts = {key: (hints[key], value) for key, value in data.items() if key in hints}
    else:
        return data
    found = {}
    for key, (hint, value) in parts.items():
        rest = _without_mistakes(hint, value)
        if not any(_problems(hint, rest, "")):
            found[key] = rest
    return found


def _table_or_leaf_problems(
    table: type[msgspec.Struct], kind: Any, data: object, path: str
) -> Iterator[str]:
    """Of a setting that may be a single value as well."""
    if isinstance(data, dict):
        yield from _struct_problems(table, data, path)
        return
    single = reduce(or_, (one for one in get_args(kind) if one is not table))
    names = ", ".join(field.encode_name for field in msgspec.structs.fields(table))
    for problem in _leaf_problems(single, data, path):
        yield f"{problem}, or a table of {names}"


def _table_among(kind: Any) -> type[msgspec.Struct] | None:
    """The table that a setting may be beside a single value."""
    if get_origin(kind) not in (Union, types.UnionType):
        return None
    return next((one for one in get_args(kind) if _is_struct(one)), None)


def _no_table(data: object, path: str) -> str:
    return f"{path or 'the file'}: a table is wanted, not {data!r}"


def _leaf_problems(kind: Any, data: object, path: str) -> Iterator[str]:
    try:
        msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        yield f"{path}: {data!r} does not fit: {_plain(str(error))}{_choices(kind)}"


def _plain(message: str) -> str:
    """The library's message; its path is relative to the value and adds nothing for a scalar."""
    text, _, where = message.partition(" - at `$")
    where = where.removesuffix("`")
    return text[0].lower() + text[1:] + (f" at {where}" if where.startswith("[") else "")


def _choices(kind: Any) -> str:
    one = get_args(kind)[0] if get_origin(kind) is list else kind
    choices = getattr(one, "__members__", None)
    return f" (one of {', '.join(repr(one.value) for one in choices.values())})" if choices else ""


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
