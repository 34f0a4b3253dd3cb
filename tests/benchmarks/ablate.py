"""What an ablation costs as its run grows: CPU time and memory, from the store to the page.

    python tests/benchmarks/ablate.py --attempts 1000 10000 100000

A store is filled with judged edits of planted quality, three attempts at each turn and four edits of each photo, and
with the verdicts of further judges. Then in a process of its own: until the run is read into columns, until all
figures are computed (every judge under the four shipped rubrics, agreement of all and of each two with 200 bootstrap
draws, nine thresholds, 200 sets of weights), and until the page and the CSV files are written. The baseline is the loop
that reads the samples and the verdicts, and does nothing with them.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from planted import plant

RUN = "planted"


def read(work: Path) -> dict[str, float]:
    """Read samples and verdicts, and do nothing with them."""
    from picofw.subsets import RunData
    from picofw.workspace import open_run

    began = time.process_time()
    workspace, name = open_run(work, RUN)
    edits = sum(len(turn.attempts) for sample in RunData(workspace, name).samples() for turn in sample.turns)
    verdicts = sum(1 for _ in workspace.store.verdicts(name))
    assert verdicts % edits == 0
    return {"read": time.process_time() - began}


def ablate(work: Path) -> dict[str, float]:
    """Ablate."""
    from picofw.ablate.figures import figures
    from picofw.ablate.report import write
    from picofw.ablate.table import load
    from picofw.commands.ablate import shipped
    from picofw.workspace import open_run

    times = [time.process_time()]
    workspace, name = open_run(work, RUN)
    table = load(workspace, [name])
    times.append(time.process_time())
    found = figures(table, dict(shipped(table.criteria)))
    times.append(time.process_time())
    write(found, work / "page")
    times.append(time.process_time())
    taken = [after - before for before, after in itertools.pairwise(times)]
    steps = dict(zip(("load", "figures", "write"), taken, strict=True))
    return {**steps, "size_mb": (work / "page" / "ablate.html").stat().st_size / 1e6}


def _peak() -> float:
    """Return the most memory that this process had; what getrusage tells is also that of the process it came from."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def one(way: str, work: Path) -> dict[str, float]:
    """Go one way in a process of its own."""
    command = [sys.executable, __file__, "--way", way, "--work", str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Parse the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--judges", type=int, default=5)
    parser.add_argument("--way", choices=["read", "ablate"], help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        found = {"read": read, "ablate": ablate}[options.way](options.work)
        print(json.dumps({**found, "peak_mb": _peak()}))
        return
    heads = ("attempts", "judges", "read s", "load s", "figures s", "write s", "all s", "peak MB", "page MB")
    print("".join(f"{word:>11}" for word in heads))
    for attempts in options.attempts:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            asyncio.run(plant(work, RUN, attempts, noises=[0.1] * options.judges, seed=0))
            baseline, found = one("read", work), one("ablate", work)
        steps = [found[name] for name in ("load", "figures", "write")]
        numbers = (baseline["read"], *steps, sum(steps), found["peak_mb"], found["size_mb"])
        print(f"{attempts:>11,}{options.judges:>11}" + "".join(f"{number:>11.1f}" for number in numbers), flush=True)


if __name__ == "__main__":
    main()
