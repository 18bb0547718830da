"""A venue of somebody else's, which speaks as one of ours does."""

from typing import Final

from msgspec.structs import replace

from exchanges.okx import VENUE as OKX
from exchanges.okx.public import OkxWire
from exchanges.okx.sandbox import OkxSandbox
from exchanges.rest.public import PublicRest

REST: Final = PublicRest("toyx", OKX.rest.surfaces, OKX.rest.errors)


class ToyWire(OkxWire):
    venue = "toyx"


class ToySandbox(OkxSandbox):
    rest = REST


VENUE: Final = replace(
    OKX,
    title="Toy exchange",
    rest=REST,
    wire=ToyWire,
    sandbox_at="tests.supervisor.settings.toyx:ToySandbox",
)
