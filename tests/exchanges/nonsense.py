"""What no venue and no client should send: whole frames, and valid ones of which a part is spoiled.

Where chance decides, the caller gives it, so that one seed is one frame.
"""

import json
import math
import struct
from collections.abc import Iterator
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from exchanges.stream.wire import Frame

chances: Final = st.randoms(use_true_random=True)
"""A seed an example. Drawing each choice from hypothesis costs twenty times what is tested."""

DEEP: Final = ["[" * 100_000, '{"a":' * 100_000, "[" * 900 + "]" * 900]
LONG: Final = "9" * 300_000
NUMBERS: Final = [
    "NaN", "nan", "inf", "-inf", "Infinity", "1e308", "-1e308", "1e-320", "0", "-0", "-1", "0.0",
    "9" * 40, "-" + "9" * 40, "0." + "0" * 39 + "1", "1e15", "1e400", "", " ", "1_000", "0x10",
    "١٢٣", "1,5", "true", "null", "1",
    0, -1, 1, 1e308, -1e308, 5e-324, int("9" * 40), 2**53, 2**63, -(2**63), 2**64, 0.1, math.nan,
    math.inf, -math.inf, True, None,
]  # fmt: skip
TEXTS: Final = ["NOPE", "nope-usdt", "BTC/USDT", "\x00", "\ud800", "💥", "a" * 10_000]
OTHERS: Final[list[Any]] = [[], {}, [[]], [None], {"": {}}, [[[[[[[[]]]]]]]], [["1", "2"]] * 3]
BAD: Final = [json.dumps(value) for value in [*NUMBERS, *TEXTS, *OTHERS]]

_MARK: Final = "the bad value goes here"
_LEAVES: Final = [*NUMBERS, *TEXTS]
_NODES: Final = [*NUMBERS, *NUMBERS, *TEXTS, *OTHERS]
_ENDLESS: Final = [*DEEP, LONG, f'"{LONG}"', '{"a":' + LONG + "}", " " * 300_000]
# Mostly what the formats are made of; then Latin, all that fits in three bytes, and the rest.
_ALPHABETS: Final = [range(32, 127)] * 3 + [range(256), range(0xD800), range(0xE000, 0x110000)]


def each_spoiled(frame: Frame) -> Iterator[Frame]:
    """A JSON frame with each of its nodes in turn replaced by each bad value."""
    try:
        tree = json.loads(frame)
    except ValueError:
        return
    for marked in _marked(tree):
        before, after = json.dumps(marked).split(f'"{_MARK}"')
        for value in BAD:
            text = f"{before}{value}{after}"
            yield text if isinstance(frame, str) else text.encode()


def _marked(tree: Any) -> Iterator[Any]:
    """The tree with one node after the other replaced by a mark."""
    yield _MARK
    if isinstance(tree, dict):
        for key, value in tree.items():
            for inner in _marked(value):
                yield {**tree, key: inner}
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            for inner in _marked(value):
                yield [*tree[:index], inner, *tree[index + 1 :]]


def nonsense(chance: Random) -> Frame:
    """A frame that means nothing: text, bytes, JSON, or more than anyone would read."""
    match chance.randrange(6):
        case 0:
            return text(chance, 200)
        case 1:
            return _bytes(chance)
        case 2:
            return _bytes(chance).decode(errors="surrogateescape")
        case 3:
            return json.dumps(_json_value(chance))
        case 4:
            return json.dumps(_json_value(chance)).encode()
        case _:
            return chance.choice(_ENDLESS)


def text(chance: Random, longest: int) -> str:
    """Characters of any kind, often of one alone."""
    letters = [chance.choice(_ALPHABETS)] if chance.random() < 0.5 else _ALPHABETS
    length = chance.randint(0, longest)
    return "".join(chr(chance.choice(chance.choice(letters))) for _ in range(length))


def _bytes(chance: Random) -> bytes:
    return chance.randbytes(chance.randint(0, 200))


def _json_value(chance: Random, room: int = 3) -> Any:
    """A value that is nested at most `room` deep."""
    match chance.randrange(8):
        case 0 | 1 if room:
            return [_json_value(chance, room - 1) for _ in range(chance.randint(0, 4))]
        case 2 | 3 if room:
            return {
                text(chance, 8): _json_value(chance, room - 1) for _ in range(chance.randint(0, 4))
            }
        case 4:
            return chance.getrandbits(chance.choice([4, 16, 64, 130])) * chance.choice([1, -1])
        case 5:
            return struct.unpack("d", chance.randbytes(8))[0]
        case 6:
            return text(chance, 8)
        case _:
            return chance.choice(_LEAVES)


def spoiled(frame: Frame, chance: Random) -> Frame:
    """A frame of which one thing or another is wrong."""
    try:
        tree = json.loads(frame)
    except ValueError:
        return spoiled_bytes(frame, chance)
    if chance.random() < 1 / 4:
        return spoiled_bytes(frame, chance)
    for _ in range(chance.randint(1, 3)):
        tree = _spoiled_tree(tree, chance)
    changed = json.dumps(tree)
    if chance.random() < 1 / 20:
        changed = changed.replace('"', chance.choice(DEEP), 1)
    return changed if isinstance(frame, str) else changed.encode()


def _spoiled_tree(tree: Any, chance: Random) -> Any:
    """The same with one node, from the root down to the leaves, replaced, dropped or doubled."""
    if not isinstance(tree, dict | list) or not tree or chance.random() < 1 / 8:
        return chance.choice(_NODES)
    copy: Any = tree.copy()
    key = chance.choice(list(tree) if isinstance(tree, dict) else range(len(tree)))
    match chance.randrange(10):
        case 0:
            del copy[key]
        case 1 if isinstance(tree, dict):
            copy[chance.choice([*TEXTS, *tree])] = copy.pop(key)
        case 1:
            copy.insert(key, copy[key])
        case _:
            copy[key] = _spoiled_tree(tree[key], chance)
    return copy


def spoiled_bytes(frame: Frame, chance: Random) -> Frame:
    """The same with bits flipped, cut, doubled, padded, or of the other type of frame."""
    raw = bytearray(frame.encode(errors="surrogateescape") if isinstance(frame, str) else frame)
    at = chance.randint(0, max(len(raw) - 1, 0))
    to = chance.randint(at, len(raw))
    match chance.randrange(7):
        case 0:
            del raw[at:]
        case 1:
            del raw[at:to]
        case 2:
            raw[at:at] = raw[at:to]
        case 3:
            raw *= 2
        case 4:
            raw[at:at] = chance.choice([b" " * 300_000, b"[" * 100_000, b"\xff", b"\x00"])
        case 5 if raw:
            for _ in range(chance.randint(1, 4)):
                raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        case _:
            return bytes(raw) if isinstance(frame, str) else raw.decode(errors="surrogateescape")
    return raw.decode(errors="surrogateescape") if isinstance(frame, str) else bytes(raw)
