"""The contract of a sandbox: a venue's protocol seen from the server, over synthetic markets.

A venue's `sandbox.py` speaks what its `public.py` and `rest.py` hear: it answers requests,
grants subscriptions and encodes what its markets do. It is pure like the client side: frames and
requests in, frames and replies out, and it is told the time.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl

from exchanges.chance import Chance
from exchanges.market.instrument import Instrument, Kind, kind_of, split_symbol
from exchanges.rest.call import Surface
from exchanges.rest.public import PublicRest
from exchanges.rest.question import Question
from exchanges.sandbox.limits import Hearing
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import MarketUpdate
from exchanges.sandbox.request import (
    BadParameter,
    NoSuchMarket,
    Refusal,
    SandboxReply,
    SandboxRequest,
    Trouble,
    json_reply,
)
from exchanges.sandbox.routes import Asked, Routes
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.synthetic import MarketProfile
from exchanges.sandbox.world import World, start_price
from exchanges.stream.facts import SocketLimits, Stream

TINY: Final = frozenset({"PEPE", "SHIB"})
"""Assets whose price has so many zeros that many venues trade a thousand of them as one."""


class SandboxVenue(ABC):
    """The server: markets, REST surface, sessions, and the faults that a test asks for.

    Its name and the kinds of its markets are those of what clients can ask.

    Attributes:
        refused: symbols whose subscriptions are refused.
        unserved: parameters of the URLs of sockets that are refused, as if not served yet.
        busy: so many of the next requests are answered with "too many requests".
        is_lax: clients may do more on a socket than the venue's limits allow.
        is_open: the venue as a whole takes orders; those that tell it tell their clients.
        heard: counts what clients say, who are all of one address.
    """

    rest: ClassVar[PublicRest]
    """What clients can ask."""
    streams: ClassVar[tuple[Stream, ...]]
    """The sockets of the venue, and what it puts up with on each."""
    unknown_market: ClassVar[str]
    """What they are told of a market that there is not."""
    session: ClassVar[type[SandboxSession]]
    """The server's side of a socket."""
    assets: ClassVar[Mapping[str, str]] = {}
    """The usual names of assets that the venue calls differently."""
    maker_fee: ClassVar[Decimal | None] = None
    taker_fee: ClassVar[Decimal | None] = None
    """Fees, where the venue's lists tell them."""
    funding_s: ClassVar[float | None] = None
    """Seconds between charges of perpetuals, where the venue's lists tell them."""
    counts_digits: ClassVar[bool] = False
    """Whether the rules are numbers of digits after the point, so that no tick or step is above
    one."""

    def __init__(
        self,
        symbols: Iterable[str],
        world: World,
        chance: Chance,
        now_ns: int,
        profile: MarketProfile | None = None,
    ) -> None:
        profile = profile or MarketProfile()
        self._own_names = {usual: own for own, usual in self.assets.items()}
        self.prepare()
        self.markets = {
            symbol: SandboxMarket(
                self.make_instrument(symbol),
                world,
                profile,
                chance,
                now_ns,
                self.own_name,
                self.digits(kind_of(symbol)),
            )
            for symbol in symbols
            if kind_of(symbol) in self.kinds
        }
        for market in self.markets.values():
            market.instrument = self.as_listed(market.instrument)
        self._sessions: dict[SandboxSession, None] = {}  # the oldest first
        self.refused: set[str] = set()
        self.unserved: set[str] = set()
        self.busy = 0
        self._routes = Routes(self.rest, self._named)
        self._answers = self.answers()
        self.is_lax = False
        self.is_open = True
        self.heard = Hearing()

    @property
    def name(self) -> str:
        return self.rest.venue

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(self.rest.surfaces)

    def prepare(self) -> None:
        """Set up what the venue needs beside its markets, which are made afterwards."""

    def limits_of(self, endpoint: str) -> SocketLimits:
        """What the venue puts up with on a socket of the endpoint."""
        return self.stream_of(endpoint).limits

    def stream_of(self, endpoint: str) -> Stream:
        return next(stream for stream in self.streams if stream.name == endpoint)

    def served(self, endpoint: str, query: Mapping[str, str]) -> str | None:
        """Of the parameters that the URL of a socket must carry those that it does; "" where it
        need not carry any, None where it must be refused."""
        wanted = self.stream_of(endpoint).parameters
        served = (
            one
            for one in wanted
            if one not in self.unserved and dict(parse_qsl(one)).items() <= query.items()
        )
        return next(served, None) if wanted else ""

    @abstractmethod
    def native(self, base: str, quote: str, settle: str) -> str:
        """How the venue names a market, given its own names of the assets."""

    def own_name(self, asset: str) -> str:
        """How the venue calls an asset."""
        return self._own_names.get(asset, asset)

    def open_session(self, endpoint: str, parameters: str = "") -> SandboxSession:
        """The server's side of a new socket at one of the venue's stream endpoints.

        `parameters` are those that its URL carries: by default the best that there are.
        """
        session = self.make_session(endpoint)
        session.parameters = parameters or next(iter(self.stream_of(endpoint).parameters), "")
        self._sessions[session] = None
        return session

    def end_session(self, session: SandboxSession) -> None:
        """Its socket has ended."""
        self._sessions.pop(session, None)

    @property
    def sessions(self) -> tuple[SandboxSession, ...]:
        """Those whose sockets are open, the oldest first."""
        return tuple(self._sessions)

    def make_session(self, endpoint: str) -> SandboxSession:
        """A session of the endpoint."""
        return self.session(self, endpoint)

    @abstractmethod
    def answers(self) -> Mapping[Question, Callable[[Asked], Any]]:
        """What each question is answered."""

    def reply(self, asked: Asked, value: Any) -> SandboxReply:
        """An answer as the venue wraps it."""
        return json_reply(value)

    @abstractmethod
    def error_reply(self, trouble: Trouble, request: SandboxRequest, message: str) -> SandboxReply:
        """An error as the venue words it where the request was made."""

    def contract_size(self, base: str, settle: str) -> Decimal:
        """Base units per contract."""
        return Decimal(1)

    def traded_as(self, base: str, settle: str) -> str:
        """What the venue trades: the asset itself, or by another name many of it as one."""
        return base

    def digits(self, kind: Kind) -> int:
        """How many digits after the point the venue prints at least, whatever the tick."""
        return 0

    def answer(self, request: SandboxRequest) -> SandboxReply:
        """Answer a request."""
        if self.busy:
            self.busy -= 1
            return self.error_reply(Trouble.TOO_MANY, request, "too many requests")
        if reply := self.other(request):
            return reply
        try:
            asked = self._routes.find(request)
            if asked is None:
                return self.error_reply(Trouble.NO_SUCH_PATH, request, "no such path")
            return self.reply(asked, self._answers[asked.question](asked))
        except NoSuchMarket:
            return self.error_reply(Trouble.UNKNOWN_MARKET, request, self.unknown_market)
        except BadParameter as error:
            return self.error_reply(Trouble.BAD_PARAMETER, request, str(error))
        except Refusal as refusal:
            return refusal.reply

    def other(self, request: SandboxRequest) -> SandboxReply | None:
        """The answer to what the venue can be asked beyond our own calls; None if it is not."""
        return None

    def _named(self, kind: Kind, surface: Surface, native: str) -> SandboxMarket | None:
        """The market that a request names."""
        named = (one for one in self.of_kind(kind) if self.is_called(one, surface, native))
        return next(named, None)

    def is_called(self, market: SandboxMarket, surface: Surface, name: str) -> bool:
        """Whether a request means a market by that name."""
        return surface.spelled(market.instrument.native) == name

    def advance(self, now_ns: int) -> dict[SandboxMarket, MarketUpdate]:
        """Let the markets live on until `now_ns`; what happened at each."""
        return {market: market.synthetic.step(now_ns) for market in self.markets.values()}

    def step(self, now_ns: int) -> None:
        """Let the markets live on until `now_ns`, and tell the sessions."""
        updates = self.advance(now_ns)
        for session in self._sessions:
            session.tell(updates, now_ns)

    def market(self, kind: Kind, native: str) -> SandboxMarket | None:
        """The market that the venue calls `native`."""
        for market in self.markets.values():
            if market.instrument.native == native and market.instrument.kind is kind:
                return market
        return None

    def of_kind(self, kind: Kind) -> list[SandboxMarket]:
        return [market for market in self.markets.values() if market.instrument.kind is kind]

    def make_instrument(self, symbol: str) -> Instrument:
        """A market with plausible rules: five digits of price, sizes from about ten cents."""
        base, quote, settle = split_symbol(symbol)
        price = start_price(base) / start_price(quote)
        traded_as = self.traded_as(self.own_name(base), settle)
        multiplier = self.rest.unit(kind_of(symbol), traded_as).multiplier
        contract_size = self.contract_size(base, settle) * multiplier
        size = contract_size if settle and contract_size != 1 else _power_of_ten(0.1 / price)
        tick = _power_of_ten(price * 1e-5)
        return Instrument(
            venue=self.name,
            symbol=symbol,
            native=self.native(traded_as, self.own_name(quote), settle),
            kind=kind_of(symbol),
            base=base,
            quote=quote,
            settle=settle,
            tick=min(tick, Decimal(1)) if self.counts_digits else tick,
            step=min(size, Decimal(multiplier)) if self.counts_digits else size,
            min_size=size,
            contract_size=contract_size,
            funding_interval_s=self.funding_s if settle else None,
            maker_fee=self.maker_fee,
            taker_fee=self.taker_fee,
            multiplier=multiplier,
            traded_as=traded_as if multiplier != 1 else "",
        )

    def as_listed(self, instrument: Instrument) -> Instrument:
        """The rules that the venue tells of a market, if not those that its engine goes by."""
        return instrument


def _power_of_ten(value: float) -> Decimal:
    """The power of ten at or below a positive value."""
    return Decimal(1).scaleb(Decimal(repr(value)).adjusted())
