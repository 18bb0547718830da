"""The registry of venues, and what the record of every venue promises."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.limits import Bucket
from exchanges.market.instrument import Instrument, Instruments, Kind, kind_of
from exchanges.market.native import names_like, settled_in_base_of_dollars
from exchanges.market.topics import Channel, KlineInterval
from exchanges.rest.question import Question
from exchanges.rest.request import Request
from exchanges.stream.books import MarketCodec
from exchanges.venue import PRODUCTION, GuessedInstruments, Venue
from tests.exchanges.transcripts import PRESENT, market

DERIVATIVES_ONLY = {
    Channel.FUNDING,
    Channel.MARK_PRICE,
    Channel.OPEN_INTEREST,
    Channel.LIQUIDATIONS,
}

ROOT = Path(__file__).parents[2]

every_venue = pytest.mark.parametrize("name", PRESENT)


def fresh_interpreter(code: str) -> str:
    """What a program prints that has imported nothing of ours before."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LOADED = (
    "sorted(m for m in sys.modules if m.startswith('exchanges.') and m.split('.')[1] in VENUES)"
)


def test_importing_the_package_loads_no_venue() -> None:
    assert fresh_interpreter(f"import sys; from exchanges import VENUES; print({LOADED})") == "[]"


def test_looking_at_the_names_loads_no_venue() -> None:
    code = f"""
import sys
from exchanges import VENUES
assert "binance" in VENUES and "nope" not in VENUES
assert len(list(VENUES)) == len(VENUES)
print({LOADED})
"""
    assert fresh_interpreter(code) == "[]"


def test_asking_for_a_venue_loads_it_and_no_other() -> None:
    code = f"""
import sys
from exchanges import VENUES
VENUES["binance"]
print({{m.split('.')[1] for m in {LOADED}}})
"""
    assert fresh_interpreter(code) == "{'binance'}"


@pytest.mark.parametrize("name", VENUES)
def test_every_name_has_its_folder(name: str) -> None:
    assert name in PRESENT


@every_venue
def test_record_is_the_one_of_its_name(name: str) -> None:
    venue = VENUES[name]
    assert venue.name == venue.wire.venue == venue.rest.venue == name
    assert VENUES[name] is venue
    assert venue.title
    assert venue.source


def test_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        VENUES["nope"]
    assert VENUES.get("nope") is None


# What every record promises.


def some_market(venue: Venue, kind: Kind) -> Instrument:
    symbol = "BTC/USDT" if kind is Kind.SPOT else "BTC/USDT:USDT"
    return market(symbol, "BTCUSDT", venue=venue.name)


def requests_of(venue: Venue) -> Iterator[Request[Any]]:
    """Every public request that the venue offers, for each kind of market."""
    rest = venue.rest
    yield from rest.instruments()
    yield rest.server_time()
    if intervals := rest.funding_intervals():
        yield intervals
    for kind in venue.kinds:
        instrument = replace(some_market(venue, kind), funding_interval_s=28_800.0)
        yield rest.book(instrument, 10)
        for question in rest.offers(kind):
            if question.is_about_one:
                interval = KlineInterval.M1 if question is Question.KLINES else None
                yield rest.about(question, instrument, interval=interval)


@every_venue
def test_every_environment_has_a_url_for_every_stream_and_request(name: str) -> None:
    venue = VENUES[name]
    streams = {stream.name for stream in venue.streams}
    requests = {request.endpoint for request in requests_of(venue)}
    assert PRODUCTION in venue.endpoints
    for urls in venue.endpoints.values():
        assert streams | requests <= set(urls)
        assert {urlsplit(urls[stream]).scheme for stream in streams} == {"wss"}
        assert {urlsplit(urls[endpoint]).scheme for endpoint in requests} == {"https"}
        assert not any(urls[endpoint].endswith("/") for endpoint in requests)
        assert all(urlsplit(url).hostname for url in urls.values())


@every_venue
def test_request_is_the_venues_own_and_its_path_fits_its_host(name: str) -> None:
    venue = VENUES[name]
    for request in requests_of(venue):
        assert request.venue == name
        assert request.path.startswith("/")
        assert request.name


@every_venue
def test_request_costs_only_from_buckets_that_can_pay(name: str) -> None:
    venue = VENUES[name]
    buckets = {bucket: Bucket(rate) for bucket, rate in venue.buckets.items()}
    for request in requests_of(venue):
        assert request.costs, request
        for bucket, cost in request.costs:
            assert 0 < cost <= venue.buckets[bucket].limit, request
            assert buckets[bucket].wait_s(cost, 0.0) == 0.0
    Bucket(venue.connects)


@every_venue
def test_every_kind_of_market_has_fees_integrity_and_a_book(name: str) -> None:
    venue = VENUES[name]
    assert venue.kinds
    assert set(venue.kinds) <= set(venue.fees)
    assert set(venue.kinds) <= set(venue.integrity)
    for kind in venue.kinds:
        fees = venue.fees[kind]
        assert -0.01 < fees.maker <= fees.taker < 0.02
        assert venue.integrity[kind]
        assert venue.stream_for(kind, Channel.BOOK)


@every_venue
def test_stream_carries_channels_of_its_kinds_within_its_limits(name: str) -> None:
    venue = VENUES[name]
    names = [stream.name for stream in venue.streams]
    assert len(set(names)) == len(names) > 0
    for stream in venue.streams:
        assert stream.channels
        assert stream.kinds
        assert stream.kinds <= set(venue.kinds)
        if stream.kinds == {Kind.SPOT}:
            assert not stream.channels & DERIVATIVES_ONLY
        assert stream.max_topics >= 1
        assert stream.batch >= 1
        assert stream.lifetime_s is None or stream.lifetime_s > 0
        assert stream.max_frame_bytes > 0
        assert stream.heartbeat.idle_s > 0
        Bucket(stream.messages)


@every_venue
def test_stream_for_gives_the_stream_that_carries_the_channel(name: str) -> None:
    venue = VENUES[name]
    for kind in Kind:
        for channel in Channel:
            stream = venue.stream_for(kind, channel)
            offers = [
                each for each in venue.streams if kind in each.kinds and channel in each.channels
            ]
            assert (stream in offers) if offers else (stream is None)


@every_venue
def test_codec_can_be_opened_on_every_stream(name: str) -> None:
    venue = VENUES[name]
    for stream in venue.streams:
        codec = venue.codec(stream, GuessedInstruments(venue))
        assert isinstance(codec, MarketCodec)
        assert codec.topics == ()
        assert codec.is_settled


@every_venue
def test_candles_are_listed_once_and_in_order(name: str) -> None:
    lengths = [interval.seconds for interval in VENUES[name].klines]
    assert lengths == sorted(set(lengths))
    has_channel = any(Channel.KLINES in stream.channels for stream in VENUES[name].streams)
    assert bool(lengths) or not has_channel


@every_venue
def test_recordings_are_of_kinds_whose_fees_are_known(name: str) -> None:
    venue = VENUES[name]
    assert name in venue.recorded  # our own recordings name the venue
    assert set(venue.recorded.values()) <= set(venue.fees)


@every_venue
def test_recorded_lists_are_recognised_as_those_that_were_asked_for(name: str) -> None:
    rest = VENUES[name].rest
    for asked in rest.instruments():
        for address in ("https://any.example", "http://127.0.0.1:8080/rest"):
            found = rest.recognise(address + asked.target, lambda *_: None)
            assert found is not None
            assert (found.name, found.target) == ("instruments", asked.target)


@every_venue
def test_recorded_books_are_recognised_where_a_stream_can_be_joined_to_them(name: str) -> None:
    rest = VENUES[name].rest
    for kind, surface in rest.surfaces.items():
        one = market("BTC/USDT" if kind is Kind.SPOT else "BTC/USDT:USDT", "BTC_USDT")
        known = Instruments([one])
        asked = rest.book(one)
        found = rest.recognise("https://any.example" + asked.target, known.native)
        assert (found is not None) == surface.is_joined
        if found:
            assert (found.target, found.instrument) == (asked.target, one)


# Markets that are known by name only.


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.SPOT, "BTCUSDT", "BTC/USDT"),
        (Kind.SPOT, "BNBBTC", "BNB/BTC"),
        (Kind.SPOT, "BTCFDUSD", "BTC/FDUSD"),
        (Kind.SPOT, "USDTTRY", "USDT/TRY"),
        (Kind.PERPETUAL, "BTCUSDT", "BTC/USDT:USDT"),
        (Kind.PERPETUAL, "1000PEPEUSDT", "PEPE/USDT:USDT"),
    ],
)
def test_market_of_a_recording_is_guessed_from_its_name(
    kind: Kind, native: str, symbol: str
) -> None:
    instrument = VENUES["binance"].guess(kind, native)
    assert instrument is not None
    assert (instrument.symbol, instrument.native, instrument.kind) == (symbol, native, kind)
    assert instrument.kind is kind_of(symbol)
    assert instrument.venue == "binance"


@pytest.mark.parametrize("native", ["", "USDT", "BTCUSD_PERP", "btcusdt"])
def test_name_that_tells_nothing_is_not_guessed(native: str) -> None:
    assert VENUES["binance"].guess(Kind.SPOT, native) is None


def test_guessed_market_is_made_once() -> None:
    instruments = GuessedInstruments(VENUES["binance"])
    assert len(instruments) == 0
    first = instruments.native(Kind.SPOT, "BTCUSDT")
    assert first is not None
    assert instruments.native(Kind.SPOT, "BTCUSDT") is first
    assert instruments.get("BTC/USDT") is first
    assert instruments.native(Kind.SPOT, "nonsense") is None
    assert len(instruments) == 1


def test_known_market_is_not_guessed() -> None:
    known = market("BTC/USDT", "BTCUSDT", venue="binance", tick="0.5")
    instruments = GuessedInstruments(VENUES["binance"], [known])
    assert instruments.native(Kind.SPOT, "BTCUSDT") is known


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("BTCUSDT", ("BTC", "USDT")),
        ("BTCFDUSD", ("BTC", "FDUSD")),  # the longest quote asset that fits
        ("USDUSDT", ("USD", "USDT")),
        ("USDT", None),
        ("BTCXYZ", None),
        ("", None),
    ],
)
def test_name_is_split_by_the_longest_quote(name: str, split: tuple[str, str] | None) -> None:
    read = names_like(spot="(.+?)(USD|USDT|FDUSD)")
    assert read(Kind.SPOT, name) == (split and (*split, ""))


def test_kind_without_a_pattern_has_no_names() -> None:
    read = names_like(spot="(.+)-(.+)")
    assert [read(Kind.PERPETUAL, name) for name in ("BTC-USD", "")] == [None, None]


def test_perpetual_settles_in_its_quote_asset_unless_told_otherwise() -> None:
    plain = names_like(perpetual="(.+)-(.+)")
    inverse = names_like(perpetual="(.+)-(.+)", settled_in=settled_in_base_of_dollars)
    assert plain(Kind.PERPETUAL, "BTC-USD") == ("BTC", "USD", "USD")
    assert inverse(Kind.PERPETUAL, "BTC-USD") == ("BTC", "USD", "BTC")
    assert inverse(Kind.PERPETUAL, "BTC-USDT") == ("BTC", "USDT", "USDT")


def test_quote_asset_that_a_name_leaves_out_is_the_usual_one() -> None:
    read = names_like(perpetual="(.+?)(?:(USDT)|PERP)", quote="USDC")
    assert read(Kind.PERPETUAL, "BTCPERP") == ("BTC", "USDC", "USDC")
    assert read(Kind.PERPETUAL, "BTCUSDT") == ("BTC", "USDT", "USDT")


def test_recordings_have_the_name_of_the_venue_and_further_ones() -> None:
    assert VENUES["bybit"].recorded == {"bybit": Kind.PERPETUAL}
    assert VENUES["binance"].recorded == {
        "binance": Kind.SPOT,
        "binance-futures": Kind.PERPETUAL,
    }
