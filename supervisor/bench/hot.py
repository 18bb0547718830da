"""Without a socket: frames to tops on one core, beside the floor of decoding alone."""

import gc
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, Final

import msgspec
from sortedcontainers import SortedDict

from actors.books.order_book import OrderBook
from actors.books.side import BookSide
from exchanges.dialects.mbx.market_data import DepthUpdate
from exchanges.market.events import BookDelta, BookLost, BookSnapshot, Level
from exchanges.stream.wire import Frame
from supervisor.bench.traffic import Traffic, make_traffic

VENUE: Final = "binance"
SYMBOLS: Final = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT")
RUNS: Final = 5

Updates = Sequence[tuple[list[Level], list[Level]]]


class _DepthFrame(msgspec.Struct):
    """A whole frame in one typed decode: what no reader of these frames can do without."""

    stream: str
    data: DepthUpdate


def measure_hot(count: int) -> dict[str, Any]:
    """Frames a second from text to a readable top, and of the decode alone."""
    runs = [make_traffic(VENUE, SYMBOLS, count) for _ in range(RUNS)]
    decode = msgspec.json.Decoder(_DepthFrame, strict=False).decode
    ours_s, floor_s = [], []
    for traffic in runs:  # in turn, so that a change of the machine's speed meets both
        ours_s.append(timed(_follow, traffic))
        floor_s.append(timed(_decode_all, decode, traffic.frames))
    return {
        "frames": count,
        "changes_per_frame": runs[0].changes_per_frame,
        "bytes_per_frame": runs[0].bytes_per_frame,
        "frames_per_s": count / median(ours_s),
        "floor_frames_per_s": count / median(floor_s),
        "times_floor": median(ours / floor for ours, floor in zip(ours_s, floor_s, strict=True)),
    }


def measure_sides(count: int) -> dict[str, Any]:
    """Microseconds for one update of a book's two sides: ours beside a sorted dictionary."""
    traffic = make_traffic(VENUE, SYMBOLS[:1], count)
    (snapshot,) = [event for event in traffic.start if isinstance(event, BookSnapshot)]
    updates: Updates = [
        (event.bids, event.asks)
        for frame in traffic.frames
        for event in traffic.codec.receive(frame, 0)
        if isinstance(event, BookDelta)
    ]
    ours_s, sorted_s = [], []
    for _ in range(RUNS):
        ours_s.append(timed(_apply_ours, snapshot, updates))
        sorted_s.append(timed(_apply_sorted, snapshot, updates))
    return {
        "updates": len(updates),
        "ours_us": median(ours_s) / len(updates) * 1e6,
        "sorted_dict_us": median(sorted_s) / len(updates) * 1e6,
    }


def timed(work: Callable[..., None], *args: object) -> float:
    """Seconds that some work takes, the garbage of what came before collected first."""
    gc.collect()
    started_s = time.perf_counter()
    work(*args)
    return time.perf_counter() - started_s


def _follow(traffic: Traffic) -> None:
    books: dict[str, OrderBook] = {}
    for event in traffic.start:
        if isinstance(event, BookSnapshot | BookDelta | BookLost):
            symbol = event.instrument.symbol
            books.setdefault(symbol, OrderBook(event.instrument)).apply(event)
    receive = traffic.codec.receive
    for frame in traffic.frames:
        for event in receive(frame, 0):
            book = books[event.instrument.symbol]  # type: ignore[union-attr]  # no notices here
            book.apply(event)  # type: ignore[arg-type]
            book.top()


def _decode_all(decode: Callable[[Frame], object], frames: Sequence[Frame]) -> None:
    for frame in frames:
        decode(frame)


def _apply_ours(snapshot: BookSnapshot, updates: Updates) -> None:
    bids = BookSide(is_bid=True, levels=snapshot.bids)
    asks = BookSide(is_bid=False, levels=snapshot.asks)
    for bid_levels, ask_levels in updates:
        bids.apply(bid_levels)
        asks.apply(ask_levels)
        assert bids.best
        assert asks.best


def _apply_sorted(snapshot: BookSnapshot, updates: Updates) -> None:
    """Both sides as sorted dictionaries, with a short path for levels that exist already."""
    bids, asks = SortedDict(snapshot.bids), SortedDict(snapshot.asks)
    for update in updates:
        for side, levels in zip((bids, asks), update, strict=True):
            for price, size in levels:
                if not size:
                    side.pop(price, None)
                elif price in side:
                    dict.__setitem__(side, price, size)
                else:
                    side[price] = size
        bids.peekitem(-1)
        asks.peekitem(0)
