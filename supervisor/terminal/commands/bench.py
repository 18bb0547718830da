"""`arbitrio bench`: how fast it is on this machine, each figure beside a floor of the same run."""

from argparse import Namespace
from typing import Any

import msgspec

from actors.recording.format import read_recording
from supervisor.bench.decoders import measure_decoders
from supervisor.bench.hot import measure_hot, measure_sides
from supervisor.bench.loopback import measure_latency, measure_throughput
from supervisor.bench.memory import measure_memory
from supervisor.bench.replaying import measure_replay
from supervisor.terminal.logs import log_to_stderr
from supervisor.terminal.stopping import Stop

FRAMES = 40_000
LATENCY_RATE_PER_S = 4_000.0


def main(args: Namespace) -> int:
    for path in args.recording:
        next(read_recording(path), None)  # it says at once what cannot be read
    report = _measure(args)
    if args.json:
        print(msgspec.json.encode(report).decode())
    else:
        for line in _lines(report):
            print(line)
    return 0


def _measure(args: Namespace) -> dict[str, Any]:
    log_to_stderr("error")
    frames = FRAMES // 10 if args.quick else FRAMES
    return {
        "hot": measure_hot(frames),
        "sides": measure_sides(frames),
        "decoders": measure_decoders(frames // 20),
        "loopback": Stop().run(measure_throughput, frames),
        "replay": measure_replay(frames, args.recording),
        "latency": Stop().run(measure_latency, frames, LATENCY_RATE_PER_S),
        "memory": measure_memory(100 if args.quick else 1_000),
    }


def _lines(report: dict[str, Any]) -> list[str]:
    hot, sides, latency = report["hot"], report["sides"], report["latency"]
    floor = hot["floor_frames_per_s"]
    lines = [
        f"frames of {hot['changes_per_frame']:.1f} level changes, "
        f"{hot['bytes_per_frame']:.0f} bytes; medians of several runs",
        f"{floor:>12,.0f}  frames/s  floor: typed decode alone",
        f"{hot['frames_per_s']:>12,.0f}  frames/s  decode to top, no socket "
        f"({hot['times_floor']:.1f} times the floor's time)",
    ]
    for lane, rate in report["loopback"]["frames_per_s"].items():
        lines.append(
            f"{rate:>12,.0f}  frames/s  socket to book, {lane} ({floor / rate:.1f} times the floor)"
        )
    for name, rate in report["replay"]["frames_per_s"].items():
        lines.append(
            f"{rate:>12,.0f}  frames/s  replay of {name} ({floor / rate:.1f} times the floor)"
        )
    for one in report["decoders"]:
        lines.append(
            f"{one['frames_per_s']:>12,.0f}  frames/s  {one['venue']} {one['kind']}: "
            f"{one['levels_per_frame']:.1f} levels, {one['us_per_level']:.2f} µs each; "
            f"{one['speed_per_byte']:.2f} of the reference's speed per byte"
        )
    return [
        *lines,
        f"{sides['ours_us']:>12.2f}  µs/update  both sides of a book "
        f"(sorted dictionaries: {sides['sorted_dict_us']:.2f})",
        f"{latency['p50_ms']:>12.3f}  ms  opportunity latency p50 at "
        f"{latency['rate_per_s']:,.0f} frames/s, open loop, "
        f"{latency['opportunity_changes']} changes",
        f"{latency['p99_ms']:>12.3f}  ms  p99",
        f"{latency['p99.9_ms']:>12.3f}  ms  p99.9",
        f"{latency['max_ms']:>12.3f}  ms  max",
        f"{report['memory']['mb_per_thousand_books']:>12.1f}  MB  for a thousand books of "
        f"{report['memory']['levels_a_side']} levels a side",
    ]
