"""What a connection, and each of its sessions, can be told."""

import msgspec

from actors.books.keeper import Resync
from exchanges.market.instrument import Instrument
from exchanges.market.topics import Topic


class Subscribe(msgspec.Struct, frozen=True):
    topics: tuple[Topic, ...]


class Unsubscribe(msgspec.Struct, frozen=True):
    topics: tuple[Topic, ...]


class Refresh(msgspec.Struct, frozen=True):
    """The rules of an instrument changed."""

    instrument: Instrument


Command = Subscribe | Unsubscribe | Resync | Refresh
