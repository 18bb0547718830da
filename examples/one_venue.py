"""One venue without the engine: what it answers on request, and its live book.

    python examples/one_venue.py

`open_exchange("okx")` alone talks to the real venue; here a sandbox on this machine stands for it.
"""

from collections.abc import Mapping
from pathlib import Path

import trio

from arbitrio import PublicExchange, load_config, log_to_stderr, open_exchange, open_sandboxes

VENUE, SYMBOL, PERPETUAL = "okx", "BTC/USDT", "BTC/USDT:USDT"


async def look(exchange: PublicExchange, times: int) -> None:
    """Print the state of two markets, then so many changes of a book."""
    ticker = await exchange.ticker(SYMBOL)
    funding = await exchange.funding(PERPETUAL)
    # What a venue does not tell is None: the price of what was never traded, a funding interval.
    last = "unknown" if ticker.last is None else f"{ticker.last:g}"
    a_year = "unknown" if funding.per_year is None else f"{funding.per_year:+.2%} a year"
    print(f"{SYMBOL} last {last}, {PERPETUAL} funding {a_year}")
    async with exchange.stream_book(SYMBOL) as books:
        async for book in books:
            if book.is_live:
                top = book.top()
                print(f"{SYMBOL} {top.bid:g} x {top.bid_size:g}, {top.ask:g} x {top.ask_size:g}")
                times -= 1
            if not times:
                return


async def main() -> None:
    config = load_config(Path(__file__).with_name("demo.toml"))
    async with open_sandboxes(config) as sandboxes:
        endpoints: Mapping[str, str] = sandboxes.config.venues[VENUE].endpoints
        async with open_exchange(VENUE, endpoints=endpoints) as exchange:
            await look(exchange, times=5)


if __name__ == "__main__":
    log_to_stderr("warning")
    trio.run(main)
