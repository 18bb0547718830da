"""Whether a venue takes orders at all, as its sockets told last."""

import trio

from exchanges.market.events import VenueState


class Openness:
    """What a venue has said of itself; it is open until it says otherwise.

    Attributes:
        is_open: whether it takes orders.
        message: its own word for how it is; "" before it has said anything.
    """

    def __init__(self) -> None:
        self.is_open = True
        self.message = ""
        self._changed = trio.Event()

    def tell(self, state: VenueState) -> bool:
        """Take the newest word; true if by it the venue has opened or closed."""
        self.message = state.message
        if state.takes_orders is self.is_open:
            return False
        self.is_open = state.takes_orders
        self._changed.set()
        self._changed = trio.Event()
        return True

    async def until(self, *, is_open: bool) -> None:
        """Wait until the venue is open, or until it is closed."""
        while self.is_open is not is_open:
            await self._changed.wait()
