"""MEXC seen from the server: the spot socket. Data are binary frames, answers are text.

Source: as for `public.py`. What is subscribed beyond the limit of a connection is acknowledged
and never sent, and a refusal looks like success but for its text.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal

import msgspec

from exchanges.market.instrument import Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval
from exchanges.mexc.market_data import INTERVALS
from exchanges.mexc.wire.mexc_push_pb2 import PushDataV3ApiWrapper
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import Level, MarketUpdate
from exchanges.sandbox.request import ms
from exchanges.sandbox.session import SandboxSession, SandboxStream
from exchanges.stream.wire import Frame

# Names before ".v3.api.pb@".
_CHANNELS: Final[Mapping[str, Channel]] = {
    "spot@public.aggre.depth": Channel.BOOK,
    "spot@public.aggre.bookTicker": Channel.TOP,
    "spot@public.aggre.deals": Channel.TRADES,
    "spot@public.miniTicker": Channel.TICKER,
    "spot@public.kline": Channel.KLINES,
}
_PACES: Final = frozenset({"10ms", "100ms"})


class Command(msgspec.Struct):
    """`{"method":"SUBSCRIPTION","params":["spot@public.miniTicker.v3.api.pb@BTCUSDT@UTC+8"]}`"""

    method: Literal["PING", "SUBSCRIPTION", "UNSUBSCRIPTION"]
    params: list[str] = []
    id: int = 0


class MexcSession(SandboxSession):
    """One connection."""

    requests = msgspec.json.Decoder(Command)

    def overfilled(self) -> None:
        """What is beyond is silently invalid."""

    def misread(self, frame: Frame, now_ns: int) -> None:
        self._answer(0, "Invalid request")

    def handle(self, request: Command, now_ns: int) -> None:
        match request.method:
            case "PING":
                self._answer(request.id, "PONG")
            case "UNSUBSCRIPTION":
                for name in request.params:
                    self.end(name)
                self._answer(request.id, ",".join(request.params))
            case "SUBSCRIPTION":
                self._subscribe(request.params, request.id)

    def encode(self, stream: SandboxStream, update: MarketUpdate, now_ns: int) -> Iterable[Frame]:
        push = _ENCODERS[stream.channel](stream, update)
        push.channel = stream.key
        push.symbol = stream.market.instrument.native
        push.sendTime = ms(now_ns)
        return (push.SerializeToString(),)

    def _subscribe(self, names: list[str], request_id: int) -> None:
        streams = {name: self._find(name) for name in names}
        blocked = [name for name, stream in streams.items() if stream is None]
        if blocked:
            message = f"Not Subscribed successfully! [{','.join(blocked)}].  Reason\uff1a Blocked! "
            self._answer(request_id, message)
            return
        self._answer(request_id, ",".join(names))
        for stream in streams.values():
            if stream:
                self.subscribe(stream)

    def _find(self, key: str) -> SandboxStream | None:
        name, _, rest = key.partition(".v3.api.pb@")
        channel = _CHANNELS.get(name)
        first, _, second = rest.partition("@")
        interval, native = None, first
        match channel:
            case Channel.BOOK | Channel.TOP | Channel.TRADES:
                native = second if first in _PACES else ""
            case Channel.KLINES:
                interval = INTERVALS.get(second)
        return self.offer(key, channel, self.venue.market(Kind.SPOT, native), interval)

    def _answer(self, request_id: int, message: str) -> None:
        self.send_json({"id": request_id, "code": 0, "msg": message})


# What the streams say.

Push = PushDataV3ApiWrapper


def _items(market: SandboxMarket, levels: Iterable[Level]) -> list[dict[str, str]]:
    return [{"price": price, "quantity": quantity} for price, quantity in market.levels(levels)]


def _book(stream: SandboxStream, update: MarketUpdate) -> Push:
    market = stream.market
    body = {
        "asks": _items(market, update.asks),
        "bids": _items(market, update.bids),
        "eventType": stream.key.rpartition("@")[0],
        "fromVersion": str(stream.last_id + 1),
        "toVersion": str(update.last_id),
    }
    return Push(publicAggreDepths=body)


def _top(stream: SandboxStream, update: MarketUpdate) -> Push:
    market, depth = stream.market, stream.market.depth(1)
    (bid, bid_size), *_ = [*market.levels(depth.bids), ("", "")]
    (ask, ask_size), *_ = [*market.levels(depth.asks), ("", "")]
    body = {
        "bidPrice": bid,
        "bidQuantity": bid_size,
        "askPrice": ask,
        "askQuantity": ask_size,
        "version": str(depth.last_id),
    }
    return Push(publicAggreBookTicker=body)


def _trades(stream: SandboxStream, update: MarketUpdate) -> Push:
    market = stream.market
    deals = [
        {
            "price": market.price(match.price),
            "quantity": market.size(match.size),
            "tradeType": 1 if match.side is Side.BUY else 2,
            "time": ms(match.time_ns),
            "tradeId": str(match.trade_id),
        }
        for match in update.matches
    ]
    return Push(publicAggreDeals={"deals": deals, "eventType": stream.key.rpartition("@")[0]})


def _ticker(stream: SandboxStream, update: MarketUpdate) -> Push:
    market = stream.market
    statistics = market.synthetic.statistics
    day, since_midnight = statistics.day(), statistics.candle(KlineInterval.D1)
    body = {
        "symbol": market.instrument.native,
        "price": market.price(day.close),
        # Of a day that begins at a midnight, as the venue's does; which one matters little here.
        "rate": f"{day.close / since_midnight.open - 1:.4f}",
        "zonedRate": f"{day.close / day.open - 1:.4f}",
        "high": market.price(day.high),
        "low": market.price(day.low),
        "volume": market.value(day.value),
        "quantity": market.size(day.volume),
    }
    return Push(publicMiniTicker=body)


def _kline(stream: SandboxStream, update: MarketUpdate) -> Push:
    market, interval = stream.market, stream.interval
    assert interval is not None
    candle = market.synthetic.statistics.candle(interval)
    open_s = candle.open_ns // NS_PER_S
    body = {
        "interval": stream.key.rpartition("@")[2],
        "windowStart": open_s,
        "openingPrice": market.price(candle.open),
        "closingPrice": market.price(candle.close),
        "highestPrice": market.price(candle.high),
        "lowestPrice": market.price(candle.low),
        "volume": market.size(candle.volume),
        "amount": market.value(candle.value),
        "windowEnd": open_s + interval.seconds,
    }
    return Push(publicSpotKline=body)


_ENCODERS: Final[Mapping[Channel, Callable[[SandboxStream, MarketUpdate], Push]]] = {
    Channel.BOOK: _book,
    Channel.TOP: _top,
    Channel.TRADES: _trades,
    Channel.TICKER: _ticker,
    Channel.KLINES: _kline,
}
