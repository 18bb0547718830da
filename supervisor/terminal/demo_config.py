"""The configuration that sandboxes are served for: the demo's, with venues of one's choice."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from exchanges import VENUES
from supervisor.settings.checking import check_config
from supervisor.settings.config import Config, VenueConfig
from supervisor.settings.loading import load_config
from supervisor.settings.reader import ConfigError
from supervisor.settings.venues import find_venue

# A checkout has its examples beside the packages; an installed package brings this one along.
_PLACES: Final = (
    Path(__file__).parents[2] / "examples" / "demo.toml",
    Path(__file__).parent / "commands" / "demo.toml",
)


def demo_config(names: str) -> Config:
    """The demo's configuration, for the named venues if some are named; see `find_venue`.

    Raises:
        ConfigError: a name is none of a venue.
    """
    config = load_config(_first_there(_PLACES))
    if not names.strip():
        return config
    wanted = list(VENUES) if names.strip() == "all" else _listed(names)
    try:
        found = {name: find_venue(name) for name in wanted}
    except LookupError as error:
        raise ConfigError([f"--venues: {error.args[0]}"]) from error
    venues = {
        venue.name: config.venues.get(name, VenueConfig(module=name if ":" in name else ""))
        for name, venue in found.items()
    }
    config = msgspec.structs.replace(config, venues=venues)
    check_config(config)
    return config


def _listed(names: str) -> list[str]:
    return [name for part in names.split(",") if (name := part.strip())]


def _first_there(places: Sequence[Path]) -> Path:
    return next((path for path in places if path.exists()), places[-1])
