"""Real frames of OKX, read value by value: examples of its documentation, and a session of 2022.

Replies are in `test_recorded_replies.py`.
"""

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest

from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings
from actors.recording.format import RecordedFrame
from actors.recording.replay import Replay
from exchanges import VENUES
from exchanges.errors import ExchangeError, VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Fault,
    Funding,
    Kline,
    Level,
    Liquidation,
    Notice,
    OpenInterest,
    StreamEvent,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from exchanges.venue import GuessedInstruments
from tests.exchanges.transcripts import RECEIVED_NS, AnError, market, news, send_all, stream_of

VENUE = VENUES["okx"]
BTC = market("BTC/USDT", "BTC-USDT", venue="okx")
SWAP = market("BTC/USDT:USDT", "BTC-USDT-SWAP", venue="okx", contract_size="0.01")
INVERSE = market("BTC/USD:BTC", "BTC-USD-SWAP", venue="okx", contract_size="100", inverse=True)
# Sizes of these contracts are made up; the examples do not tell them.
BCH = market("BCH/USDT:USDT", "BCH-USDT-SWAP", venue="okx", contract_size="0.1")
IOST = market("IOST/USDT:USDT", "IOST-USDT-SWAP", venue="okx", contract_size="1000")

Sample = Callable[[str], bytes]


def listening_codec(stream: str) -> MarketCodec:
    instruments = Instruments([BTC, SWAP, INVERSE, BCH])
    return VENUE.codec(stream_of(VENUE, stream), instruments, listening=True)


def asking_codec(stream: str, topic: Topic) -> MarketCodec:
    """A codec whose request for a topic, of id 1, has been sent."""
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments([BTC, IOST]))
    codec.subscribe([topic])
    send_all(codec)
    return codec


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "stream", "event"),
    [
        (
            "ws_bbo_tbt",
            "public",
            Top(
                instrument=BCH,
                bid=111.05,
                bid_size=57745 * 0.1,
                ask=111.06,
                ask_size=55154 * 0.1,
                sequence=363996337,
                venue_ns=1670324386802_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "ws_tickers",
            "public",
            Ticker(
                instrument=BTC,
                last=9999.99,
                bid=8888.88,
                ask=9999.99,
                high=10000.0,
                low=8888.88,
                volume=2222.0,
                quote_volume=2222.0,
                change=9999.99 / 9000 - 1,
                venue_ns=1597026383085_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "ws_trades",
            "public",
            Trade(
                instrument=BTC,
                price=42219.9,
                size=0.12060306,
                side=Side.BUY,
                trade_id="130639474",
                venue_ns=1630048897897_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "ws_funding_rate",
            "derivatives",
            Funding(
                instrument=INVERSE,
                rate=0.0001875391284828,
                interval_s=28_800.0,
                next_ns=1700726400000_000_000,
                venue_ns=1700724675402_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "ws_open_interest",
            "derivatives",
            OpenInterest(
                instrument=SWAP,
                size=22161.1301000000309,
                value=1939251795.54769270396321,
                venue_ns=1743041250440_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_payload_is_read_value_by_value(
    sample: Sample, file: str, stream: str, event: Event
) -> None:
    frame = sample(f"okx/{file}.json")
    assert listening_codec(stream).receive(frame, RECEIVED_NS) == (event,)


@pytest.mark.recorded
def test_recorded_day_is_one_of_utc_plus_8_and_not_read(sample: Sample) -> None:
    frame = sample("okx/ws_candle.json")
    with pytest.raises(VenueProtocolError):
        listening_codec("business").receive(frame, RECEIVED_NS)
    frame = frame.replace(b"candle1D", b"candle1Dutc")
    assert listening_codec("business").receive(frame, RECEIVED_NS) == (
        Kline(
            instrument=BTC,
            interval=KlineInterval.D1,
            open_ns=1597026383085_000_000,
            open=8533.02,
            high=8553.74,
            low=8527.17,
            close=8548.26,
            volume=45247.0,
            quote_volume=5529.5858061,
            closed=False,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
def test_recorded_liquidation_is_read_value_by_value(sample: Sample) -> None:
    codec = asking_codec("derivatives", Topic(Channel.LIQUIDATIONS, IOST.symbol))
    assert codec.receive(sample("okx/ws_liquidation_orders.json"), RECEIVED_NS) == (
        Liquidation(
            instrument=IOST,
            price=0.007831,
            size=13_000.0,
            side=Side.BUY,
            venue_ns=1692266434010_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


TOY_BIDS: list[Level] = [
    (8476.97, 256.0),
    (8475.55, 101.0),
    (8475.54, 100.0),
    (8475.3, 1.0),
    (8447.32, 6.0),
    (8447.02, 246.0),
    (8446.83, 24.0),
    (8446.0, 95.0),
]
TOY_ASKS: list[Level] = [
    (8476.98, 415.0),
    (8477.0, 7.0),
    (8477.34, 85.0),
    (8477.56, 1.0),
    (8505.84, 8.0),
    (8506.37, 85.0),
    (8506.49, 2.0),
    (8506.96, 100.0),
]


@pytest.mark.recorded
@pytest.mark.parametrize("suffix", ["", "_live"])
def test_recorded_update_follows_the_recorded_snapshot(sample: Sample, suffix: str) -> None:
    codec = listening_codec("public")
    start = codec.receive(sample(f"okx/ws_books_snapshot{suffix}.json"), RECEIVED_NS)
    assert start == (
        BookSnapshot(
            instrument=BTC,
            bids=TOY_BIDS,
            asks=TOY_ASKS,
            sequence=123456,
            window=400,
            venue_ns=1597026383085_000_000,
            received_ns=RECEIVED_NS,
        ),
    )
    update = codec.receive(sample(f"okx/ws_books_update{suffix}.json"), RECEIVED_NS)
    assert update == (
        BookDelta(
            instrument=BTC,
            bids=TOY_BIDS,
            asks=TOY_ASKS,
            previous=123456,
            sequence=123457,
            venue_ns=1597026383085_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    "file", ["ws_books5", "ws_index_tickers", "ws_instruments", "ws_mark_price", "ws_price_limit"]
)
def test_recorded_frame_of_nothing_of_ours_is_not_read(sample: Sample, file: str) -> None:
    frame = sample(f"okx/{file}.json")  # the mark price is one of a dated future
    with pytest.raises(VenueProtocolError, match="unknown channel or symbol"):
        listening_codec("public").receive(frame, RECEIVED_NS)


@pytest.mark.recorded
def test_recorded_conversation_about_subscriptions(sample: Sample) -> None:
    topic = Topic(Channel.TICKER, BTC.symbol)
    codec = VENUE.codec(stream_of(VENUE, "public"), Instruments([BTC]))
    codec.subscribe([topic])
    (frame,) = send_all(codec)
    documented = json.loads(sample("okx/ws_subscribe_request.json"))
    assert json.loads(frame) == {**documented, "id": "1"}
    assert codec.receive(sample("okx/ws_subscribe_ack.json"), RECEIVED_NS) == (
        news(BTC, topic, SubscriptionState.SUBSCRIBED),
    )
    codec.unsubscribe([topic])
    codec.outgoing(100.0)
    assert not codec.is_settled
    assert codec.receive(sample("okx/ws_unsubscribe_ack.json"), RECEIVED_NS) == ()
    assert codec.is_settled


@pytest.mark.recorded
def test_recorded_refusal_is_told_in_the_words_of_the_venue(sample: Sample) -> None:
    topic = Topic(Channel.TRADES, BTC.symbol)
    answer = json.loads(sample("okx/ws_error_invalid_request.json"))
    codec = asking_codec("public", topic)
    assert codec.receive(json.dumps({**answer, "id": "1"}), RECEIVED_NS) == (
        news(BTC, topic, SubscriptionState.REFUSED, AnError(ExchangeError, answer["msg"], "60012")),
    )


@pytest.mark.recorded
def test_recorded_end_of_the_connection_is_told(sample: Sample) -> None:
    frame = sample("okx/ws_notice_upgrade.json")
    words = json.loads(frame)["msg"]
    assert listening_codec("public").receive(frame, RECEIVED_NS) == (
        Notice(venue="okx", close_in_s=60.0, message=words),
    )


@pytest.mark.recorded
@pytest.mark.parametrize("file", ["ws_channel_conn_count", "ws_channel_conn_count_error"])
def test_recorded_count_of_connections_says_nothing(sample: Sample, file: str) -> None:
    assert listening_codec("public").receive(sample(f"okx/{file}.json"), RECEIVED_NS) == ()


# A session of May 2022, before there were ids: every checksum must be that of our book.


@pytest.fixture(scope="module")
def session(shared: Path) -> list[RecordedFrame]:
    file = shared / "captures" / "okx.jsonl.gz"
    if not file.exists():
        pytest.skip(f"no recordings: {file} is missing")
    lines = gzip.decompress(file.read_bytes()).splitlines()
    records = [msgspec.json.decode(line, type=RecordedFrame) for line in lines]
    return sorted(records, key=lambda record: record.ts)


def replayed(records: Iterable[RecordedFrame]) -> Replay:
    replay = Replay(DetectorSettings(), AssetIdentity({}, Comparable.SAME_SYMBOL), lambda *_: 0.002)
    for record in records:
        replay.feed(record)
    return replay


@pytest.mark.recorded
def test_recorded_session_keeps_its_books_by_their_checksums(session: list[RecordedFrame]) -> None:
    replay = replayed(session)
    assert (replay.frames, replay.unparsed) == (333, 0)
    books = {
        market[1]: (book.snapshots, book.updates, book.losses.total(), book.top())
        for market, book in replay.books.items()
    }
    spot, swap = books["BTC/USDT"], books["UNI/USD:UNI"]
    assert (spot[:3], swap[:3]) == ((1, 97, 0), (1, 92, 0))
    assert (spot[3].bid, spot[3].bid_size) == (30236.1, 0.18050747)
    assert (spot[3].ask, spot[3].ask_size) == (30236.2, 0.001)
    assert (swap[3].bid, swap[3].bid_size) == (5.137, 20 * (10 / 5.137))  # of ten dollars each
    assert (swap[3].ask, swap[3].ask_size) == (5.145, 50 * (10 / 5.145))


@pytest.mark.recorded
@pytest.mark.parametrize("native", ["BTC-USDT", "UNI-USD-SWAP"])
def test_update_that_is_missing_in_the_recorded_session_is_noticed(
    session: list[RecordedFrame], native: str
) -> None:
    named = f'"channel":"books","instId":"{native}"}},"action":"update"'
    updates = [number for number, record in enumerate(session) if named in (record.data or "")]
    missed = updates[len(updates) // 2]
    books = replayed(session[:missed] + session[missed + 1 :]).books.values()
    losses = {book.instrument.native: dict(book.losses) for book in books}
    assert losses == {"BTC-USDT": {}, "UNI-USD-SWAP": {}, native: {Fault.CHECKSUM: 1}}


@pytest.mark.recorded
def test_recorded_session_is_read_to_its_last_frame(session: list[RecordedFrame]) -> None:
    codec = VENUE.codec(stream_of(VENUE, "public"), GuessedInstruments(VENUE), listening=True)
    events: list[StreamEvent] = []
    for record in session:
        if record.dir == "recv":
            events += codec.receive(record.frame, record.at_ns)
    told = [type(event) for event in events]
    assert [told.count(kind) for kind in (Trade, Ticker, BookSnapshot, BookDelta)] == [
        70,
        26,
        2,
        189,
    ]
    assert len(told) == 70 + 26 + 2 + 189
