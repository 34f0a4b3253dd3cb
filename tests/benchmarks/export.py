"""What an export costs as its run grows, in each format: time, memory, disk.

    python tests/benchmarks/export.py --samples 1000 10000
    python tests/benchmarks/export.py --samples 100000 --formats pico hf

The runs are made by the scripted providers, with photos of 96 x 72 pixels and edits of 64; each edit tried up to
three times. Each export is written in a process of its own; CPU time is that of the whole process, imports included.
The baseline is the loop that reads the samples and the images of those that were accepted, and does nothing with them.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import run

from picofw.plugins import Plugins

BASELINE = "reading alone"
FORMATS = [spec.name for _, spec in Plugins().specs("exporter")]


def read(work: Path) -> None:
    """Read the samples and the accepted images, and do nothing with them."""
    from picofw.subsets import RunData
    from picofw.workspace import open_run

    data = RunData(*open_run(work / "data", "bench"))
    for sample in data.samples():
        for turn in sample.turns:
            if turn.accepted is not None and turn.accepted.image is not None:
                data.read(turn.input)
                data.read(turn.accepted.image)


def export(work: Path, format_: str) -> None:
    """Write the export."""
    from picofw.export import write
    from picofw.subsets import RunData
    from picofw.workspace import open_run

    exporter = Plugins().find("exporter", format_)
    write(RunData(*open_run(work / "data", "bench")), exporter(exporter.Options()), work / format_)


def one(way: str, work: Path, samples: int) -> tuple[float, float, float]:
    """Go one way in a process of its own; return seconds, CPU seconds and MB."""
    command = [sys.executable, __file__, "--way", way, "--work", str(work), "--samples", str(samples)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds, cpu, peak = json.loads(done.stdout.splitlines()[-1])
    return seconds, cpu, peak


def main() -> None:
    """Parse the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, nargs="+", default=[1000])
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        began = time.perf_counter()
        if options.way == "run":
            run(options.work, options.samples[0])
        elif options.way == BASELINE:
            read(options.work)
        else:
            export(options.work, options.way)
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps([time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
        return
    print(f"{'samples':>8} {'format':<16}{'s':>8}{'CPU s':>8}{'x reading':>11}{'peak MB':>9}{'disk MB':>9}{'files':>9}")
    for samples in options.samples:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            one("run", work, samples)
            seconds, base, peak = one(BASELINE, work, samples)
            print(f"{samples:>8,} {BASELINE:<16}{seconds:>8.1f}{base:>8.1f}{1:>11.1f}{peak:>9.0f}", flush=True)
            for format_ in options.formats:
                seconds, cpu, peak = one(format_, work, samples)
                files = [path for path in (work / format_).rglob("*") if path.is_file()]
                size = sum(path.stat().st_size for path in files) / 1e6
                print(
                    f"{samples:>8,} {format_:<16}{seconds:>8.1f}{cpu:>8.1f}{cpu / base:>11.1f}{peak:>9.0f}{size:>9.0f}"
                    f"{len(files):>9,}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
