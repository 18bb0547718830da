"""An actor of your own beside the engine, restarted by a supervisor when it fails.

    python examples/own_actor.py

The actor keeps the best edge seen in each direction. Its third opportunity makes it fail, as bugs
do; the supervisor starts it again, and the engine does not notice.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import trio

from arbitrio import (
    ChildSpec,
    Engine,
    Supervisor,
    load_config,
    log_to_stderr,
    open_engine,
    open_sandboxes,
)

Best = dict[tuple[str, str], float]


async def keep_best(
    engine: Engine,
    best: Best,
    is_enough: Callable[[], None],
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """The actor: hears opportunities, and keeps the best edge of each direction."""
    with engine.opportunities() as changes:
        task_status.started()
        async for change in changes:
            sell, buy = change.opportunity.sell.instrument, change.opportunity.buy.instrument
            key = (f"{sell.venue} {sell.symbol}", f"{buy.venue} {buy.symbol}")
            was_third = key not in best and len(best) == 2
            best[key] = max(best.get(key, 0.0), change.opportunity.edge_bps)
            if was_third:
                raise ValueError("a bug in the actor")
            if len(best) == 6:
                is_enough()


async def watch(engine: Engine) -> Best:
    """Run the actor under a supervisor until it has seen six directions."""
    best: Best = {}
    with trio.CancelScope() as scope:
        actor = ChildSpec(name="best", run=partial(keep_best, engine, best, scope.cancel))
        await Supervisor("mine", [actor], jitter=Random().random).run()
    return best


async def main() -> None:
    config = load_config(Path(__file__).with_name("demo.toml"))
    async with open_sandboxes(config) as sandboxes, open_engine(sandboxes.config) as engine:
        for (sell, buy), edge_bps in (await watch(engine)).items():
            print(f"sell {sell}, buy {buy}: {edge_bps:.1f} bp at best")


if __name__ == "__main__":
    log_to_stderr("warning")
    trio.run(main)
