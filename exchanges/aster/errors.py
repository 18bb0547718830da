"""Aster's errors, where they are not those of its dialect.

Source: "Error codes" of the futures V3 document (June 2026).
"""

from typing import Final

from msgspec.structs import replace

from exchanges.dialects.mbx import errors as dialect
from exchanges.errors import VenueUnavailable

# A service that is shutting down; elsewhere the code says that one has ended for good.
_SHUTTING_DOWN: Final = "-1016"

ERRORS: Final = replace(
    dialect.ERRORS, codes={**dialect.ERRORS.codes, _SHUTTING_DOWN: VenueUnavailable}
)
