"""`qinglang data count|budget`: counts under differential privacy, and what they cost. A door.

The budget is booked, and on disk, before noise is drawn; the answer is booked before it is
told. A crash between the two costs budget and tells nothing. One count at a time in a ledger:
a lock file holds for as long as the process lives.
"""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from audit.lifecycle.acting import BOOK, BOOK_PLACE, acting, add_book, add_who, book_of
from audit.lifecycle.book import Book
from audit.lifecycle.databases import identity, parse
from audit.lifecycle.people import apart
from audit.lifecycle.privacy.budget import (
    OPENED,
    RAISED,
    RELEASED,
    SPENT,
    Account,
    BudgetError,
    Declaration,
    Domain,
    accounts,
    composed,
    epsilon,
    may_spend,
)
from audit.lifecycle.privacy.counts import Answer, answer, cells_of, noisy, tally
from audit.lifecycle.recording import recording
from audit.lifecycle.risk_source import opened, wrong
from gateway.ledger import Checkpoint, canonical
from rules.load import load

LOCK = "count.lock"


def register(commands: Any) -> None:
    """Add `count` and `budget` below `data`."""
    one = commands.add_parser("count", help="差分隐私计数 / counts under differential privacy")
    one.add_argument("dataset", metavar="DATASET", help="data budget list")
    one.add_argument("--by", required=True, metavar="COLUMN,…", dest="columns")
    one.add_argument("--epsilon", required=True, metavar="E", help="0.5, 1/2")
    one.add_argument("--purpose", required=True, metavar="P", help="目的 / why")
    one.add_argument(
        "--fresh", action="store_true", help="数据已变，重新计数 count and spend again"
    )
    one.add_argument(
        "--book", type=Path, default=Path(os.environ.get(BOOK_PLACE) or BOOK), metavar="DIR"
    )
    add_who(one, by=False)
    _common(one, book=False).set_defaults(run=run_count)
    room = commands.add_parser("budget", help="隐私预算 / privacy budgets")
    subs = room.add_subparsers(dest="budget_command", required=True, metavar="COMMAND")
    one = subs.add_parser("open", help="登记数据集与预算 / declare a dataset")
    one.add_argument("file", type=Path, metavar="YAML")
    _common(one).set_defaults(run=run_open)
    one = subs.add_parser("raise", help="另一人增加预算 / another person allows more")
    one.add_argument("dataset")
    one.add_argument("--budget", required=True, metavar="E")
    one.add_argument("--reason", required=True)
    _common(one).set_defaults(run=run_raise)
    one = subs.add_parser("list", help="预算与已用 / budgets and what is spent")
    _common(one).set_defaults(run=run_list)


def _common(one: argparse.ArgumentParser, *, book: bool = True) -> argparse.ArgumentParser:
    if book:
        add_book(one)
    one.add_argument(
        "--ledger", type=Path, dest="book", default=argparse.SUPPRESS, metavar="DIR",
        help="同 --book / the same",
    )  # fmt: skip
    one.add_argument("--json", action="store_true")
    return one


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else counts in this ledger meanwhile; the lock ends with the process."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def run_open(options: argparse.Namespace) -> int:
    """1: the dataset, or its source, has a budget already."""
    declared = load(Declaration, options.file)
    place = _place(declared, options.file)
    cells_of([max(declared.columns.values(), key=lambda one: len(one.labels()))])
    with acting(options) as act:
        for name, account in accounts(act.records).items():
            if name == declared.id or account.declared["place"] == place:
                return _refused(options, f"已登记 already declared: {name}")
        body = {
            "dataset": declared.id, "budget": declared.budget,
            "declared": {**dataclasses.asdict(declared), "place": place},
        }  # fmt: skip
        act.write(OPENED, body)
    _said(options, {"dataset": declared.id, "budget": declared.budget})
    return 0


def _place(declared: Declaration, file: Path) -> list[str]:
    """Where the data is, whatever it is called: one source has one budget."""
    if "://" in declared.source:
        url, _ = parse(declared.source)
        return [identity(url), declared.table]
    path = (file.parent / declared.source).resolve()
    if not path.is_file():
        raise wrong(path.name, "没有这个文件 no such file")
    return [str(path), declared.table]


def run_raise(options: argparse.Namespace) -> int:
    """1: the person who declared it may not raise it alone."""
    wanted = _epsilon("--budget", options.budget)
    with acting(options) as act:
        account = _account(act.records, options.dataset)
        alike = apart(account.actor, act.actor)
        if alike:
            return _refused(options, f"登记人不得自行增加 somebody else has to raise it: {alike}")
        if wanted <= account.budget:
            return _refused(options, "只能增加 it can only be raised")
        body = {"dataset": options.dataset, "budget": options.budget, "reason": options.reason}
        act.write(RAISED, body)
    _said(options, {"dataset": options.dataset, "budget": options.budget})
    return 0


def run_list(options: argparse.Namespace) -> int:
    """Every dataset with what is spent."""
    for name, account in accounts(book_of(options).records()).items():
        row = {
            "dataset": name, "budget": float(account.budget), "left": float(account.left),
            "answers": len(account.spent), "columns": sorted(account.declared["columns"]),
            **{key: round(value, 6) for key, value in composed(account.spent).items()},
        }  # fmt: skip
        _said(options, row)
    return 0


def run_count(options: argparse.Namespace) -> int:
    """0: answered; 1: the budget does not allow it."""
    cost = _epsilon("--epsilon", options.epsilon)
    columns = tuple(one.strip() for one in options.columns.split(",") if one.strip())
    book = book_of(options)
    try:
        with alone(book.folder):
            account = _account(book.records(), options.dataset)
            record, repeated = _answered(options, book, account, columns, cost)
    except BudgetError as error:
        return _refused(options, str(error))
    domains = _domains(account)
    made = answer(columns, domains, record["counts"], cost, int(account.declared["most"]))
    _tell(options, made, record, account, cost, repeated=repeated)
    return 0


def _answered(
    options: argparse.Namespace, book: Book, account: Account, columns: tuple[str, ...],
    cost: Fraction,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """(the released record, whether it was released before). Books first, draws afterwards."""
    domains = _domains(account)
    unknown = [one for one in columns if one not in domains]
    if unknown or not columns or len(set(columns)) != len(columns):
        raise wrong("--by", "不是登记的列 not declared columns", ", ".join(sorted(domains)))
    chosen = [domains[one] for one in columns]
    cells_of(chosen)
    source, table = account.declared["place"]
    address = account.declared["source"] if "://" in account.declared["source"] else source
    query = _query(options.dataset, columns, cost)
    if query in account.released and not options.fresh:
        return account.released[query], True
    may_spend(account, cost)
    subject = str(account.declared["subject"])
    most = int(account.declared["most"])
    wanted = [*columns, *([subject] if subject else [])]
    with (
        recording(options, "count", [address], fields=wanted, why=options.purpose) as use,
        opened(address, table) as data,
    ):
        absent = [one for one in wanted if one not in data.columns]
        if absent:
            raise wrong(", ".join(absent), "数据中没有这一列 not a column of the data")
        counts = tally(data.rows(wanted), chosen, subject=bool(subject), most=most,
                       key=secrets.token_bytes(16))  # fmt: skip
        use.approval = options.dataset
    body: dict[str, Any] = {"dataset": options.dataset, "query": query, "epsilon": str(cost),
                            "columns": list(columns), "purpose": options.purpose}  # fmt: skip
    with acting(options, whole=False) as act:
        spent = act.write(SPENT, body)
    account.spent.append(cost)
    found = noisy(counts, cost, most, secrets.randbelow)
    released = {"dataset": options.dataset, "query": query, "spent": spent.seq, "counts": found}
    written = book.write(RELEASED, released, time.time())
    return {**released, "at": written.time, "seq": written.seq}, False


def _query(dataset: str, columns: tuple[str, ...], cost: Fraction) -> str:
    """What is asked. Not of which bytes: that an answer is drawn anew would say they changed."""
    return hashlib.sha256(canonical([dataset, list(columns), str(cost)])).hexdigest()


def _domains(account: Account) -> dict[str, Domain]:
    return {
        name: Domain(values=tuple(one["values"]), cuts=tuple(one["cuts"]))
        for name, one in account.declared["columns"].items()
    }


def _account(records: Iterable[Checkpoint], name: str) -> Account:
    found = accounts(records)
    if name not in found:
        raise wrong(name, "没有登记 not declared", "qinglang data budget open FILE.yaml")
    return found[name]


def _epsilon(where: str, text: str) -> Fraction:
    try:
        return epsilon(text)
    except BudgetError as error:
        raise wrong(where, str(error), "0.5") from None


def _refused(options: argparse.Namespace, why: str) -> int:
    _said(options, {"refused": why})
    return 1


def _said(options: argparse.Namespace, row: dict[str, Any]) -> None:
    if options.json:
        print(json.dumps(row, ensure_ascii=False))
    else:
        print(" · ".join(f"{key} {value}" for key, value in row.items()))


def _tell(
    options: argparse.Namespace, made: Answer, record: dict[str, Any], account: Account,
    cost: Fraction, *, repeated: bool,
) -> None:  # fmt: skip
    most = account.declared["most"]
    if options.json:
        row = {
            "qinglang": "count", "version": 1, "dataset": options.dataset, "repeated": repeated,
            "at": record["at"], "epsilon": float(cost), "most": most,
            "left": float(account.left), "composed": composed(account.spent),
            **dataclasses.asdict(made),
        }  # fmt: skip
        print(json.dumps(row, ensure_ascii=False))
        return
    for cell in made.cells:
        weak = "（与 0 无法区分 not to be told from 0）" if cell.weak else ""
        print(f"{' · '.join(cell.labels)}: {cell.value}{weak}")
    print(f"合计 total: {made.total}")
    print(
        f"误差：每格 20 次中有 19 次不超过 ±{made.each}；所有格同时不超过 ±{made.all}。"
        f"单个学生最多计 {most} 行，加入或退出对任一结果概率的影响不超过 e^{float(cost):g} 倍。"
    )
    print(
        f"Each cell is within {made.each} of the truth 19 times of 20, all cells together within "
        f"{made.all}. Whether any one person is in the data changes the probability of any answer "
        f"by a factor of e^{float(cost):g} at most."
    )
    said = "已发布过的答案，不另计预算 released before, at no cost" if repeated else "已记账 booked"
    print(f"epsilon {float(cost):g} · {said} · 剩余 left {float(account.left):g}")
