"""Configurations from files and from plain data, read and checked.

A file is TOML; `examples/live.toml` shows every setting.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from supervisor.settings.checking import NOTHING, check_config
from supervisor.settings.config import Config
from supervisor.settings.reader import ConfigError, read_rest, read_struct


def load_config(path: str | Path) -> Config:
    """Read a configuration file; the venues that it names are imported, up to 40 ms each.

    Raises:
        OSError: it cannot be read.
        ConfigError: what is wrong with it, one line for each mistake.
    """
    try:
        data = tomllib.loads(Path(path).read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"not a TOML file: {error}"]) from error
    return read_config(data)


def read_config(data: dict[str, Any]) -> Config:
    """A configuration from plain data, checked.

    Raises:
        ConfigError: what is wrong with it, one line for each mistake.
    """
    try:
        config = read_struct(Config, data)
    except ConfigError as error:
        raise ConfigError([*error.problems, *_further_problems(data, error)]) from error
    check_config(config)
    return config


def _further_problems(data: dict[str, Any], error: ConfigError) -> Iterator[str]:
    """What is wrong beside values that do not fit; settings of their names are left out."""
    unread = {_setting(problem) for problem in error.problems}
    try:
        if rest := read_rest(Config, data):
            check_config(rest)
    except ConfigError as further:
        for problem in further.problems:
            if _setting(problem) not in unread and not problem.endswith(NOTHING):
                yield problem


def _setting(problem: str) -> str:
    """The last part of the path that a problem begins with."""
    return problem.partition(":")[0].rpartition(".")[2].partition("[")[0]
