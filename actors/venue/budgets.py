"""Whose budget it is: a venue allows so much to an address, whoever asks from there."""

from collections.abc import Hashable, Mapping
from typing import Final
from urllib.parse import urlsplit

from trio.lowlevel import RunVar

from actors.network.network import Network, SocketNetwork
from actors.venue.budget import Budget
from exchanges.venue import Venue

# Deadlines are those of one run's clock, and so is what is left until them.
_BUDGETS: Final[RunVar[dict[Hashable, Budget]]] = RunVar("budgets")


def budget_of(venue: Venue, endpoints: Mapping[str, str], network: Network) -> Budget:
    """What is left of the venue's limits for the address that the network connects from.

    It is the same for all of this run who ask the same hosts through the same network. Sockets of
    one machine, or of one proxy, are one network; another one is its own address.
    """
    try:
        budgets = _BUDGETS.get()
    except LookupError:
        budgets = {}
        _BUDGETS.set(budgets)
    hosts = frozenset(urlsplit(url).netloc for url in endpoints.values())
    key = (venue, hosts, _Address.of(network))
    if key not in budgets:
        budgets[key] = Budget(venue)
    return budgets[key]


class _Address:
    """A network as a key; it is kept, so that no other can be taken for it."""

    def __init__(self, network: Network, name: Hashable) -> None:
        self._network = network
        self._name = name

    @classmethod
    def of(cls, network: Network) -> "_Address":
        return cls(network, network.proxy if isinstance(network, SocketNetwork) else id(network))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Address) and self._name == other._name

    def __hash__(self) -> int:
        return hash(self._name)
