"""Markets of units of many, at every venue: their names, their streams, their books."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import Event, Kline, Liquidation, StreamEvent, Subscription, Trade
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.scaled import unscaled
from exchanges.market.topics import Channel, Topic
from exchanges.market.units import PLAIN, Naming, Unit, Units
from exchanges.rest.public import PublicRest
from exchanges.rest.question import Question
from exchanges.rest.request import Request
from exchanges.stream.wire import Route
from exchanges.venue import GuessedInstruments
from tests.exchanges.test_fuzz import every_venue, replies_of, transcripts_of
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    Transcript,
    market,
    ok,
    open_codec,
    play,
    send_all,
    stream_of,
)

SPOT, PERPETUAL = Kind.SPOT, Kind.PERPETUAL
NAMES = [
    ("aster", PERPETUAL, "1000PEPEUSDT", "PEPE/USDT:USDT", 1_000),
    ("aster", PERPETUAL, "BTCUSDT", "BTC/USDT:USDT", 1),
    ("backpack", PERPETUAL, "kSHIB_USDC_PERP", "SHIB/USDC:USDC", 1_000),
    ("backpack", PERPETUAL, "KMNO_USDC_PERP", "KMNO/USDC:USDC", 1),
    ("binance", PERPETUAL, "1000PEPEUSDT", "PEPE/USDT:USDT", 1_000),
    ("binance", PERPETUAL, "1000000MOGUSDT", "MOG/USDT:USDT", 1_000_000),
    ("binance", PERPETUAL, "1MBABYDOGEUSDT", "BABYDOGE/USDT:USDT", 1_000_000),
    ("binance", SPOT, "1MBABYDOGEUSDT", "BABYDOGE/USDT", 1_000_000),
    ("binance", SPOT, "1000SATSUSDT", "SATS/USDT", 1_000),
    ("binance", SPOT, "1INCHUSDT", "1INCH/USDT", 1),
    ("binance", SPOT, "PEPEUSDT", "PEPE/USDT", 1),
    ("bitfinex", SPOT, "1INCH:USD", "1INCH/USD", 1),
    ("bybit", PERPETUAL, "1000PEPEUSDT", "PEPE/USDT:USDT", 1_000),
    ("bybit", PERPETUAL, "1000PEPEPERP", "PEPE/USDC:USDC", 1_000),
    ("bybit", PERPETUAL, "SHIB1000USDT", "SHIB/USDT:USDT", 1_000),
    ("bybit", PERPETUAL, "10000LADYSUSDT", "LADYS/USDT:USDT", 10_000),
    ("bybit", PERPETUAL, "1000000BABYDOGEUSDT", "BABYDOGE/USDT:USDT", 1_000_000),
    ("bybit", SPOT, "1INCHUSDT", "1INCH/USDT", 1),
    ("coinbase", SPOT, "PEPE-USD", "PEPE/USD", 1),
    ("gateio", SPOT, "PEPE_USDT", "PEPE/USDT", 1),
    ("gateio_futures", PERPETUAL, "MBABYDOGE_USDT", "BABYDOGE/USDT:USDT", 1_000_000),
    ("gateio_futures", PERPETUAL, "PEPE_USDT", "PEPE/USDT:USDT", 1),
    ("htx", PERPETUAL, "PEPE-USDT", "PEPE/USDT:USDT", 1),
    ("kucoin", SPOT, "PEPE-USDT", "PEPE/USDT", 1),
    ("mexc", SPOT, "PEPEUSDT", "PEPE/USDT", 1),
    ("okx", PERPETUAL, "PEPE-USDT-SWAP", "PEPE/USDT:USDT", 1),
    ("paradex", PERPETUAL, "kBONK-USD-PERP", "BONK/USD:USDC", 1_000),
    ("paradex", PERPETUAL, "KAITO-USD-PERP", "KAITO/USD:USDC", 1),
]
"""Names in real lists and documents of 2023 to 2026. Lighter's frames have numbers for names."""


@pytest.mark.parametrize(("name", "kind", "native", "symbol", "multiplier"), NAMES)
def test_native_name_tells_the_asset_and_how_many(
    name: str, kind: Kind, native: str, symbol: str, multiplier: int
) -> None:
    found = VENUES[name].guess(kind, native)
    assert found is not None
    assert (found.symbol, found.multiplier, found.native) == (symbol, multiplier, native)
    assert found.as_traded().multiplier == 1


def test_units_that_a_user_knows_hold_for_markets_of_recordings() -> None:
    units = {"SATSK": Unit("SATS", 1000)}
    found = GuessedInstruments(VENUES["mexc"], units=units).native(SPOT, "SATSKUSDT")
    assert found is not None
    assert (found.symbol, found.multiplier) == ("SATS/USDT", 1000)


def test_lighter_lists_assets_by_the_thousand() -> None:
    assert VENUES["lighter"].rest.unit(PERPETUAL, "1000PEPE") == Unit("PEPE", 1000)
    assert VENUES["lighter"].rest.unit(PERPETUAL, "BTC") == Unit("BTC")


def of_thousand(instrument: Instrument) -> Instrument:
    """The same market, if the venue's unit were a thousand of the asset."""
    return instrument.per_base_of(Unit(instrument.base, 1000))


def told_in_thousands(events: tuple[StreamEvent, ...], instrument: Instrument) -> Iterator[Any]:
    for event in events:
        assert isinstance(event, Event)
        yield unscaled(replace(event, instrument=instrument))


@every_venue
def test_every_stream_is_converted_where_the_unit_is_the_venues(name: str) -> None:
    """The transcripts as they are, of markets whose unit is a thousand."""
    for stream, transcripts in transcripts_of(name).items():
        for transcript in transcripts:
            scaled = of_thousand(transcript.instrument)
            changes: dict[str, Any] = {"instrument": scaled}
            if start := transcript.start:
                changes["start"] = unscaled(replace(start, instrument=scaled))
            of_scaled = replace(transcript, **changes)
            codec = open_codec(VENUES[name], stream.name, [of_scaled])
            if has_checksum(transcript):
                with pytest.raises(VenueProtocolError, match="a checksum over a book in units"):
                    play(codec, of_scaled)
                continue
            expected = list(told_in_thousands(transcript.events, scaled))
            told = [one for one in play(codec, of_scaled) if not isinstance(one, Subscription)]
            assert told == expected, (stream.name, str(transcript))


@every_venue
def test_every_answer_is_converted_where_the_unit_is_the_venues(name: str) -> None:
    """The replies as they are, about markets whose unit is a thousand."""
    rest, asked = VENUES[name].rest, set()
    for reply in replies_of(name):
        about, value = reply.request.instrument, reply.value
        events: list[Any] = value if isinstance(value, list) else [value]
        if about is None or not events or not isinstance(events[0], Event):
            continue
        scaled = of_thousand(about)
        request = asked_again(rest, reply.request.name, scaled, events)
        told = request.read(ok(reply.body))
        expected = list(told_in_thousands(tuple(events), scaled))
        assert (told if isinstance(told, list) else [told]) == expected, str(reply)
        asked.add(reply.request.name)
    assert asked >= {"book", "trades", "ticker", "klines"}


def asked_again(
    rest: PublicRest, name: str, about: Instrument, events: list[Event]
) -> Request[Any]:
    question, (first, *_) = Question(name), events
    interval = first.interval if isinstance(first, Kline) else None
    return rest.about(question, about, len(events) if question.is_list else 0, interval)


def has_checksum(transcript: Transcript) -> bool:
    return any(getattr(event, "checksum", None) is not None for event in transcript.events)


def test_one_stream_of_all_markets_converts_each_by_its_own_unit() -> None:
    venue = VENUES["backpack"]
    btc, shib = (venue.guess(PERPETUAL, f"{base}_USDC_PERP") for base in ("BTC", "kSHIB"))
    assert btc is not None
    assert shib is not None
    for markets in ((btc, shib), (shib, btc)):
        codec = venue.codec(stream_of(venue, "derivatives"), Instruments(markets))
        codec.subscribe(Topic(Channel.LIQUIDATIONS, one.symbol) for one in markets)
        send_all(codec)
        for one in markets:
            data = {"e": "liquidation", "E": 1, "T": 1, "q": "2", "p": "0.5", "S": "Ask"}
            frame = json.dumps({"stream": "liquidation", "data": data | {"s": one.native}})
            (event,) = codec.receive(frame, RECEIVED_NS)
            assert isinstance(event, Liquidation)
            assert event.instrument == one
            expected = (0.0005, 2000.0) if one is shib else (0.5, 2.0)
            assert (event.price, event.size) == expected


def test_a_live_route_goes_on_in_the_unit_that_its_market_has_now() -> None:
    venue = VENUES["binance"]
    plain = market("PEPE/USDT:USDT", "PEPEUSDT", venue="binance")
    codec = venue.codec(stream_of(venue, "um_market"), Instruments([plain]))
    codec.subscribe([Topic(Channel.TRADES, plain.symbol)])
    send_all(codec)

    def trade() -> Trade:
        data = {"e": "aggTrade", "p": "0.5", "q": "2", "T": 1, "m": True, "a": 1}
        (event,) = codec.receive(
            json.dumps({"stream": "pepeusdt@aggTrade", "data": data}), RECEIVED_NS
        )
        assert isinstance(event, Trade)
        return event

    assert (trade().price, trade().size) == (0.5, 2.0)
    codec.update_instrument(of_thousand(plain))
    assert (trade().price, trade().size) == (0.0005, 2000.0)


def test_nothing_stands_between_a_route_and_its_reader_where_the_unit_is_the_asset() -> None:
    def read(route: Route, payload: Any, received_ns: int) -> tuple[StreamEvent, ...]:
        return ()

    plain = market("PEPE/USDT")
    assert Route(plain, "key", read).read is read
    assert Route(of_thousand(plain), "key", read).read is not read


@every_venue
def test_no_book_that_a_checksum_proves_is_told_in_another_unit(name: str) -> None:
    venue = VENUES[name]
    if venue.checksum is None:
        return
    assert all(surface.units == PLAIN for surface in venue.rest.surfaces.values())
    kind, surface = next(iter(venue.rest.surfaces.items()))
    scaled = msgspec.structs.replace(surface, units=Units((Naming.NUMBER,)))
    rest = PublicRest(venue.name, {kind: scaled}, venue.rest.errors)
    with pytest.raises(ValueError, match=f"{name}: its checksum is over the numbers of its frames"):
        replace(venue, rest=rest)
