"""Run the simulator from a shell: ``PYTHONPATH=tests python -m simulator --port 8099``."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

from simulator.limits import RateLimit
from simulator.server import WIRES, Simulator


def _options() -> argparse.Namespace:
    faults = "\n".join(f"  {vendor}: {', '.join(wire.faults)}" for vendor, wire in WIRES.items())
    parser = argparse.ArgumentParser(
        prog="simulator",
        description="Gemini's and OpenAI's APIs on 127.0.0.1.",
        epilog=f"faults:\n{faults}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8099, help="where to listen (default: 8099)")
    parser.add_argument(
        "--latency",
        action="append",
        default=[],
        metavar="ROLE=SECONDS",
        help="how long an instructor, editor or judge takes to answer; may be given several times",
    )
    parser.add_argument("--rpm", type=int, help="requests to each model admitted per minute (default: no limit)")
    parser.add_argument("--fault-rate", type=float, default=0.0, help="share of calls that meet a fault")
    parser.add_argument("--faults", default="", help="faults to draw from, separated by commas")
    parser.add_argument("--score", type=float, help="the score judges give (default: 0.5 to 1, by request)")
    parser.add_argument("--format", default="PNG", choices=["PNG", "JPEG", "WEBP"], help="of edited images")
    parser.add_argument("--image", type=Path, help="a file to return instead of edits, which take time to make")
    parser.add_argument("--batch-polls", type=int, default=1, help="polls before a batch is done")
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> None:
    simulator = Simulator(port=options.port)
    simulator.latency = {role: float(seconds) for role, _, seconds in (x.partition("=") for x in options.latency)}
    simulator.rate_limit = RateLimit(options.rpm) if options.rpm else None
    simulator.fault_rate = options.fault_rate
    simulator.fault_mix = options.faults.split(",") if options.faults else simulator.fault_mix
    simulator.brain.score, simulator.brain.image_format = options.score, options.format
    simulator.brain.canned = options.image.read_bytes() if options.image else None
    simulator.batch_polls = options.batch_polls
    async with simulator:
        sys.stdout.write(f"Gemini: base_url={simulator.gemini_url}\nOpenAI: base_url={simulator.openai_url}\n")
        sys.stdout.flush()
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await ended.wait()
    sys.stdout.write(_summary(simulator))


def _summary(simulator: Simulator) -> str:
    seen = Counter((e.call.vendor, e.call.role, e.call.model, e.fault or "answered") for e in simulator.log)
    twice = len(simulator.billed()) - len({entry.call.fingerprint for entry in simulator.billed()})
    rows = [f"{' '.join(what)}: {number}\n" for what, number in sorted(seen.items())]
    return "\n" + "".join(rows) + f"billed: {len(simulator.billed())}, the same request again: {twice}\n"


if __name__ == "__main__":
    try:
        asyncio.run(_serve(_options()))
    except OSError as error:
        sys.exit(f"cannot listen: {error.strerror}. Another simulator may run already; --port takes another port")
