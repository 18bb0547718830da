"""Markets and codecs that the tests of Binance's streams share."""

from exchanges import VENUES
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import market, stream_of

VENUE = VENUES["binance"]
BTC = market("BTC/USDT", "BTCUSDT", venue="binance")
BNB = market("BNB/BTC", "BNBBTC", venue="binance")
PERP = market("BTC/USDT:USDT", "BTCUSDT", venue="binance", funding_interval_s=28_800.0)
LISTED = market("NEW/USDT:USDT", "NEWUSDT", venue="binance")  # its funding interval is unknown
TRADES = Topic(Channel.TRADES, "BTC/USDT")
BOOK = Topic(Channel.BOOK, "BTC/USDT")


def wanting_codec(stream: str, *topics: Topic) -> MarketCodec:
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments([BTC, BNB, PERP]))
    codec.subscribe(topics)
    return codec


def listening_codec(stream: str, *instruments: Instrument) -> MarketCodec:
    return VENUE.codec(stream_of(VENUE, stream), Instruments(instruments), listening=True)
