"""What may come out of code that a user gives us."""

from typing import Final

import trio

STOPS: Final = (trio.Cancelled, KeyboardInterrupt, SystemExit)
"""These are meant for more than the code that they come out of. Whatever else it raises ends only
itself, be it no `Exception`, like the cancellations of another event loop."""
