"""Supervised order books of many venues, and the differences between their prices.

What may be opened, each an `async with` inside any trio program; what it starts ends with it:

    open_engine(config)     -> Engine: books, opportunities, events and the tree of supervisors
    open_exchange(name)     -> PublicExchange: one venue's requests and streams
    open_sandboxes(config)  -> Sandboxes: venues on this machine, for tests and demonstrations

For example:

    import trio
    from arbitrio import load_config, open_engine

    async def main() -> None:
        async with open_engine(load_config("live.toml")) as engine:
            with engine.opportunities() as changes:
                async for change in changes:
                    print(change.phase, change.opportunity)

    trio.run(main)

What else is here:

    configuration   load_config, Config, VenueConfig, FeeConfig, DetectorSettings, Comparable,
                    ConfigError
    venues          VENUES by name, each a Venue
    books           OrderBook, which raises BookNotLive while it may be wrong; UnknownMarket
    opportunities   OpportunityChange, Opportunity, Leg, Phase, Reason
    events          Trade, Top, Ticker, Kline, Funding and all others; BookLost and its Fault
    markets         Instrument, Kind, Status, Channel, KlineInterval, Topic
    errors          what a venue answers or fails to is an ExchangeError: RateLimited,
                    VenueUnavailable, OutcomeUnknown and so on; what it does not offer is a
                    CodecUsageError
    actors          Supervisor, ChildSpec, Restart, RestartLimit, Strategy, Backoff, Parking, Node,
                    State: for actors of your own
    edges           Network, SocketNetwork, MemoryNetwork, NetworkTransport, Clock, SystemClock,
                    Transport: what may be given from outside

`arbitrio.public` is the list of all names. They are loaded when the first of them is asked for, so
that the help of the command line need not wait for them. `__version__` is that of the installed
distribution. `python -m arbitrio` is the command line.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from arbitrio.public import *  # noqa: F403

    __version__: str

_HOME: Final = Path(__file__).resolve().parents[1]
_PARTS: Final = ("exchanges", "actors", "supervisor")


def _check_parts() -> None:
    """Raise `ImportError` if one of our packages is hidden by another of its name.

    These names are common, and a name that is missing somewhere inside would tell nobody so.
    """
    for name in _PARTS:
        found = _place_of(name)
        if found is None or Path(found).resolve() != _HOME / name:
            raise ImportError(
                f"arbitrio needs its own package {name!r}, in {_HOME}, but Python finds "
                f"{found or 'none'}: another distribution, or a file of your program, has the "
                "same name. Uninstall or rename that one, or install arbitrio into a virtual "
                "environment of its own.",
                name=name,
                path=found,
            )


def _place_of(name: str) -> str | None:
    """Folder or file of a package or module as Python finds it."""
    spec = find_spec(name)
    if spec is None:
        return None
    return next(iter(spec.submodule_search_locations or ()), spec.origin)


_check_parts()


if not TYPE_CHECKING:  # who checks types shall see a name that is not there

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            return import_module("actors.edges.version").version()
        if name == "__all__":
            return _public_names()
        if not name.startswith("_") and name in _public_names():
            return getattr(import_module("arbitrio.public"), name)
        raise AttributeError(f"module 'arbitrio' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), "__version__", *_public_names()})


def _public_names() -> list[str]:
    return [name for name in vars(import_module("arbitrio.public")) if not name.startswith("_")]
