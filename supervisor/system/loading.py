"""Venues that are asked for while the loop carries others."""

from functools import partial

import trio

from actors.network.network import Network
from exchanges import Venue
from supervisor.settings.venues import find_venue


async def load_venue(name: str, network: Network | None) -> Venue:
    """The record of a venue, which may be anybody's; see `find_venue`.

    Importing a venue builds its decoders, which takes up to 40 ms; that is done beside the loop,
    unless the network is virtual: the loop may be in virtual time then, and what happens there must
    not depend on when a thread is done. Without a network it is one of sockets.

    Raises:
        LookupError: there is no such venue; says which may be meant.
    """
    load = partial(find_venue, name)
    return load() if network and network.is_virtual else await trio.to_thread.run_sync(load)
