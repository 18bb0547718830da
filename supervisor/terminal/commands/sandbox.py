"""`arbitrio sandbox`: serves sandbox venues on this machine until it is stopped, for any client.

Whoever speaks a venue's protocol can be pointed at it: a URL of production works when the longest
prefix that `replaces` names is exchanged for `url`.
"""

from argparse import Namespace
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from actors.sandbox.server import SandboxServer
from exchanges.venue import PRODUCTION
from supervisor.settings.config import Config, effective
from supervisor.system.sandboxes import Sandboxes, open_sandboxes
from supervisor.terminal.demo_config import demo_config
from supervisor.terminal.exits import UsageError
from supervisor.terminal.running import say
from supervisor.terminal.stopping import Stop

FORMAT: Final = 1
"""Of the JSON."""


def main(args: Namespace) -> int:
    if args.config and args.config.exists() and not args.force:
        raise UsageError(f"{args.config}: is there already; --force replaces it")
    config, stop = demo_config(args.venues), Stop()
    stop.run(_serve, config, args, stop)
    return 0


async def _serve(config: Config, args: Namespace, stop: Stop) -> None:
    async with open_sandboxes(config, seed=args.seed, port=args.port) as sandboxes:
        if args.config:
            _write(args.config, sandboxes.config)
        if args.json:
            say(msgspec.json.encode(described(sandboxes)).decode())
        else:
            _list(sandboxes, args.config)
        with trio.CancelScope() as scope, stop.ends(scope):
            await trio.sleep_forever()


def described(sandboxes: Sandboxes) -> dict[str, Any]:
    """Where the venues are served and what they trade, for programs."""
    venues = {name: _described(name, sandboxes) for name in sandboxes.servers}
    return {"format": FORMAT, "venues": venues}


def _described(name: str, sandboxes: Sandboxes) -> dict[str, Any]:
    venue, urls = sandboxes.config.venue(name), sandboxes.config.venues[name].endpoints
    endpoints: dict[str, dict[str, Any]] = {}  # by URL: what is one in production is one here
    for role, production in venue.endpoints[PRODUCTION].items():
        url = urls[role].rstrip("/")
        replaced = [production, *venue.aliases.get(role, ())]
        endpoints.setdefault(
            url,
            {
                "role": role,
                "kind": "ws" if url.startswith("ws") else "rest",
                "url": url,
                "replaces": [base.rstrip("/") for base in replaced],
            },
        )
    return {
        "endpoints": list(endpoints.values()),
        "symbols": _symbols(sandboxes.servers[name]),
        "accounts": [],
    }


def _symbols(server: SandboxServer) -> list[dict[str, str]]:
    instruments = [market.instrument for market in server.venue.markets.values()]
    return [
        {"symbol": one.symbol, "kind": str(one.kind), "native": one.native} for one in instruments
    ]


def _list(sandboxes: Sandboxes, config: Path | None) -> None:
    width = max(map(len, sandboxes.servers))
    for name in sandboxes.servers:
        for endpoint in _described(name, sandboxes)["endpoints"]:
            say(f"{name:{width}}  {endpoint['role']:12}  {endpoint['url']}")
    if config:
        say(f"\nto watch them: arbitrio run {config}")
    say("\nserved until Ctrl-C")


def _write(path: Path, config: Config) -> None:
    path.write_text(effective(config), "utf-8")
