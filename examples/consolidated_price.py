"""What a large purchase would cost now, spread over all venues whose books can be read.

    python examples/consolidated_price.py

A book that may be wrong cannot be read at all: `BookNotLive` says why, and this program leaves
that venue out until its book is live again.
"""

from collections.abc import Iterator
from pathlib import Path

import trio

from arbitrio import (
    BookNotLive,
    Engine,
    SandboxServer,
    load_config,
    log_to_stderr,
    open_engine,
    open_sandboxes,
)

SYMBOL = "BTC/USDT"


def readable_asks(engine: Engine, symbol: str) -> Iterator[tuple[float, float]]:
    """`(price, size)` of all venues that can be read."""
    for venue, wished in engine.wished.items():
        if symbol not in wished:
            continue
        try:
            yield from engine.book(venue, symbol).asks(50)
        except BookNotLive as reason:
            print(f"without {venue}: {reason}")


def average_price(asks: Iterator[tuple[float, float]], size: float) -> float | None:
    """The average price of buying `size`, cheapest first; None if there is less than that."""
    left, cost = size, 0.0
    for price, available in sorted(asks):
        taken = min(left, available)
        left -= taken
        cost += taken * price
        if not left:
            return cost / size
    return None


async def watch(engine: Engine, times: int) -> None:
    """Print the price of 10 BTC once a second."""
    for _ in range(times):
        await trio.sleep(1.0)
        price = average_price(readable_asks(engine, SYMBOL), 10.0)
        print("not enough on offer" if price is None else f"10 BTC cost {price:.2f} each")


async def disturb(venue: SandboxServer) -> None:
    """The connections of a venue break again and again."""
    while True:
        await trio.sleep(0.2)
        venue.drop_connections()


async def main() -> None:
    config = load_config(Path(__file__).with_name("demo.toml"))
    async with open_sandboxes(config) as sandboxes, open_engine(sandboxes.config) as engine:
        await watch(engine, times=3)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(disturb, sandboxes.servers["okx"])
            await watch(engine, times=3)
            nursery.cancel_scope.cancel()


if __name__ == "__main__":
    log_to_stderr("warning")
    trio.run(main)
