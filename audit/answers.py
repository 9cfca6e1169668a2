"""What people answered, as files: `answers/*.yaml`, read with errors by line, written whole.

One file holds the answers of one unit about one system (a returned questionnaire, an interview).
Only what was answered stands in it: a question that is left out stays unknown. Values and text;
the only world here is the file that is read. How an answer closes an item: audit/items.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from audit.catalog import Catalog
from audit.items import Answer
from audit.model import State, Target
from rules.load import DataError, Problem, loads, read_text

ZONE = ZoneInfo("Asia/Shanghai")
STATES = (State.PASS, State.PARTIAL, State.FAIL, State.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One answer as it stands in a file. Not applicable takes a reason and an approver."""

    control: str
    target: str = ""
    state: State
    by: str
    dated: str  # ISO date
    reason: str = ""
    approver: str = ""
    evidence: tuple[str, ...] = ()  # files or numbers of records, as written

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError("未知的不写入，留空即可 / leave out what is unknown")
        if not self.by.strip():
            raise ValueError("缺少填写人 / who answered is missing (`by`)")
        if self.state is State.NOT_APPLICABLE and not (
            self.reason.strip() and self.approver.strip()
        ):
            raise ValueError(
                "不适用须写明理由和批准人 / not applicable takes a reason and an approver"
            )
        try:
            date.fromisoformat(self.dated)
        except ValueError:
            raise ValueError(
                f"日期 `{self.dated[:40]}` 不对，写作 2026-09-01 / is no date: write 2026-09-01"
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One file: who answered about which system, by which catalog, from what."""

    id: str
    organisation: str = ""
    system: str = ""
    level: int = 3
    catalog: str = ""  # digest of the catalog that was asked by
    source: str = ""  # the questionnaire it came from, with its digest
    answers: tuple[Recorded, ...] = ()


def load_answers(path: Path, catalog: Catalog | None = None) -> tuple[Answers, ...]:
    """A file, or every `*.yaml` of a folder. Raises one DataError with every problem."""
    paths = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    found: list[Answers] = []
    problems: list[Problem] = []
    if not paths:
        message = "目录中没有答复文件 / no answers in this folder"
        problems.append(Problem(file=str(path), line=1, column=1, message=message))
    for one in paths:
        try:
            text = read_text(one)
            file = loads(Answers, text, str(one))
        except DataError as error:
            problems += error.problems
            continue
        problems += faults(file, str(one), text, catalog)
        found.append(file)
    if problems:
        raise DataError(problems)
    return tuple(found)


def faults(file: Answers, name: str, text: str, catalog: Catalog | None) -> list[Problem]:
    """Controls that the catalog does not have, and answers given twice."""
    lines = text.splitlines()
    seen: set[tuple[str, str]] = set()
    found = []
    for one in file.answers:
        wrong = ""
        if catalog is not None and catalog.get(one.control) is None:
            wrong = f"目录中没有 `{one.control}` / the catalog holds no such control"
        elif (one.control, one.target) in seen:
            wrong = f"`{one.control}` 答复了两次 / is answered twice"
        seen.add((one.control, one.target))
        if wrong:
            word = re.compile(re.escape(one.control) + r"(?![\w.])")
            places = [n for n, line in enumerate(lines, 1) if word.search(line)]
            line = (places[-1] if "twice" in wrong else places[0]) if places else 1
            found.append(Problem(file=name, line=line, column=1, message=wrong))
    return found


def written(file: Answers) -> str:
    """The file as YAML text, the same for the same answers."""
    head = {
        one.name: getattr(file, one.name)
        for one in fields(file)
        if one.name != "answers" and getattr(file, one.name) != ""
    }
    return yaml.safe_dump(
        {**head, "answers": [_plain(one) for one in file.answers]},
        allow_unicode=True,
        sort_keys=False,
        width=120,
    )


def _plain(one: Recorded) -> dict[str, Any]:
    said = {name: value for name, value in asdict(one).items() if value not in ("", ())}
    said["state"] = one.state.value
    if one.evidence:
        said["evidence"] = list(one.evidence)
    return said


def spoken(files: Iterable[Answers], targets: Iterable[Target]) -> tuple[Answer, ...]:
    """The answers that concern these targets. Raises DataError for a system that is not there.

    An answer without a target holds for all targets of its file's system: where the run has
    targets of other systems too, it is given to its own one by one.
    """
    chosen = tuple(targets)
    found: list[Answer] = []
    problems = []
    for file in files:
        own = [one.id for one in chosen if not file.system or one.system in ("", file.system)]
        if chosen and not own:
            message = (
                f"定级对象 `{file.system}` 不在本次检查中 / "
                f"these are answers about `{file.system}`, and no target of it is here"
            )
            problems.append(Problem(file=file.id, line=1, column=1, message=message))
        alone = len(own) == len(chosen)
        for one in file.answers:
            places = [one.target] if one.target or alone else own
            found += [_answer(file, one, place) for place in places]
    if problems:
        raise DataError(problems)
    return tuple(found)


def _answer(file: Answers, one: Recorded, target: str) -> Answer:
    day = date.fromisoformat(one.dated)
    return Answer(
        id=f"{file.id}:{one.control}" + (f"@{target}" if target else ""),
        control=one.control,
        target=target,
        state=one.state,
        by=one.by,
        reason=one.reason,
        dated=datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp(),
        approver=one.approver,
        evidence=one.evidence,
    )
