"""Tests of `supervisor.system.loading`: where a venue is imported."""

import threading

import pytest
import trio

from actors.network.network import MemoryNetwork, Network, SocketNetwork
from exchanges import VENUES, Venue
from supervisor.system.loading import load_venue


@pytest.mark.parametrize(
    ("network", "is_beside"),
    [
        (None, True),
        (SocketNetwork(), True),
        (SocketNetwork("http://proxy.example:3128"), True),
        (MemoryNetwork, False),
    ],
)
async def test_a_venue_is_imported_beside_the_loop_unless_time_may_be_virtual(
    network: Network | type[MemoryNetwork] | None,
    is_beside: bool,
    nursery: trio.Nursery,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[threading.Thread] = []

    def find(name: str) -> Venue:
        threads.append(threading.current_thread())
        return VENUES[name]

    monkeypatch.setattr("supervisor.system.loading.find_venue", find)
    given = network(nursery) if isinstance(network, type) else network
    venue = await load_venue("okx", given)
    assert venue is VENUES["okx"]
    assert (threads != [threading.main_thread()]) is is_beside
