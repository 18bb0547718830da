"""From wire structs to events: what a venue's tables of channels are made of.

A wire struct of a data frame has a method `events` that says what it means; a reader decodes a
payload and asks it.
"""

from typing import Protocol, TypeVar

import msgspec

from exchanges.market.events import StreamEvent
from exchanges.market.instrument import Instrument
from exchanges.stream.wire import Reader, Route


class Message(Protocol):
    """A wire struct that can say what it means."""

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]: ...


M = TypeVar("M", bound=Message)


def one(wire: type[M]) -> Reader:
    """Reads payloads that are one `wire` struct."""
    decode = msgspec.json.Decoder(wire, strict=False).decode

    def read(route: Route, payload: msgspec.Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        return decode(payload).events(route.instrument, received_ns)

    return read


def each(wire: type[M]) -> Reader:
    """Reads payloads that are a list of `wire` structs."""
    decode = msgspec.json.Decoder(list[wire], strict=False).decode  # type: ignore[valid-type]

    def read(route: Route, payload: msgspec.Raw, received_ns: int) -> tuple[StreamEvent, ...]:
        messages: list[M] = decode(payload)
        if len(messages) == 1:
            return messages[0].events(route.instrument, received_ns)
        events = [message.events(route.instrument, received_ns) for message in messages]
        return tuple(event for found in events for event in found)

    return read
