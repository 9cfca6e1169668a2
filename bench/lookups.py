"""Figures of the RuleBase on a large list: build, open, private memory, look-ups per second.

    python bench/lookups.py HOSTS.tsv [--rounds N] [--sample N]

The list is `host<TAB>category[,category]`. Hits are hosts of the list and names below
them, misses are made from them; a Python dict of the same rows is measured in the same
run, interleaved, doing the same suffix walk. Every answer is compared with the dict's.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from rules.base import RuleBase
from rules.compile import build
from rules.hosts import is_address
from rules.importers.rows import entry
from rules.load import loads
from rules.sources import SIDECAR, Source, load_categories, load_mappings, translator
from rules.suffixes import load_suffixes

SIDECAR_TEXT = """\
id: bench
title: {zh: 基准, en: bench}
format: csv
location: bench
mapping: ut1
licence: see the list
source: the list given to the benchmark
"""


def main() -> None:
    """Measure and print one JSON document."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("list", type=Path)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--sample", type=int, default=100_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="qinglang-bench-") as folder:
        figures = measure(Path(folder), chosen.list, chosen.rounds, chosen.sample)
    print(json.dumps(figures, indent=1, ensure_ascii=False))


def measure(data: Path, path: Path, rounds: int, sample: int) -> dict[str, object]:
    """All figures; times are wall clock and CPU of this process."""
    home = data / "lists" / "bench"
    home.mkdir(parents=True)
    (home / SIDECAR).write_text(SIDECAR_TEXT, encoding="utf-8")
    shutil.copyfile(path, home / "list")
    cpu, wall = time.process_time(), time.perf_counter()
    report = build(data, shipped=data / "none")
    figures: dict[str, object] = {
        "rows": report.rows,
        "bad_lines": report.bad,
        "build_seconds": round(time.perf_counter() - wall, 2),
        "build_cpu_seconds": round(time.process_time() - cpu, 2),
        "disk_mb": round(sum(f.stat().st_size for f in (report.path or data).iterdir()) / 1e6, 1),
    }
    wall = time.perf_counter()
    base = RuleBase.open(data / "rulebase")
    figures["open_ms"] = round((time.perf_counter() - wall) * 1000, 2)
    rows = wanted(path, base)
    hosts = random.Random(1).sample(sorted(rows), min(sample, len(rows)))
    hits = [
        host if place % 2 or is_address(host) else "www." + host for place, host in enumerate(hosts)
    ]
    misses = [f"q{place}.x{host[:-1]}q.example" for place, host in enumerate(hosts)]
    figures |= memory(data, hits)
    figures |= rates(base, rows, hits, misses, rounds)
    figures["wrong"] = sum(
        base.mask(name) != walk(rows, name, base.unknown) for name in [*hits, *misses]
    )
    figures["all_rows_wrong"] = sum(base.mask(host) & mask != mask for host, mask in rows.items())
    return figures


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from rules.base import RuleBase
def kb(what):
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(what))
names = [line.strip() for line in open(sys.argv[3], encoding="ascii")]
before, dirty = kb("Private_"), kb("Private_Dirty")
base = RuleBase.open(Path(sys.argv[2]))
for name in names:
    base.mask(name)
print("ready", flush=True)
sys.stdin.readline()
print(kb("Private_") - before, kb("Private_Dirty") - dirty, flush=True)
sys.stdin.readline()
"""


def memory(data: Path, names: list[str]) -> dict[str, object]:
    """What one of two workers with the same RuleBase has for itself after the look-ups.

    Two, because a page of a mapped file counts as private while only one process has it.
    """
    asked = data / "asked.txt"
    asked.write_text("\n".join(names), encoding="ascii")
    command = [
        sys.executable, "-c", CHILD, str(Path(__file__).parent.parent), str(data / "rulebase"),
        str(asked),
    ]  # fmt: skip
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for worker in workers:
        worker.stdout.readline()
    seen = []
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
        seen.append([int(one) for one in worker.stdout.readline().split()])
    for worker in workers:
        worker.communicate("\n")
    return {
        "private_mb": round(max(one[0] for one in seen) / 1024, 2),
        "private_dirty_mb": round(max(one[1] for one in seen) / 1024, 2),
    }


def wanted(path: Path, base: RuleBase) -> dict[str, int]:
    """The same rows as a dict: key → mask; the reader is the importer's own `entry`."""
    source = loads(Source, SIDECAR_TEXT, "bench")
    translate = translator(source, load_mappings(), load_categories())
    suffixes, masks, rows = load_suffixes(), {}, {}
    with path.open("rb") as lines:
        for line in lines:
            host, _, names = line.rstrip(b"\r\n").partition(b"\t")
            if names not in masks:
                masks[names] = base.bits(translate(tuple(names.decode().split(","))).ids)
            try:
                key = entry(host)
            except ValueError:
                continue
            if masks[names] and not suffixes.covers(key):
                rows[key.decode()] = rows.get(key.decode(), 0) | masks[names]
    return rows


def walk(rows: dict[str, int], name: str, nothing: int) -> int:
    """The dict's own suffix walk."""
    mask, rest = rows.get(name, 0), name
    if not is_address(name):
        while (dot := rest.find(".")) >= 0:
            rest = rest[dot + 1 :]
            mask |= rows.get(rest, 0)
    return mask or nothing


def rates(
    base: RuleBase, rows: dict[str, int], hits: list[str], misses: list[str], rounds: int
) -> dict[str, object]:
    """Look-ups per CPU second, interleaved; best and median of the rounds."""
    tried: dict[str, tuple[Callable[[str], object], list[str]]] = {
        "hits_per_s": (base.mask, hits),
        "misses_per_s": (base.mask, misses),
        "dict_hits_per_s": (lambda name: walk(rows, name, 0), hits),
        "dict_misses_per_s": (lambda name: walk(rows, name, 0), misses),
    }
    taken: dict[str, list[float]] = {name: [] for name in tried}
    for _ in range(rounds):
        for name, (ask, names) in tried.items():
            begun = time.process_time()
            for one in names:
                ask(one)
            taken[name].append(len(names) / (time.process_time() - begun))
    found: dict[str, object] = {}
    for name, values in taken.items():
        values.sort()
        found[name] = round(values[len(values) // 2])
        found[name.replace("_per_s", "_best_per_s")] = round(values[-1])
    begun = time.process_time()
    for _ in range(1_000_000):
        base.host("www.example.com")
    found["remembered_host_us"] = round(time.process_time() - begun, 3)
    return found


if __name__ == "__main__":
    main()
