"""Venues that are asked for while the loop carries others."""

from functools import partial

import trio

from actors.network.network import Network
from exchanges import Venue
from supervisor.settings.venues import find_venue


async def load_venue(name: str, network: Network | None) -> Venue:
    """The record of a venue, which may be anybody's; see `find_venue`.

    Importing a venue builds its decoders, which takes up to 40 ms; on real sockets (no network is
    injected) that is done beside the loop. Elsewhere the loop may be in virtual time, and what
    happens there must not depend on when a thread is done.

    Raises:
        LookupError: there is no such venue; says which may be meant.
    """
    load = partial(find_venue, name)
    return load() if network else await trio.to_thread.run_sync(load)
