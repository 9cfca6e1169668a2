"""A small district whose pupils leave year by year, its rules, and a plan carried through."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from audit.lifecycle import data_cli
from audit.lifecycle.acting import account
from rules.load import DataError, WorldError

AT = "2026-09-01"  # ten years: who left before 2016-09-01 is due
RULES = """
district: 示例区
sources: [{name: district}, {name: forms}]
datasets:
  - id: roll
    name: 学籍
    owner: 学籍管理员
    purpose: 学籍管理
    holds:
      - {source: district, tables: [students, guardians, calls]}
    minors: true
    collection: {columns: ["*.*"]}
    legal: {ground: duty}
    access: {}
    storage: {place: 机房}
    retention:
      - id: graduated
        since: students.left_on
        period: 10 years
        then: destroy
        children:
          - {column: guardians.student_id, parent: students.id}
          - {column: calls.guardian_id, parent: guardians.id}
        basis: [{source: 个人信息保护法, clause: "47", status: confirmed}]
    export: {allowed: false}
    destruction: {approvers: [甲, 乙, 丙]}
    backups: [{name: nightly, place: 同城, kept: 35 days}]
    legal-holds: HOLDS
"""
HOLD = """
      - id: case-1
        reason: 复核
        document: {number: 示教函1号}
        since: 2026-01-01
        rows: [{column: guardians.phone, values: ["PHONE"]}]
"""

EMPTIED = "then: anonymise\n        anonymise: [students.name, guardians.phone, calls.said]"


def rules(path: Path, *phones: str) -> Path:
    """The rules file, with a hold for each of the phones."""
    holds = "".join(
        HOLD.replace("PHONE", one).replace("case-1", f"case-{at}")
        for at, one in enumerate(phones, 1)
    )
    path.write_text(RULES.replace("HOLDS", holds or "[]"), encoding="utf-8")
    return path


def phone(number: int) -> str:
    """A telephone number that nobody was ever given."""
    return f"100{number:08}"


def name_of(number: int) -> str:
    """A name that is nobody's, long enough to be looked for."""
    return f"虚构学生{number:05}号"


def fill(url: str, pupils: int = 120) -> None:
    """The district's tables: pupil i left in 2010 + i % 12; every tenth has no day."""
    engine = create_engine(url)
    late = " ENGINE=InnoDB" if make_url(url).get_backend_name() in ("mysql", "mariadb") else ""
    orders = [
        f"CREATE TABLE students (id INTEGER PRIMARY KEY, name VARCHAR(60), left_on DATE){late}",
        "CREATE TABLE guardians (id INTEGER PRIMARY KEY, student_id INTEGER NOT NULL, "
        f"phone VARCHAR(20), FOREIGN KEY (student_id) REFERENCES students (id)){late}",
        f"CREATE TABLE calls (id INTEGER PRIMARY KEY, guardian_id INTEGER, said VARCHAR(60)){late}",
    ]
    with engine.begin() as connection:
        for order in orders:
            connection.execute(text(order))
        each = range(1, pupils + 1)
        connection.execute(
            text("INSERT INTO students VALUES (:id, :name, :day)"),
            [{"id": one, "name": name_of(one),
              "day": None if one % 10 == 0 else f"{2010 + one % 12}-07-01"} for one in each],
        )  # fmt: skip
        connection.execute(
            text("INSERT INTO guardians VALUES (:id, :id, :phone)"),
            [{"id": one, "phone": phone(one)} for one in each],
        )
        connection.execute(
            text("INSERT INTO calls VALUES (:id, :id, :said)"),
            [{"id": one, "said": f"通话内容虚构{one:05}"} for one in each],
        )
    engine.dispose()


def due_of(pupils: int) -> set[int]:
    """Who is due on the day of the tests."""
    return {one for one in range(1, pupils + 1) if one % 10 and 2010 + one % 12 <= 2016}


def count(url: str, table: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
    engine.dispose()
    return found


def told(url: str, order: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(order))
    engine.dispose()


def data(*arguments: str | Path) -> tuple[int, str]:
    """A `qinglang data` command: (exit code, what it said)."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        options = _parser().parse_args(["data", *map(str, arguments)])
        try:
            return int(options.run(options)), out.getvalue()
        except DataError as error:
            return 2, out.getvalue() + str(error)
        except (WorldError, OSError) as error:
            return 3, out.getvalue() + str(error)


@cache
def _parser() -> argparse.ArgumentParser:
    """The commands of `data` alone: the whole command line takes its time."""
    top = argparse.ArgumentParser()
    data_cli.register(top.add_subparsers(required=True))
    return top


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One database with its rules, book and plan in a folder."""

    url: str
    folder: Path
    extra: tuple[str, ...] = ()

    @property
    def rules(self) -> Path:
        return self.folder / "rules.yaml"

    @property
    def plan(self) -> Path:
        return self.folder / "plan.json"

    @property
    def paper(self) -> Path:
        return self.folder / "paper.json"

    @property
    def book(self) -> Path:
        return self.folder / "book"

    def people(self) -> None:
        """The officers in the book: 丁 by the account the tests run under, the others by key."""
        if self.book.exists():
            return
        self.folder.joinpath("keys").mkdir(exist_ok=True)
        told = [("丁", "--account", account(), "--manages")]
        told += [(one, "--key-out", str(self.signer(one))) for one in ("甲", "乙", "丙", "路人")]
        for words in told:
            code, said = data("people", "add", *words, "--book", self.book)
            assert code == 0, said

    def signer(self, name: str) -> Path:
        return self.folder / "keys" / f"{name.strip()}.pem"

    def sign(self, name: str) -> tuple[str, ...]:
        return ("--by", name, "--sign-with", str(self.signer(name)))

    def retain(self, at: str = AT) -> dict[str, Any]:
        self.people()
        code, said = data("retain", self.rules, "--db", f"district={self.url}", *self.extra,
                          "--at", at, "--book", self.book, "--out", self.plan)  # fmt: skip
        assert code in (0, 1), said
        found: dict[str, Any] = json.loads(self.plan.read_text(encoding="utf-8"))["plan"]
        return found

    def approve(self, *names: str) -> None:
        for name in names or ("甲", "乙"):
            code, said = data("destroy", "approve", self.plan, "--rules", self.rules,
                              "--book", self.book, *self.sign(name))  # fmt: skip
            assert code == 0, said

    def run(self, *more: str) -> tuple[int, str]:
        return data("destroy", "run", self.plan, "--rules", self.rules, "--book", self.book,
                    "--db", f"district={self.url}", "--by", "丁", "--out", self.paper,
                    *self.extra, *more)  # fmt: skip

    def certificate(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.paper.read_text(encoding="utf-8"))
        return found

    def verify(self, *more: str) -> tuple[int, str]:
        return data("destroy", "verify", self.paper, "--book", self.book, *more)


def anonymising(case: Case, *phones: str) -> None:
    """The rules of the district, which keep the rows and empty three columns."""
    rules(case.rules, *phones)
    whole = case.rules.read_text(encoding="utf-8").replace("then: destroy", EMPTIED)
    case.rules.write_text(whole, encoding="utf-8")


def states(body: dict[str, Any], set_: str = "roll/graduated") -> dict[str, str]:
    """level:where → state of a certificate's set."""
    one = next(each for each in body["sets"] if each["id"] == set_)
    return {f"{each['level']}:{each['where']}": each["state"] for each in one["traces"]}
