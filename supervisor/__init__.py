"""Supervision, and the engine that runs under it: what an embedding program uses.

Names are loaded when first asked for, so that the command line's help need not wait for all.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from supervisor.child import ChildSpec as ChildSpec
    from supervisor.child import Node as Node
    from supervisor.child import State as State
    from supervisor.config import Config as Config
    from supervisor.config import VenueConfig as VenueConfig
    from supervisor.config import load_config as load_config
    from supervisor.engine import Engine as Engine
    from supervisor.engine import UnknownMarket as UnknownMarket
    from supervisor.engine import open_engine as open_engine
    from supervisor.logs import log_to_stderr as log_to_stderr
    from supervisor.policy import Restart as Restart
    from supervisor.policy import RestartLimit as RestartLimit
    from supervisor.policy import Strategy as Strategy
    from supervisor.sandboxes import Sandboxes as Sandboxes
    from supervisor.sandboxes import open_sandboxes as open_sandboxes
    from supervisor.settings import ConfigError as ConfigError
    from supervisor.supervise import Supervisor as Supervisor

_MODULES: Final = {
    "child": ("ChildSpec", "Node", "State"),
    "config": ("Config", "VenueConfig", "load_config"),
    "engine": ("Engine", "UnknownMarket", "open_engine"),
    "logs": ("log_to_stderr",),
    "policy": ("Restart", "RestartLimit", "Strategy"),
    "sandboxes": ("Sandboxes", "open_sandboxes"),
    "settings": ("ConfigError",),
    "supervise": ("Supervisor",),
}
_HOME: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'supervisor' has no attribute {name!r}")
    return getattr(import_module(f"supervisor.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
