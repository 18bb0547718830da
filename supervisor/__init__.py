"""Supervision, and the engine that runs under it: what an embedding program uses.

Names are loaded when first asked for, so that the command line's help need not wait for all.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from supervisor.settings.config import Config as Config
    from supervisor.settings.config import VenueConfig as VenueConfig
    from supervisor.settings.config import load_config as load_config
    from supervisor.settings.reader import ConfigError as ConfigError
    from supervisor.supervision.child import ChildSpec as ChildSpec
    from supervisor.supervision.child import Node as Node
    from supervisor.supervision.child import State as State
    from supervisor.supervision.policy import Restart as Restart
    from supervisor.supervision.policy import RestartLimit as RestartLimit
    from supervisor.supervision.policy import Strategy as Strategy
    from supervisor.supervision.supervise import Supervisor as Supervisor
    from supervisor.system.engine import Engine as Engine
    from supervisor.system.engine import UnknownMarket as UnknownMarket
    from supervisor.system.engine import open_engine as open_engine
    from supervisor.system.sandboxes import Sandboxes as Sandboxes
    from supervisor.system.sandboxes import open_sandboxes as open_sandboxes
    from supervisor.terminal.logs import log_to_stderr as log_to_stderr

_MODULES: Final = {
    "supervision.child": ("ChildSpec", "Node", "State"),
    "settings.config": ("Config", "VenueConfig", "load_config"),
    "system.engine": ("Engine", "UnknownMarket", "open_engine"),
    "terminal.logs": ("log_to_stderr",),
    "supervision.policy": ("Restart", "RestartLimit", "Strategy"),
    "system.sandboxes": ("Sandboxes", "open_sandboxes"),
    "settings.reader": ("ConfigError",),
    "supervision.supervise": ("Supervisor",),
}
_HOME: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'supervisor' has no attribute {name!r}")
    return getattr(import_module(f"supervisor.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
