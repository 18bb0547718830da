"""Tests of `supervisor.settings`: what a configuration means, and what is wrong with one."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.detection.opportunity import DetectorSettings
from actors.edges.clock import TrioClock
from exchanges import VENUES
from exchanges.market.instrument import Kind
from exchanges.venue import Fees
from supervisor.settings.assets import AssetUnit
from supervisor.settings.checking import check_detector
from supervisor.settings.comparing import groups_of, idle_parts
from supervisor.settings.config import Config, FeeConfig, VenueConfig, effective
from supervisor.settings.loading import load_config, read_config
from supervisor.settings.reader import ConfigError
from supervisor.system.engine import open_engine
from supervisor.system.sandboxes import open_sandboxes
from tests.actors.sandbox.sandboxes import EPOCH_NS
from tests.exchanges.transcripts import market

LIVE = Path(__file__).parents[3] / "examples" / "live.toml"
OKX = VENUES["okx"]
GOOD: dict[str, Any] = {"symbols": ["BTC/USDT"], "venues": {"okx": {}}}


def problems(text: str) -> list[str]:
    """What is wrong with a configuration that has this beside what every one needs."""
    with pytest.raises(ConfigError) as caught:
        read_config(GOOD | tomllib.loads(text))
    return caught.value.problems


# What it means.


def test_settings_of_a_venue_come_before_the_common_ones() -> None:
    config = read_config(
        tomllib.loads(
            """
            symbols = ["BTC/USDT"]
            channels = ["trades"]
            proxy = "http://proxy:3128"

            [venues.binance]
            [venues.okx]
            symbols = ["ETH/USDT"]
            channels = ["ticker", "trades"]
            proxy = ""
            environment = "demo"
            endpoints = { rest = "http://127.0.0.1:8080" }
            """
        )
    )
    assert [config.symbols_of(name) for name in config.venues] == [["BTC/USDT"], ["ETH/USDT"]]
    assert [config.proxy_of(name) for name in config.venues] == ["http://proxy:3128", ""]
    endpoints = config.endpoints_of(OKX)
    assert endpoints == {**OKX.endpoints["demo"], "rest": "http://127.0.0.1:8080"}
    wished = [str(channel) for channel, _ in config.wishes_of(OKX)]
    assert sorted(wished) == ["book", "ticker", "trades"]


def test_fees_are_yours_or_the_instruments_or_those_of_the_list() -> None:
    spot = market("BTC/USDT", "BTC-USDT", venue="okx", maker_fee="0.0003", taker_fee="0.0004")
    unknown = market("ETH/USDT", "ETH-USDT", venue="okx")
    listed = OKX.fees[Kind.SPOT]
    config = read_config(GOOD)
    assert config.fees_of(OKX, spot) == Fees(Decimal("0.0003"), Decimal("0.0004"))
    assert config.fees_of(OKX, unknown) == listed
    own = VenueConfig(fees={Kind.SPOT: FeeConfig(maker_bps=-0.5, taker_bps=1.7)})
    config = msgspec.structs.replace(config, venues={"okx": own})
    assert config.fees_of(OKX, spot) == Fees(Decimal("-0.00005"), Decimal("0.00017"))


def test_the_effective_configuration_reads_back_as_the_same() -> None:
    assets = {"mexc:GAS": "GASDAO", "mexc:KX": AssetUnit(asset="X", factor=1000)}
    config = msgspec.structs.replace(load_config(LIVE), assets=assets)
    printed = effective(config)
    assert read_config(tomllib.loads(printed)) == config
    assert effective(read_config(tomllib.loads(printed))) == printed


@pytest.mark.parametrize("kind", [Config, VenueConfig, FeeConfig, AssetUnit, DetectorSettings])
def test_the_example_names_every_setting(kind: type[msgspec.Struct]) -> None:
    text = LIVE.read_text("utf-8")
    for field in msgspec.structs.fields(kind):
        if field.name != "venues":
            assert field.encode_name in text, field.name


# What nobody may read over a shoulder.


PASSWORDS = ("secret", "sec@ret", "sec/ret", "sec ret", "sec'ret", 'sec\\"ret', "sec:ret#?")


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize(
    "spoiled",
    ["proxy = %s", "proxy = [%s]", "proxy = {password = %s}", "[venues.okx]\nproxy = %s"],
)
def test_no_mistake_tells_a_password(spoiled: str, password: str) -> None:
    text = spoiled % f'"http://me:{password}@proxy"'
    told = "\n".join(problems(text))
    assert "***" in told
    assert "sec" not in told
    assert "ret" not in told


def test_the_effective_configuration_and_what_prints_it_tell_no_password() -> None:
    """All else of the address stays."""
    given = GOOD | {"proxy": "http://me:sec@ret@proxy:3128"}
    own = {"okx": {"proxy": "socks5://me:secret@other:1080"}}
    config = read_config(given | {"venues": own})
    for told in (effective(config), repr(config), repr(config.venues["okx"])):
        assert "ret" not in told
        assert "socks5://***@other:1080" in told
    assert config.proxy_of("okx") == "socks5://me:secret@other:1080"


# What is wrong.


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("symbol = []", "symbol: no such setting; did you mean 'symbols'?"),
        ("[detector]\nopen_bp = 1", "detector.open_bp: no such setting; did you mean 'open_bps'?"),
        ("refresh_s = 1", "refresh_s: 1 does not fit: expected `float` >= 10.0"),
        ("refresh_s = nan", "refresh_s: nan does not fit: expected `float` >= 10.0"),
        (
            "comparable = 'all'",
            "comparable: 'all' does not fit: invalid enum value 'all' "
            "(one of 'same-symbol', 'spot-perp')",
        ),
        (
            "transport = 'tcp'",
            "transport: 'tcp' does not fit: invalid enum value 'tcp' "
            "(one of 'auto', 'websockets', 'trio-websocket')",
        ),
        ("venues = 5", "venues: a table is wanted, not 5"),
        ("venues = {}", "venues: none is configured; add a table such as [venues.binance]"),
        ("venues.binanse = {}", "venues.binanse: no such venue; did you mean 'binance'?"),
        ("symbols = ['BTC/USDT', 'BTC/USDT']", "symbols: 'BTC/USDT' is listed more than once"),
        (
            "symbols = ['BTC/USDT', 'BTCUSDT']",
            "symbols[1]: 'BTCUSDT' is not a unified symbol: write BASE/QUOTE for spot (BTC/USDT) "
            "or BASE/QUOTE:SETTLE for a perpetual (BTC/USDT:USDT)",
        ),
        (
            "symbols = []",
            "venues.okx.symbols: nothing to watch; set it here or set symbols for all venues",
        ),
        (
            "channels = ['klines']",
            'channels: candles need intervals; write klines = ["1m"] in place of "klines"',
        ),
        (
            "proxy = 'proxy:3128'",
            "proxy: 'proxy:3128' is not a URL that begins with one of http, socks4, socks5",
        ),
        (
            "[venues.okx]\nproxy = 'http://:0'",
            "venues.okx.proxy: 'http://:0' is not a URL that begins with one of "
            "http, socks4, socks5",
        ),
        (
            "[venues.okx]\nenvironment = 'prod'",
            "venues.okx.environment: 'prod' is none of the venue's; known are: demo, production",
        ),
        (
            "[venues.okx]\nendpoints = { publik = 'ws://x' }",
            "venues.okx.endpoints.publik: no such endpoint; did you mean 'public'?",
        ),
        (
            "[venues.okx]\nendpoints = { public = 'http://x' }",
            "venues.okx.endpoints.public: 'http://x' is not a ws:// or wss:// URL",
        ),
        (
            "[venues.okx]\nendpoints = { rest = 'ws://x' }",
            "venues.okx.endpoints.rest: 'ws://x' is not an http:// or https:// URL",
        ),
        (
            "[venues.okx]\nendpoints = { rest = 'http://' }",
            "venues.okx.endpoints.rest: 'http://' is not an http:// or https:// URL",
        ),
        (
            "[venues.okx]\nendpoints = { rest = 'http://x:port' }",
            "venues.okx.endpoints.rest: 'http://x:port' is not an http:// or https:// URL",
        ),
        (
            "[venues.okx]\nendpoints = { rest = 'http://x/' }",
            "venues.okx.endpoints.rest: 'http://x/' must not end in /: "
            "paths that begin with one are added",
        ),
        (
            "[venues.okx]\nendpoints = { rest = 'http://x?a=1' }",
            "venues.okx.endpoints.rest: 'http://x?a=1' must end with its path: "
            "nothing after ? or #",
        ),
        (
            "[venues.okx]\nendpoints = { public = 'ws://x:port' }",
            "venues.okx.endpoints.public: 'ws://x:port' is not a ws:// or wss:// URL",
        ),
        (
            "[venues.okx]\nendpoints = { public = 'ws://x y' }",
            "venues.okx.endpoints.public: 'ws://x y' is not a ws:// or wss:// URL",
        ),
        (
            "[venues.okx]\nendpoints = { public = 'ws://a..b' }",
            "venues.okx.endpoints.public: 'a..b' is no host name: "
            "up to 63 letters, digits and - between dots",
        ),
        (
            f"[venues.okx]\nendpoints = {{ rest = 'http://{64 * 'a'}.b' }}",
            f"venues.okx.endpoints.rest: '{64 * 'a'}.b' is no host name: "
            "up to 63 letters, digits and - between dots",
        ),
        (
            "[venues.okx]\nendpoints = { public = 'ws://me:secret@x' }",
            "venues.okx.endpoints.public: 'ws://***@x' has a user name, which no venue takes",
        ),
        (
            "proxy = 'http://me:secret@proxy'",
            "proxy: 'http://***@proxy' has no port; "
            "write it behind the host, as in http://host:3128",
        ),
        (
            "[venues.okx.fees.spot]\nmaker_bps = 5000\ntaker_bps = 1",
            "venues.okx.fees.spot.maker_bps: 5000 does not fit: expected `float` <= 1000.0",
        ),
        ("[venues.okx.fees.spot]\ntaker_bps = 1", "venues.okx.fees.spot.maker_bps: is missing"),
        (
            "[venues.mexc.fees.perpetual]\nmaker_bps = 1\ntaker_bps = 1",
            "venues.mexc.fees.perpetual: MEXC has no such markets; it has spot",
        ),
        (
            "[venues.mexc]\nsymbols = ['BTC/USDT:USDT']",
            "venues.mexc.symbols: MEXC has no perpetual markets: 'BTC/USDT:USDT'; it has spot",
        ),
        ("[assets]\nGAS = 'X'", 'assets.GAS: write the key as venue:ASSET, such as "mexc:GAS"'),
        ("[assets]\n'mecx:GAS' = 'X'", "assets.mecx:GAS: no such venue; did you mean 'mexc'?"),
        (
            "[assets]\n'mexc:KGAS' = { asset = 'GAS', factor = 3 }",
            "assets.mexc:KGAS.factor: 3 does not fit: how many are traded as one, "
            "a power of ten from 10 to 10^9, such as 1000",
        ),
        (
            "[assets]\n'mexc:KGAS' = { asset = 'GAS', factor = 1 }",
            "assets.mexc:KGAS.factor: 1 does not fit: how many are traded as one, "
            "a power of ten from 10 to 10^9, such as 1000",
        ),
        (
            "[assets]\n'mexc:KGAS' = { asset = '', factor = 1000 }",
            'assets.mexc:KGAS.asset: is empty; write the plain asset, such as "SATS"',
        ),
        ("[assets]\n'mexc:KGAS' = { asset = 'GAS' }", "assets.mexc:KGAS.factor: is missing"),
        (
            "[assets]\n'mexc:KGAS' = { asset = 'GAS', factor = 10, times = 1 }",
            "assets.mexc:KGAS.times: no such setting; known are: asset, factor",
        ),
        (
            "[assets]\n'mexc:KGAS' = { asset = 'GAS', factor = 'many' }",
            "assets.mexc:KGAS.factor: 'many' does not fit: expected `int`, got `str`",
        ),
        (
            "[assets]\n'kraken:KGAS' = { asset = 'GAS', factor = 1000 }",
            "assets.kraken:KGAS: Kraken proves its books by a checksum over its own numbers, "
            "which no factor may change; give the asset a name alone",
        ),
        (
            "[assets]\n'mexc:KGAS' = 1000",
            "assets.mexc:KGAS: 1000 does not fit: expected `str`, got `int`, "
            "or a table of asset, factor",
        ),
        ("[assets]\n'mexc:KGAS' = ''", "assets.mexc:KGAS: is empty; write the asset's usual name"),
        (
            "[assets]\n'mexc:A/B' = 'X'",
            "assets.mexc:A/B: 'A/B' is no asset; write its name without / and : and blanks, "
            'such as "SATS"',
        ),
        (
            "[assets]\n'mexc:A:B' = 'X'",
            "assets.mexc:A:B: 'A:B' is no asset; write its name without / and : and blanks, "
            'such as "SATS"',
        ),
        (
            "[assets]\n'mexc: ' = 'X'",
            "assets.mexc: : ' ' is no asset; write its name without / and : and blanks, "
            'such as "SATS"',
        ),
        (
            "[assets]\n'mexc:GAS' = 'GAS DAO'",
            "assets.mexc:GAS: 'GAS DAO' is no asset; write its name without / and : and blanks, "
            'such as "SATS"',
        ),
        (
            "[assets]\n'mexc:KGAS' = { asset = 'GAS/USDT', factor = 1000 }",
            "assets.mexc:KGAS.asset: 'GAS/USDT' is no asset; write its name without / and : and "
            'blanks, such as "SATS"',
        ),
        (
            "[assets]\n'mexc:GAS' = { asset = 'GAS', factor = 1000 }",
            "assets.mexc:GAS.asset: 'GAS' is itself many of another; write the plain asset",
        ),
        (
            "[assets]\n'mexc:MGAS' = { asset = 'KGAS', factor = 1000 }\n"
            "'mexc:KGAS' = { asset = 'GAS', factor = 1000 }",
            "assets.mexc:MGAS.asset: 'KGAS' is itself many of another; write the plain asset",
        ),
        (
            "[detector]\nopen_bps = 1\nclose_bps = 2",
            "detector.close_bps: 2 is above open_bps = 1; an opportunity would close as it opens",
        ),
        (
            "[detector]\nopen_bps = nan",
            "detector.open_bps: nan does not fit: a number of basis points",
        ),
        (
            "[detector]\nclose_bps = -inf",
            "detector.close_bps: -inf does not fit: a number of basis points",
        ),
        (
            "[detector]\nmin_notional = -1",
            "detector.min_notional: -1 does not fit: a number of at least 0",
        ),
        (
            "[detector]\nmax_age_s = 0",
            "detector.max_age_s: 0 does not fit: seconds above 0, or inf",
        ),
        ("[detector]\nmax_ratio = 1", "detector.max_ratio: 1 does not fit: a factor above 1"),
    ],
)
def test_a_mistake_is_told_with_path_value_and_what_is_allowed(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_candles_that_a_venue_has_not_are_told() -> None:
    (problem,) = problems("[venues.okx]\nklines = ['10s']")
    assert problem.startswith("venues.okx.klines: OKX has no candles of '10s'; it has 1")


def test_a_transport_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def choose(wished: object) -> None:
        raise ValueError("websockets is not installed: pip install 'arbitrio[fast]'")

    monkeypatch.setattr("supervisor.settings.checking.choose_transport", choose)
    assert problems("transport = 'websockets'") == [
        "transport: websockets is not installed: pip install 'arbitrio[fast]'"
    ]


def test_mistakes_of_several_venues_are_told_at_once() -> None:
    text = "[venues.okx]\nenvironment = 'x'\n[venues.mexc]\nenvironment = 'x'\n[venues.nope]"
    told = [line.partition(":")[0] for line in problems(text)]
    assert told == ["venues.okx.environment", "venues.mexc.environment", "venues.nope"]


def test_a_detector_alone_is_checked_too() -> None:
    check_detector(DetectorSettings())
    with pytest.raises(ConfigError, match=r"detector\.close_bps: 9 is above"):
        check_detector(DetectorSettings(close_bps=9.0))


@pytest.mark.parametrize("content", [b"symbols = [", b"\xff\xfe", b"a = 1\na = 2"])
def test_what_is_no_toml_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"^not a TOML file: "):
        load_config(path)


# Venues that are none of ours.

TOYX = "tests.supervisor.settings.toyx:VENUE"


async def test_own_venue_is_served_and_watched_like_ours(autojump_clock: MockClock) -> None:
    clock = TrioClock(EPOCH_NS)
    config = read_config({"symbols": ["BTC/USDT"], "venues": {"okx": {}, "toyx": {"module": TOYX}}})
    async with (
        open_sandboxes(config, clock=clock, in_memory=True) as sandboxes,
        open_engine(sandboxes.config, network=sandboxes.network, clock=clock) as engine,
    ):
        with trio.fail_after(10.0):
            book = await engine.until_live("toyx", "BTC/USDT")
        assert str(book.top()).startswith("toyx BTC/USDT Top: bid ")
        assert engine.books()[0].instrument.venue == "okx"


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"toy": {"module": TOYX}}, "venues.toy: is 'toyx'; write [venues.toyx]"),
        ({"toyx": {}}, "venues.toyx: no such venue; known are: "),
        ({"toyx": {"module": "no.such:VENUE"}}, "venues.no.such:VENUE: No module named 'no'"),
        (
            {"toyx": {"module": "exchanges:VENUES"}},
            "venues.exchanges:VENUES: a Venue is wanted, no",
        ),
    ],
)
def test_own_venue_that_cannot_be_is_told(table: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config({"symbols": ["BTC/USDT"], "venues": table})
    assert caught.value.problems[0].startswith(problem)


# What it can find.


def test_markets_that_can_be_compared_are_grouped() -> None:
    config = load_config(LIVE)
    groups = groups_of(config)
    assert len(groups) == 3
    assert all(len({one.base for one in group}) == 1 for group in groups)
    assert not list(idle_parts(config))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'symbols = ["BTC/USDT"]',
            ["no two markets can be compared with each other: okx BTC/USDT"],
        ),
        (
            'symbols = ["BTC/USDT", "ETH/USDT:USDT"]\n[venues.kraken]\n[venues.mexc]',
            [
                "symbols: 'ETH/USDT:USDT' is of a kind that none of these venues has: kraken, mexc",
            ],
        ),
        (
            """
            symbols = ["BTC/USDT"]
            [venues.mexc]
            [venues.okx]
            [venues.kraken]
            symbols = ["BTC/EUR"]
            """,
            ["venues.kraken: nothing of it is compared: BTC/EUR"],
        ),
    ],
    ids=["one venue", "no such kind", "idle venue"],
)
def test_parts_that_are_good_for_nothing_are_told(text: str, told: list[str]) -> None:
    data = tomllib.loads(text)
    data.setdefault("venues", {"okx": {}})
    assert list(idle_parts(read_config(data))) == told


def test_mistakes_beside_values_that_do_not_fit_are_told_as_well() -> None:
    told = problems(
        """
        foo = 3
        channels = ["klines"]
        [venues.okx]
        symbols = 3
        [venues.binanse]
        """
    )
    paths = {problem.partition(":")[0] for problem in told}
    assert paths == {"foo", "venues.okx.symbols", "channels", "venues.binanse"}


def test_symbols_in_small_letters_are_told() -> None:
    (told,) = problems('symbols = ["btc/usdt", "kBONK/USDT"]')
    assert told == "symbols[0]: 'btc/usdt' does not fit: write 'BTC/USDT'"


def test_a_proxy_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supervisor.settings.addresses.find_spec", lambda name: None)
    assert problems("proxy = 'socks5://127.0.0.1:1080'") == [
        "proxy: a proxy needs an extra: pip install 'arbitrio[proxy]'"
    ]


def test_own_venue_whose_module_fails_is_told_with_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spoiled.py").write_text("VENUE = 1\nraise TypeError('no such field')\n")
    monkeypatch.syspath_prepend(tmp_path)
    (told,) = problems("[venues.spoiled]\nmodule = 'spoiled:VENUE'")
    place = f"{tmp_path / 'spoiled.py'}:2"
    assert told.endswith(f"importing it failed: {place}: TypeError: no such field")
