"""A district's database from finding to a certificate of destruction, a million rows, in one run.

    python -m bench.lifecycle [--pupils 60000] [--keep DIR]

A PostgreSQL of its own (unix socket, removed afterwards) is filled by the seeded generator of
`bench/district.py`: 27 tables, 16.8 rows for each pupil. Then every step runs as a user runs it,
`qinglang data …` in a process of its own, and its exit code, seconds, CPU and peak memory are
printed. The same queries are asked of the source and of the masked copy, and every table is
counted; then pupils whose time is over are listed, approved by two people, destroyed with all
that hangs on them, and the certificate is verified.

Exit code 1: a step did not end as it should, or source and copy answer differently.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pwd
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bench import district
from tests.audit.lifecycle import servers

HERE = Path(__file__).resolve().parent.parent
JOINS = (
    "SELECT count(*), count(DISTINCT s.id) FROM {0}.students s"
    " JOIN {0}.scores x ON x.student_id = s.id JOIN {0}.guardians g ON g.student_id = s.id",
    "SELECT count(*), count(DISTINCT s.class_id) FROM {0}.classes k"
    " JOIN {0}.students s ON s.class_id = k.id JOIN {0}.schools o ON o.id = k.school_id",
    "SELECT n, count(*) FROM (SELECT s.id, count(x.id) AS n FROM {0}.students s"
    " LEFT JOIN {0}.scores x ON x.student_id = s.id GROUP BY s.id) AS t GROUP BY n ORDER BY n",
    "SELECT count(*) FROM {0}.accounts a JOIN {0}.login_logs l ON l.account_id = a.id",
)
"""What an application asks: its answers must not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command, run to its end."""

    name: str
    code: int
    seconds: float
    cpu: float
    peak: int  # MiB of its largest process
    out: str


class Run:
    """The steps of one run: printed as they end, kept for the verdict."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wrong: list[str] = []
        self.tables: list[str] = []

    def step(self, *words: str, expect: Sequence[int] = (0,)) -> Step:
        """Run `qinglang data WORDS` in a process of its own."""
        command = [sys.executable, "-m", "audit.cli", "data", *words]
        environment = {**os.environ, "PYTHONPATH": str(HERE), "QINGLANG_PASSPHRASE": "a bench word"}
        out, err = self.folder / "step.out", self.folder / "step.err"
        begin = time.monotonic()
        with out.open("wb") as told, err.open("wb") as said:
            process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=told, stderr=said
            )
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        one = Step(
            name=words[0],
            code=process.returncode,
            seconds=time.monotonic() - begin,
            cpu=usage.ru_utime + usage.ru_stime,
            peak=usage.ru_maxrss // 1024,
            out=out.read_text(),
        )
        print(
            f"| {' '.join(words[:2]) if words[0] in NESTED else words[0]} | {one.code} "
            f"| {one.seconds:.1f} | {one.cpu:.1f} | {one.peak} |",
            flush=True,
        )
        if one.code not in expect:
            self.wrong.append(f"{words[0]}: exit code {one.code}")
            print(out.read_text()[-1500:] + err.read_text()[-1500:])
        return one


NESTED = frozenset({"destroy", "certificate", "people"})
BELOW = ("guardians", "enrolment", "scores", "health_checks", "aid", "face_gate", "bus_track")
"""What goes with a pupil: five by foreign keys, two by the rule alone."""
RULES = """\
district: bench
sources: [{name: district}]
datasets:
  - id: roll
    name: roll
    owner: registrar
    purpose: roll
    holds: [{source: district, tables: [TABLES]}]
    minors: true
    collection: {columns: ["*.*"]}
    legal: {ground: duty}
    access: {}
    storage: {place: here}
    retention:
      - id: grown
        since: public.students.csrq
        period: 18 years
        then: destroy
        children: [CHILDREN]
    export: {allowed: false}
    destruction: {approvers: [one, two]}
    backups: [{name: nightly, place: elsewhere, kept: 35 days}]
    legal-holds:
      - id: case
        reason: dispute
        document: {number: "1"}
        since: 2026-01-01
        rows: [{column: public.students.xh, values: [HELD]}]
"""


def asked(url: str, where: str) -> tuple[list[object], dict[str, int]]:
    """Answers of the application's queries in a schema, and the rows of each table."""
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        answers: list[object] = [
            [tuple(row) for row in connection.execute(text(query.format(where)))] for query in JOINS
        ]
        counts = {
            table.name: connection.execute(
                text(f'SELECT count(*) FROM {where}."{table.name}"')
            ).scalar_one()
            for table in district.TABLES
        }
    return answers, counts


def destroyed(run: Run, url: str) -> None:
    """From what is due to a certificate that holds."""
    tables = ", ".join(f"public.{one}" for one in ("students", *BELOW))
    children = ", ".join(
        f"{{column: public.{one}.student_id, parent: public.students.id}}" for one in BELOW
    )
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        order = "SELECT xh FROM students WHERE csrq < '2008-11-24' ORDER BY id LIMIT 3"
        held = ", ".join(f'"{row[0]}"' for row in connection.execute(text(order)))
    rules = RULES.replace("TABLES", tables).replace("CHILDREN", children).replace("HELD", held)
    (run.folder / "rules.yaml").write_text(rules, encoding="utf-8")
    book = ("--book", "book")
    owner = pwd.getpwuid(os.getuid()).pw_name
    run.step("people", "add", "operator", "--account", owner, "--manages", *book)
    for name in ("one", "two"):
        run.step("people", "add", name, "--key-out", f"{name}.pem", *book)
    given = ("--db", f"district={url}", *book)
    run.step("retain", "rules.yaml", *given, "--at", "2026-11-24", "--out", "plan.json")
    for name in ("one", "two"):
        yes = ("--by", name, "--sign-with", f"{name}.pem")
        run.step("destroy", "approve", "plan.json", "--rules", "rules.yaml", *book, *yes)
    paper = ("--out", "certificate.json")
    run.step("destroy", "run", "plan.json", "--rules", "rules.yaml", *given, "--rewrite", *paper)
    key = ("--key", "book/public.pem")
    run.step("destroy", "verify", "certificate.json", *given, *key)
    if run.wrong:
        return
    (one,) = json.loads((run.folder / "certificate.json").read_text(encoding="utf-8"))["sets"]
    states = ", ".join(f"{each['level']} {each['where']} {each['state']}" for each in one["traces"])
    print(f"\ndestroyed: {one['done']} pupils, kept {one['kept']}; below {one['below']}\n{states}")


@contextlib.contextmanager
def place(keep: str) -> Iterator[Path]:
    """The folder of the run: kept where one was named."""
    if keep:
        Path(keep).mkdir(parents=True)
        yield Path(keep)
        return
    with tempfile.TemporaryDirectory(prefix="qinglang-life-") as folder:
        yield Path(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pupils", type=int, default=60_000)
    parser.add_argument("--keep", default="", metavar="DIR", help="keep what the steps wrote")
    options = parser.parse_args()
    with place(options.keep) as folder, servers.postgresql() as url:
        begin = time.monotonic()
        rows = district.write(url, options.pupils)
        print(f"{rows} rows in {len(district.TABLES)} tables, {time.monotonic() - begin:.0f} s\n")
        print(
            "| step | exit code | seconds | CPU s | peak MiB |\n|---|---|---|---|---|", flush=True
        )
        run = Run(folder)
        run.step("discover", url, "--store", "inv", "--output", "inventory.html")
        run.step("grade", "inv/inventory.json")
        run.step("mask-key", "mask.key")
        copy = ("--in", url, "--in-schema", "public", "--out", url, "--out-schema", "masked")
        copy += ("--key-file", "mask.key", "--inventory", "inv/inventory.json", "--json")
        masked = run.step("mask", "--policy", "test-copy", *copy)
        quasi = ("--quasi", "xb,csrq:year", "--sensitive", "mz", "--json")
        run.step("risk", url, "--table", "public.students", *quasi, expect=(0, 1))
        run.step("risk", url, "--table", "masked.students", *quasi, expect=(0, 1))
        if masked.code == 0:
            told = json.loads(masked.out)
            print(f"\nresidual: {json.dumps(told['residual'], ensure_ascii=False)}")
            before, after = asked(url, "public"), asked(url, "masked")
            if before != after:
                run.wrong.append("the copy answers otherwise than the source")
            print(f"queries answered alike: {before[0] == after[0]}; rows: {before[1] == after[1]}")
        destroyed(run, url)
    for one in run.wrong:
        print(f"NOT AS IT SHOULD BE: {one}")
    return 1 if run.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
