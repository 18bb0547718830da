"""Which arbitrio this is: what the installed distribution says."""

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of


@cache
def version() -> str:
    """The version, or "0+unknown" where the code runs without having been installed."""
    try:
        return version_of("arbitrio")
    except PackageNotFoundError:
        return "0+unknown"
