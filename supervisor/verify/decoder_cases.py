"""The decoder under nonsense, and what it keeps of the frames it has read."""

from gc import get_referents
from random import Random
from sys import getsizeof
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Final

from exchanges.errors import VenueProtocolError
from exchanges.stream.wire import Frame
from exchanges.venue import Venue
from supervisor.verify.case import CaseFailed, expect
from supervisor.verify.lab import Lab

MUTATIONS: Final = 2_000
FRAMES_KEPT_BYTES: Final = 16
"""What may stay of one frame on average; a decoder that remembers frames keeps hundreds."""
SLACK_BYTES: Final = 16 << 10
"""For what is there at one moment and not at another, such as a ping that waits."""
_CODE: Final = (type, ModuleType, FunctionType, BuiltinFunctionType)


def mutated_frames(venue: Venue) -> None:
    """Spoiled frames are events or protocol errors, nothing else."""
    chance = Random("mutate")
    for stream in venue.streams:
        lab = Lab.open(venue, stream)
        lab.run(5)
        frames = lab.received[-200:]
        for _ in range(MUTATIONS):
            frame = _spoil(chance.choice(frames), chance)
            try:
                lab.codec.receive(frame, lab.now_ns)
            except VenueProtocolError:
                continue
            except Exception as error:
                raise CaseFailed(f"{stream.name}: {error!r} at {frame[:200]!r}") from error


def _spoil(frame: Frame, chance: Random) -> Frame:
    """A frame with some bytes changed, left out, or written twice."""
    data = bytearray(frame.encode() if isinstance(frame, str) else frame)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) or 1)
        match chance.randrange(4):
            case 0 if data:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 20)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 20)]
            case _:
                del data[at:]
    return data.decode("utf-8", "replace") if isinstance(frame, str) else bytes(data)


def memory(venue: Venue) -> None:
    """A codec keeps nothing of the frames that it has read."""
    for stream in venue.streams:
        lab = Lab.open(venue, stream)
        lab.run(10)
        before, frames = _kept(lab.codec), lab.codec.frames
        lab.run(20)
        grown, frames = _kept(lab.codec) - before, lab.codec.frames - frames
        allowed = SLACK_BYTES + FRAMES_KEPT_BYTES * frames
        expect(grown <= allowed, f"{stream.name}: {grown} bytes were kept of {frames} frames")


def _kept(root: object) -> int:
    """Bytes of everything that can be reached from an object, but for code."""
    seen, found, size = {id(root)}, [root], 0
    while found:
        one = found.pop()
        size += getsizeof(one)
        for other in get_referents(one):
            if id(other) not in seen and not isinstance(other, _CODE):
                seen.add(id(other))
                found.append(other)
    return size
