"""Faults on demand: what a sandbox does to the frames of its streams before they leave."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from exchanges.market.topics import Channel
from exchanges.sandbox.session import Outgoing
from exchanges.stream.wire import Frame

# No venue's documentation allows it, whatever its format.
GARBAGE: Final = '{"\ufffd": [NaN, 1e999'


class FrameFault(StrEnum):
    """What happens to a frame of a book."""

    LOSE = "lose"
    DUPLICATE = "duplicate"
    SWAP = "swap"  # with the next frame of the same book
    GARBAGE = "garbage"  # nonsense is sent instead
    CUT = "cut"  # its end is missing


class _Armed(msgspec.Struct):
    fault: FrameFault
    symbol: str
    left: int


class FrameFaults:
    """Applies armed faults to the book frames of one connection after another.

    Attributes:
        done: how often each fault has happened.
    """

    def __init__(self) -> None:
        self.done: dict[FrameFault, int] = dict.fromkeys(FrameFault, 0)
        self._armed: list[_Armed] = []
        self._held: dict[str, Frame] = {}  # by key of the stream, until the next frame

    def arm(self, fault: FrameFault, *, symbol: str = "", times: int = 1) -> None:
        """Let the fault happen to the next frames of a symbol's book, "" for any book."""
        self._armed.append(_Armed(fault, symbol, times))

    def pass_on(self, outgoing: Iterable[Outgoing]) -> list[Frame]:
        """The frames that are sent instead."""
        frames: list[Frame] = []
        for one in outgoing:
            if one.stream is None or one.stream.channel is not Channel.BOOK:
                frames.append(one.frame)
                continue
            key, frame = one.stream.key, one.frame
            if key in self._held:
                frames += [frame, self._held.pop(key)]
                continue
            match self._strike(one.stream.market.instrument.symbol):
                case None:
                    frames.append(frame)
                case FrameFault.LOSE:
                    pass
                case FrameFault.DUPLICATE:
                    frames += [frame, frame]
                case FrameFault.SWAP:
                    self._held[key] = frame
                case FrameFault.GARBAGE:
                    frames.append(GARBAGE)
                case FrameFault.CUT:
                    frames.append(frame[:-1])
        return frames

    def _strike(self, symbol: str) -> FrameFault | None:
        for armed in self._armed:
            if armed.symbol in ("", symbol):
                armed.left -= 1
                if not armed.left:
                    self._armed.remove(armed)
                self.done[armed.fault] += 1
                return armed.fault
        return None
