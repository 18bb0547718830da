"""Watches more and fewer markets while the engine runs, and shows the supervisor tree.

python examples/changing_symbols.py
"""

from pathlib import Path

import trio
from msgspec.structs import replace

from arbitrio import Engine, Node, load_config, log_to_stderr, open_engine, open_sandboxes


def show(node: Node, depth: int = 0) -> None:
    """Print a part of the tree, and what is below it."""
    print(f"{'    ' * depth}{node.name}: {node.state}, restarts {node.restarts}")
    for child in node.children:
        show(child, depth + 1)


async def change(engine: Engine) -> None:
    """Watch another market, then one less, then a venue less, and that venue again."""
    await engine.add("binance", "ETH/USDT")
    book = await engine.until_live("binance", "ETH/USDT")
    print(f"bid {book.bids(1)}, ask {book.asks(1)}")
    await engine.remove("binance", "BTC/USDT")

    okx = engine.config.venues["okx"]
    await engine.remove_venue("okx")
    show(engine.tree())
    await engine.add_venue("okx", okx)
    await engine.until_live("okx", "BTC/USDT")
    show(engine.tree())


async def main() -> None:
    config = load_config(Path(__file__).with_name("demo.toml"))
    async with open_sandboxes(config) as sandboxes:
        config = replace(sandboxes.config, symbols=["BTC/USDT"])
        async with open_engine(config) as engine:
            await change(engine)


if __name__ == "__main__":
    log_to_stderr("warning")
    trio.run(main)
