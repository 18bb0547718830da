"""Prints opportunities as they open and close.

    python examples/watch_opportunities.py

The venues are sandboxes on this machine. For the real ones, read `live.toml` instead and give the
configuration to `open_engine` as it is.
"""

from pathlib import Path

import trio

from arbitrio import Engine, Phase, load_config, log_to_stderr, open_engine, open_sandboxes


async def watch(engine: Engine, count: int) -> None:
    """Print until so many opportunities have closed."""
    closed = 0
    with engine.opportunities() as changes:
        async for change in changes:
            found = change.opportunity
            if change.phase is Phase.OPENED:
                print(f"#{found.id} {found}")
            elif change.phase is Phase.CLOSED:
                print(f"#{found.id} closed after {found.lasted_s:.1f} s: {change.reason}")
                closed += 1
            if closed == count:
                return


async def main() -> None:
    config = load_config(Path(__file__).with_name("demo.toml"))
    async with open_sandboxes(config) as sandboxes, open_engine(sandboxes.config) as engine:
        await watch(engine, count=5)


if __name__ == "__main__":
    log_to_stderr("warning")
    trio.run(main)
