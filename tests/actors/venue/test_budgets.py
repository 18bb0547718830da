"""Whoever comes from one address shares what a venue allows it."""

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from actors.edges.clock import TrioClock
from actors.edges.hub import Hub
from actors.network.network import MemoryNetwork, Network, SocketNetwork
from actors.sandbox.http import HttpRequest
from actors.venue.budget import Budget
from actors.venue.budgets import budget_of
from actors.venue.context import Injected, VenueContext
from exchanges import VENUES
from exchanges.errors import RateLimited
from exchanges.limits import Rate
from exchanges.sandbox.request import SandboxReply
from exchanges.venue import PRODUCTION
from tests.actors.network.scripted import BINANCE, SPOT, UM, Always, costing
from tests.actors.sandbox.sandboxes import EPOCH_NS, sandboxes

URLS = BINANCE.endpoints[PRODUCTION]


@pytest.mark.parametrize("name", VENUES)
async def test_sockets_of_one_machine_or_one_proxy_are_one_address(name: str) -> None:
    venue = VENUES[name]
    urls = venue.endpoints[PRODUCTION]
    one = budget_of(venue, urls, SocketNetwork(""))
    assert budget_of(venue, dict(urls), SocketNetwork()) is one
    behind = budget_of(venue, urls, SocketNetwork("http://proxy:3128"))
    assert behind is not one
    assert budget_of(venue, urls, SocketNetwork("http://proxy:3128")) is behind


async def test_another_network_another_venue_and_other_hosts_have_another() -> None:
    async with trio.open_nursery() as nursery:
        networks: list[Network] = [MemoryNetwork(nursery), MemoryNetwork(nursery)]
        networks.append(SocketNetwork())
        found = [budget_of(BINANCE, URLS, network) for network in networks]
        found.append(budget_of(VENUES["okx"], VENUES["okx"].endpoints[PRODUCTION], networks[0]))
        found.append(budget_of(BINANCE, BINANCE.endpoints["testnet"], networks[0]))
        assert len(set(found)) == len(found)
        assert budget_of(BINANCE, URLS, networks[0]) is found[0]


def test_two_runs_share_no_deadlines() -> None:
    async def budget() -> Budget:
        return budget_of(BINANCE, URLS, SocketNetwork())

    first = trio.run(budget, clock=MockClock())
    assert trio.run(budget, clock=MockClock()) is not first


async def test_two_openings_of_a_venue_spend_one_budget(autojump_clock: MockClock) -> None:
    venue = replace(BINANCE, buckets={SPOT: Rate(4, 10.0), UM: Rate(4, 10.0)})
    async with sandboxes("binance") as (network, _, endpoints), trio.open_nursery() as nursery:
        contexts = [
            VenueContext.open(
                venue,
                endpoints["binance"],
                Hub(),
                Injected(network=network, clock=TrioClock(EPOCH_NS), chance=Always()),
            )
            for _ in range(2)
        ]
        for context in contexts:
            await nursery.start(context.gateway.run)
        paid_s = []
        for number in range(6):
            await contexts[number % 2].gateway.call(costing(1))
            paid_s.append(trio.current_time())
        assert paid_s == pytest.approx([0.0] * 4 + [10.05] * 2)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("name", VENUES)
async def test_who_opens_a_venue_inside_a_ban_does_not_go_into_it(
    name: str, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_s: list[float] = []
    ban = SandboxReply(status=418, body=b"", headers=(("Retry-After", "300"),))

    def banned(request: HttpRequest) -> SandboxReply:
        asked_s.append(trio.current_time())
        return ban

    async with sandboxes(name, symbols=()) as (network, servers, endpoints):
        monkeypatch.setattr(servers[name], "answer", banned)
        for _ in range(3):
            given = Injected(network=network, clock=TrioClock(EPOCH_NS), chance=Always())
            context = VenueContext.open(VENUES[name], endpoints[name], Hub(), given)
            async with trio.open_nursery() as nursery:
                await nursery.start(context.gateway.run)
                with pytest.raises(RateLimited) as caught:
                    await context.gateway.call(VENUES[name].rest.ping())
                assert caught.value.retry_after_s == pytest.approx(300.0 - trio.current_time())
                nursery.cancel_scope.cancel()
            await trio.sleep(100.0)
        assert asked_s == [0.0]
