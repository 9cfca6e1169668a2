"""Answering an appeal: the decision tried under the policies before it is written down.

A grant becomes an Order and a case that demands the site be let through; if a locked
clause would decide anyway the grant is refused, for it would be an empty promise. A
denial becomes a case that demands the site stays as it was. This module is a door: it
reads the policy files and appends to the case file; moments and ids are parameters.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gateway.node import Node
from gateway.override import admit
from gateway.page.appeal import Appeal
from policies.answers import FILE, HEAD, Answers, AppealAnswer, line, try_answers
from policies.compile import Snapshot, compile_policies
from policies.load import CASES, load_policies
from policies.model import Action, Office, Order, Role, Subject
from policies.moment import SHANGHAI
from policies.policy import At, Case
from rules.hosts import canonical
from rules.load import DataError, Problem, WorldError, loads, read_text
from rules.model import Basis, Status
from rules.sources import load_categories

DAYS = 180  # how long a grant lasts unless somebody says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided, as typed."""

    granted: bool
    issuer: str
    reason: str
    scope: str = "school"  # school · group · district
    host: str = ""  # another host than the appealed one, e.g. the site's main name
    days: int = DAYS
    office: Office = Office.SCHOOL
    approvals: tuple[str, ...] = ()


def decide_appeal(node: Node, appeal: Appeal, made: Decision, *, now: float) -> AppealAnswer:
    """The answer with its case and, for a grant, its Order. Raises DataError or ValueError."""
    if not made.reason.strip() or not made.issuer.strip():
        raise ValueError("--issuer 与 --reason 不能为空 / who decides, and why?")
    if not 0 < made.days <= 3660:
        raise ValueError("--days 应为 1 至 3660 / must be 1 to 3660")
    order = _order(appeal, made, now) if made.granted else None
    problems = admit(node, order) if order is not None else []
    if problems:
        raise DataError(problems)
    answer = AppealAnswer(
        code=appeal.code,
        decided=_at(now),
        granted=made.granted,
        issuer=made.issuer.strip(),
        reason=made.reason.strip(),
        case=_case(appeal, order, now),
        order=order,
    )
    return _tried(_snapshot(node), answer)


def _order(appeal: Appeal, made: Decision, now: float) -> Order:
    start = float(int(now))
    return Order(
        id=f"appeal-{appeal.code.lower()}-{int(now)}",
        action=Action.ALLOW,
        basis=Basis(source="申诉复核", clause=appeal.code, status=Status.CONFIRMED),
        issuer=made.issuer.strip(),
        hosts=(canonical(made.host or appeal.host),),
        school="" if made.scope == "district" else appeal.school,
        group=appeal.group if made.scope == "group" else "",
        approvals=made.approvals,
        starts=start,
        expires=start + made.days * 86_400,
        note=made.reason.strip(),
        office=made.office,
    )


def _case(appeal: Appeal, order: Order | None, now: float) -> Case:
    subject = Subject(
        school=appeal.school,
        stage=appeal.stage,
        tier=appeal.tier,
        role=Role(appeal.role or Role.PUPIL),
        group=appeal.group,
    )
    known = {"title": f"申诉 {appeal.code}", "subject": subject, "url": f"http://{appeal.host}/"}
    if order is not None:
        return Case(
            **known,  # type: ignore[arg-type]
            expect=Action.ALLOW,
            at=_at(now),
            categories=appeal.categories,
            clause=f"order/{order.id}",
        )
    return Case(
        **known,  # type: ignore[arg-type]
        expect=Action(appeal.action or Action.BLOCK),
        at=_at(appeal.at),
        categories=appeal.categories,
        clause=appeal.clause,
    )


def _tried(snapshot: Snapshot, answer: AppealAnswer) -> AppealAnswer:
    """The answer if its case holds; a denial may hold by another clause than at the time."""
    for clause in dict.fromkeys((answer.case.clause, "")):
        made = replace(answer, case=replace(answer.case, clause=clause))
        (tried,) = try_answers([made], snapshot)
        if not tried.outcome.wrong:
            return made
        if answer.granted:
            break
    verdict = tried.outcome.verdict
    deciding = verdict.clause if verdict is not None else "?"
    remedy = (
        "有害类别等锁定条款不能用申诉放开；名单有误请改名单 / what is locked is not opened by "
        "an appeal; a wrong entry is mended in its list"
        if answer.granted
        else "这个网站现在已不再受限，可以直接告诉对方 / the site is no longer restricted"
    )
    raise DataError(
        [
            Problem(
                file=f"appeal {answer.code}",
                line=1,
                column=1,
                message=f"the decision would not hold: {deciding} decides",
                remedy=remedy,
            )
        ]
    )


def _snapshot(node: Node) -> Snapshot:
    categories = tuple(load_categories(node.rules).values())
    return compile_policies(load_policies(node.policy), categories=categories, rulebase="")


def case_file(folders: Sequence[Path]) -> Path:
    """Where answers are appended: the last policy folder. Raises ValueError without one."""
    if not folders:
        raise ValueError(
            "没有本区的策略目录：用 --policy DIR 给出 / no policy folder of your own: give --policy"
        )
    return folders[-1] / CASES / FILE


def append_case(path: Path, answer: AppealAnswer) -> None:
    """Append one line, in one step; a file that does not read is left alone (DataError).

    The folder is held meanwhile: of two people answering at once, both lines stand.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise WorldError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        _append(path, answer)
    except OSError as error:
        raise WorldError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        os.close(folder)


def _append(path: Path, answer: AppealAnswer) -> None:
    before = read_text(path) if path.exists() else HEAD
    if not before.endswith("\n"):
        before += "\n"
    text = before + line(answer)
    loads(Answers, text, str(path))
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(fresh, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _at(timestamp: float) -> At:
    return At(datetime.fromtimestamp(int(timestamp), SHANGHAI).replace(tzinfo=None).isoformat())
