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

    configuration   load_config, Config, VenueConfig, FeeConfig, AssetUnit, DetectorSettings,
                    Comparable, ConfigError
    venues          VENUES by name, each a Venue
    books           OrderBook, which raises BookNotLive while it may be wrong; UnknownMarket,
                    NoSuchKind
    opportunities   OpportunityChange, Opportunity, Leg, Phase, Reason
    events          Trade, Top, Ticker, Kline, Funding and all others; BookLost and its Fault
    markets         Instrument, Kind, Status, Channel, KlineInterval, Topic
    errors          what a venue answers or fails to is an ExchangeError: RateLimited,
                    VenueUnavailable, OutcomeUnknown and so on; what it does not offer is a
                    CodecUsageError
    actors          Supervisor, ChildSpec, Restart, RestartLimit, Strategy, Backoff, Parking, Node,
                    State: for actors of your own
    edges           Network, SocketNetwork, MemoryNetwork, NetworkTransport, Clock, SystemClock,
                    TrioClock (for virtual time),
                    Transport: what may be given from outside
    tests           FrameFault, to arm at a sandbox; the plugin of pytest has fixtures

`__all__` is the list of all names; each is loaded when it is first asked for. `__version__` is that
of the installed distribution. `python -m arbitrio` is the command line.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from actors.books.order_book import BookNotLive as BookNotLive
    from actors.books.order_book import OrderBook as OrderBook
    from actors.detection.identity import Comparable as Comparable
    from actors.detection.opportunity import DetectorSettings as DetectorSettings
    from actors.detection.opportunity import Leg as Leg
    from actors.detection.opportunity import Opportunity as Opportunity
    from actors.detection.opportunity import OpportunityChange as OpportunityChange
    from actors.detection.opportunity import Phase as Phase
    from actors.detection.opportunity import Reason as Reason
    from actors.edges.clock import Clock as Clock
    from actors.edges.clock import SystemClock as SystemClock
    from actors.edges.clock import TrioClock as TrioClock
    from actors.edges.hub import Listener as Listener
    from actors.edges.hub import ListenerTooSlow as ListenerTooSlow
    from actors.network.network import MemoryNetwork as MemoryNetwork
    from actors.network.network import Network as Network
    from actors.network.network import SocketNetwork as SocketNetwork
    from actors.network.transport import NetworkTransport as NetworkTransport
    from actors.network.websocket import Transport as Transport
    from actors.sandbox.faults import FrameFault as FrameFault
    from actors.sandbox.server import SandboxServer as SandboxServer
    from actors.venue.auditor import AuditCount as AuditCount
    from exchanges import VENUES as VENUES
    from exchanges import Venue as Venue
    from exchanges.errors import AuthenticationError as AuthenticationError
    from exchanges.errors import CodecUsageError as CodecUsageError
    from exchanges.errors import DuplicateOrder as DuplicateOrder
    from exchanges.errors import ExchangeError as ExchangeError
    from exchanges.errors import InsufficientBalance as InsufficientBalance
    from exchanges.errors import InvalidOrder as InvalidOrder
    from exchanges.errors import InvalidSymbol as InvalidSymbol
    from exchanges.errors import MinNotional as MinNotional
    from exchanges.errors import OrderNotFound as OrderNotFound
    from exchanges.errors import OutcomeUnknown as OutcomeUnknown
    from exchanges.errors import PermissionDenied as PermissionDenied
    from exchanges.errors import PriceOutOfRange as PriceOutOfRange
    from exchanges.errors import RateLimited as RateLimited
    from exchanges.errors import StreamStale as StreamStale
    from exchanges.errors import TimestampError as TimestampError
    from exchanges.errors import TradingDisabled as TradingDisabled
    from exchanges.errors import VenueProtocolError as VenueProtocolError
    from exchanges.errors import VenueUnavailable as VenueUnavailable
    from exchanges.market.events import BookDelta as BookDelta
    from exchanges.market.events import BookLost as BookLost
    from exchanges.market.events import BookSnapshot as BookSnapshot
    from exchanges.market.events import Event as Event
    from exchanges.market.events import Fault as Fault
    from exchanges.market.events import Funding as Funding
    from exchanges.market.events import FundingCharge as FundingCharge
    from exchanges.market.events import InstrumentChange as InstrumentChange
    from exchanges.market.events import Kline as Kline
    from exchanges.market.events import Liquidation as Liquidation
    from exchanges.market.events import MarkPrice as MarkPrice
    from exchanges.market.events import Notice as Notice
    from exchanges.market.events import OpenInterest as OpenInterest
    from exchanges.market.events import StreamEvent as StreamEvent
    from exchanges.market.events import Subscription as Subscription
    from exchanges.market.events import SubscriptionState as SubscriptionState
    from exchanges.market.events import Ticker as Ticker
    from exchanges.market.events import Top as Top
    from exchanges.market.events import Trade as Trade
    from exchanges.market.events import VenueState as VenueState
    from exchanges.market.instrument import Instrument as Instrument
    from exchanges.market.instrument import Kind as Kind
    from exchanges.market.instrument import Status as Status
    from exchanges.market.topics import Channel as Channel
    from exchanges.market.topics import KlineInterval as KlineInterval
    from exchanges.market.topics import Topic as Topic
    from supervisor.settings.assets import AssetUnit as AssetUnit
    from supervisor.settings.config import Config as Config
    from supervisor.settings.config import FeeConfig as FeeConfig
    from supervisor.settings.config import VenueConfig as VenueConfig
    from supervisor.settings.loading import load_config as load_config
    from supervisor.settings.reader import ConfigError as ConfigError
    from supervisor.supervision.child import ChildNotReady as ChildNotReady
    from supervisor.supervision.child import ChildSpec as ChildSpec
    from supervisor.supervision.child import Node as Node
    from supervisor.supervision.child import State as State
    from supervisor.supervision.policy import Backoff as Backoff
    from supervisor.supervision.policy import Parking as Parking
    from supervisor.supervision.policy import Restart as Restart
    from supervisor.supervision.policy import RestartLimit as RestartLimit
    from supervisor.supervision.policy import RestartLimitReached as RestartLimitReached
    from supervisor.supervision.policy import Strategy as Strategy
    from supervisor.supervision.supervise import Supervisor as Supervisor
    from supervisor.system.engine import Engine as Engine
    from supervisor.system.engine import NoSuchKind as NoSuchKind
    from supervisor.system.engine import Taps as Taps
    from supervisor.system.engine import UnknownMarket as UnknownMarket
    from supervisor.system.engine import open_engine as open_engine
    from supervisor.system.exchange import PublicExchange as PublicExchange
    from supervisor.system.exchange import open_exchange as open_exchange
    from supervisor.system.live_streams import Opening as Opening
    from supervisor.system.sandboxes import Sandboxes as Sandboxes
    from supervisor.system.sandboxes import open_sandboxes as open_sandboxes
    from supervisor.terminal.logs import log_to_stderr as log_to_stderr

    __version__: str

# The same names where they are at home, for those who run this; a test compares the two lists.
_HOMES: Final = {
    "actors.books.order_book": "BookNotLive OrderBook",
    "actors.detection.identity": "Comparable",
    "actors.detection.opportunity": (
        "DetectorSettings Leg Opportunity OpportunityChange Phase Reason"
    ),
    "actors.edges.clock": "Clock SystemClock TrioClock",
    "actors.edges.hub": "Listener ListenerTooSlow",
    "actors.network.network": "MemoryNetwork Network SocketNetwork",
    "actors.network.transport": "NetworkTransport",
    "actors.network.websocket": "Transport",
    "actors.sandbox.faults": "FrameFault",
    "actors.sandbox.server": "SandboxServer",
    "actors.venue.auditor": "AuditCount",
    "exchanges": "VENUES Venue",
    "exchanges.errors": (
        "AuthenticationError CodecUsageError DuplicateOrder ExchangeError InsufficientBalance "
        "InvalidOrder InvalidSymbol MinNotional OrderNotFound OutcomeUnknown PermissionDenied "
        "PriceOutOfRange RateLimited StreamStale TimestampError TradingDisabled "
        "VenueProtocolError VenueUnavailable"
    ),
    "exchanges.market.events": (
        "BookDelta BookLost BookSnapshot Event Fault Funding FundingCharge InstrumentChange "
        "Kline Liquidation MarkPrice Notice OpenInterest StreamEvent Subscription "
        "SubscriptionState Ticker Top Trade VenueState"
    ),
    "exchanges.market.instrument": "Instrument Kind Status",
    "exchanges.market.topics": "Channel KlineInterval Topic",
    "supervisor.settings.assets": "AssetUnit",
    "supervisor.settings.config": "Config FeeConfig VenueConfig",
    "supervisor.settings.loading": "load_config",
    "supervisor.settings.reader": "ConfigError",
    "supervisor.supervision.child": "ChildNotReady ChildSpec Node State",
    "supervisor.supervision.policy": (
        "Backoff Parking Restart RestartLimit RestartLimitReached Strategy"
    ),
    "supervisor.supervision.supervise": "Supervisor",
    "supervisor.system.engine": "Engine NoSuchKind Taps UnknownMarket open_engine",
    "supervisor.system.exchange": "PublicExchange open_exchange",
    "supervisor.system.live_streams": "Opening",
    "supervisor.system.sandboxes": "Sandboxes open_sandboxes",
    "supervisor.terminal.logs": "log_to_stderr",
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names.split()}
_HERE: Final = Path(__file__).parent

if not TYPE_CHECKING:  # who checks types shall be told of a name that is not there
    __all__ = sorted(_HOME_OF)

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            return import_module("actors.edges.version").version()
        if name not in _HOME_OF:
            raise AttributeError(f"module 'arbitrio' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), "__version__", *_HOME_OF})


def main() -> int:
    """Run the command line; returns the exit code."""
    signals = import_module("supervisor.terminal.signals")
    signals.obey_signals()  # before anything that takes long
    code: int = import_module("supervisor.terminal.cli").main()
    signals.ignore_signals()
    return code


def _require_own(package: str) -> None:
    """Raise `ImportError` if the package is hidden by another of its name.

    These names are common, and a name that is missing somewhere inside would tell nobody so.
    """
    found = _place_of(package)
    if found is None or Path(found).resolve() != (_HERE / package).resolve():
        raise ImportError(
            f"arbitrio needs its own package {package!r}, in {_HERE}, but Python finds "
            f"{found or _nothing(package)}: another distribution, or a file of your program, has "
            "the same name. Uninstall or rename that one, or install arbitrio into a virtual "
            "environment of its own.",
            name=package,
            path=found,
        )


def _nothing(package: str) -> str:
    """What to call that which has no place."""
    if package in sys.modules:
        return f"{sys.modules[package]!r}, which somebody put into sys.modules"
    return "none"


def _place_of(package: str) -> str | None:
    """Folder or file of a package or module as Python finds it."""
    if package in sys.modules:
        return _place_of_loaded(sys.modules[package])
    spec = find_spec(package)
    if spec is None:
        return None
    return next(iter(spec.submodule_search_locations or ()), spec.origin)


def _place_of_loaded(module: ModuleType | None) -> str | None:
    """The same of what was put there, which may be a stub without any place, or a ban."""
    places = getattr(module, "__path__", None) or ()
    return next(iter(places), getattr(module, "__file__", None))


for _package in ("exchanges", "actors", "supervisor"):
    _require_own(_package)

if __name__ == "__main__":
    sys.exit(main())
