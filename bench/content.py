"""Bytes of a page → Signals: the whole of what the gateway does with a 50 KiB page.

`python -O bench/content.py`: CPU milliseconds, medians; default budget and unlimited; pages
with few and with many tags; what a remembered page costs; memory a worker pays for it all.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.recognition_text import Writer, article, portal
from rules.base import RuleBase
from rules.compile import build
from rules.recognise.content import Recogniser

ROUNDS = 60


def private() -> float:
    """MiB of private memory of this process."""
    rollup = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in rollup if line.startswith("Private")) / 1024


def cost(recogniser: Recogniser, pages: list[bytes]) -> float:
    """Median CPU milliseconds of reading a page for the first time."""
    found = []
    for page in pages:
        begun = time.process_time_ns()
        recogniser.read(page, "text/html", "utf-8")
        found.append((time.process_time_ns() - begun) / 1e6)
    return statistics.median(found)


def main() -> int:
    """Print the table."""
    folder = Path(tempfile.mkdtemp())
    build(folder)
    base = RuleBase.open(folder / "rulebase")
    before = private()
    recogniser = Recogniser.open(base.path)
    recogniser.read("<p>预热</p>".encode(), "text/html")
    print(f"memory of a worker for recognition: {private() - before:.1f} MiB private")
    print(
        f"peak of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
    )
    for name, make in (("few tags", article), ("many tags", portal)):
        text = make(Writer())
        pages = [f"{text}<!-- {number} -->".encode() for number in range(ROUNDS)]
        for kind, one in (
            ("default budget", Recogniser.open(base.path)),
            ("unlimited", Recogniser.open(base.path, budget=0)),
        ):
            cost(one, pages[:3])
            print(f"{name:10} {len(pages[0]):>6} bytes  {kind:15} {cost(one, pages[3:]):6.2f} ms")
        begun = time.process_time_ns()
        for _ in range(1000):
            recogniser.read(pages[0], "text/html", "utf-8")
        print(f"{name:10} read before: {(time.process_time_ns() - begun) / 1e9:.4f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
