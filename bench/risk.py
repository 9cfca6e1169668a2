"""Risk weighed and k enforced on a large table, as a user runs it: seconds, CPU, peak memory.

    python -m bench.risk [--rows 1000000] [--k 5]

The table is made from a seed: sex, day of birth, area, nation, school, score; six
quasi-identifiers, one sensitive column. Each step is a process of its own. There is no peer in
the run: ARX is a Java program with a graphical interface, and pycanon weighs but does not enforce.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
QUASI = "xb,csrq,pq,mz,xx,cj"
NATIONS = ("汉族",) * 12 + ("回族", "苗族", "彝族", "藏族")


def make(path: Path, rows: int) -> None:
    """The table."""
    dice = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{QUASI},jk\n")
        for _ in range(rows):
            born = f"{dice.randint(2008, 2018)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
            ill = "健康" if dice.random() < 0.7 else f"病{dice.randint(1, 9)}"
            file.write(
                f"{dice.choice('男女')},{born},片区{dice.randint(1, 40)},{dice.choice(NATIONS)},"
                f"第{dice.randint(1, 60)}小学,{dice.randint(0, 100)},{ill}\n"
            )


def step(name: str, folder: Path, *words: str) -> None:
    """One command; a line of the table."""
    command = [sys.executable, "-m", "audit.cli", "data", "risk", "t.csv", *words]
    begin = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    print(
        f"| {name} | {process.returncode} | {time.monotonic() - begin:.1f} | {cpu:.1f} "
        f"| {usage.ru_maxrss // 1024} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--k", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qinglang-risk-") as name:
        folder = Path(name)
        make(folder / "t.csv", options.rows)
        print(f"{options.rows} rows\n\n| step | exit code | seconds | CPU s | peak MiB |")
        print("|---|---|---|---|---|", flush=True)
        base = ("--quasi", QUASI, "--sensitive", "jk")
        step("weigh", folder, *base)
        enforced = (*base, "--enforce", f"k={options.k}", "--out")
        step("full-domain", folder, *enforced, "full.csv")
        step("full-domain, l = 2", folder, *enforced, "l.csv", "--l", "2")
        step("local", folder, *enforced, "local.csv", "--method", "local")


if __name__ == "__main__":
    main()
