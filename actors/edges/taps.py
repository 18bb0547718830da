"""Who hears raw traffic: what a recorder gives to those that send and receive."""

from collections.abc import Callable
from typing import Literal

from exchanges.stream.wire import Frame

Direction = Literal["recv", "send", "http"]

StreamTap = Callable[[str, Direction, str, Frame], None]
"""Told session, direction, URL and frame."""

HttpTap = Callable[[str, bytes], None]
"""Told the URL and body of every reply."""
