"""One filled-in row: from what stands in its cells to an answer, or to what is wrong, by cell.

The same for a workbook and for CSV. Nothing is guessed: a word that is not one of the four, a
date that came as a bare number, a formula (it is never evaluated) are problems with their place;
an empty result is unknown. Pure; `today` comes in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from audit.answers import Recorded
from audit.catalog import Catalog
from audit.model import State
from audit.questionnaire.model import COLUMNS, WORDS, Header, Returned, mark
from rules.load import Problem

MAX_TEXT = 4000  # characters of one cell
FILLED = tuple(one.name for one in COLUMNS if one.filled)
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A cell that holds a formula: not a value, whatever it would come to."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The cells of one row, as they stand, and how to name a cell of it."""

    cells: Mapping[str, Any]
    place: Callable[[str], str]


def returned(
    header: Header,
    entries: Iterable[Entry],
    catalog: Catalog,
    today: date,
    expected: Iterable[str] = (),
) -> Returned:
    """All rows of a questionnaire. `expected` are the keys it was sent with."""
    answers: dict[str, Recorded] = {}
    seen: dict[str, str] = {}
    open_: list[str] = []
    problems: list[Problem] = []
    notices: list[str] = []
    for entry in entries:
        key = plain(entry.cells.get("key"))
        wrong = list(_key_faults(key, entry, catalog))
        if key in seen:
            wrong.append(("key", f"与 {seen[key]} 重复 / stands twice, first at {seen[key]}", ""))
        seen.setdefault(key, entry.place("result"))
        if wrong:
            problems += [_problem(entry, *one) for one in wrong]
            continue
        answer, faults = read(key, entry, today)
        problems += [_problem(entry, *one) for one in faults]
        if answer is not None:
            answers[key] = answer
            if answer.state is State.PASS and not answer.evidence:
                notices.append(
                    f"{entry.place('evidence')}: 判为符合但未写证据 / met, and no evidence named"
                )
        else:
            open_.append(key)
    for key in dict.fromkeys(expected):
        if key not in seen:
            open_.append(key)
            message = f"{header.id}: 缺少 `{key}` 一行 / the row of `{key}` is gone"
            problems.append(Problem(file=header.id, line=1, column=1, message=message))
    return Returned(
        header=header,
        answers=tuple(answers.values()),
        open=tuple(open_),
        problems=tuple(problems),
        notices=tuple(notices),
    )


type _Fault = tuple[str, str, str]


def _key_faults(key: str, entry: Entry, catalog: Catalog) -> Iterable[_Fault]:
    control = catalog.get(key)
    if control is None:
        yield "key", f"隐藏的编号 `{key[:60]}` 被改过 / the hidden key was changed", "用原表重填"
        return
    shown = plain(entry.cells.get("clause"))
    if shown != control.clause:
        yield (
            "clause",
            f"条款 `{shown[:40]}` 与编号 `{control.clause}` 不一致 / clause and key differ",
            "不要移动单元格；整行复制或用原表 / do not move cells",
        )
    if plain(entry.cells.get("mark")) != mark(control):
        yield (
            "text",
            "问卷发出后该条表述已改 / the wording was changed since this was sent",
            "重新导出本条 / export it again",
        )


def read(key: str, entry: Entry, today: date) -> tuple[Recorded | None, tuple[_Fault, ...]]:
    """The answer of a row; None with no faults: not answered."""
    faults: list[_Fault] = []
    said: dict[str, str] = {}
    for name in FILLED:
        value = entry.cells.get(name)
        if isinstance(value, Formula):
            faults.append(
                (name, "是公式，不予计算 / a formula is not evaluated", "粘贴为值 / paste values")
            )
        elif name != "date":
            said[name] = plain(value)
            if len(said[name]) > MAX_TEXT:
                faults.append((name, f"超过 {MAX_TEXT} 字 / is too long", ""))
    if faults:
        return None, tuple(faults)
    word = "".join(said["result"].split())
    if not word:
        stray = [name for name in ("approver", "evidence") if said[name]]
        if stray:
            faults.append(("result", "填了内容但没有结果 / filled in, but no result", "选一个结果"))
        return None, tuple(faults)
    if word not in WORDS:
        faults.append(
            ("result", f"`{word[:30]}` 不是可选的结果 / no such result", "、".join(WORDS))
        )
    if not said["by"]:
        faults.append(("by", "缺少填写人 / who answered is missing", ""))
    if word == "不适用" and not said["reason"]:
        faults.append(("reason", "不适用须写理由 / not applicable takes a reason", ""))
    if word == "不适用" and not said["approver"]:
        faults.append(("approver", "不适用须有批准人 / not applicable takes an approver", ""))
    try:
        dated = day(entry.cells.get("date"), today)
    except ValueError as error:
        faults.append(("date", str(error), "写作 2026-09-01 / write 2026-09-01"))
    if faults:
        return None, tuple(faults)
    return Recorded(
        control=key,
        state=WORDS[word],
        by=said["by"],
        dated=dated.isoformat(),
        reason=said["reason"],
        approver=said["approver"],
        evidence=tuple(one.strip() for one in said["evidence"].splitlines() if one.strip()),
    ), ()


def day(value: Any, today: date) -> date:
    """A date cell. Raises ValueError: a bare number is no date, and none lies in the future."""
    if isinstance(value, datetime):
        found = value.date()
    elif isinstance(value, date):
        found = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"`{value}` 是数字，不是日期 / a number, not a date")
    else:
        text = plain(value)
        if not text:
            raise ValueError("缺少日期 / the date is missing")
        found = _written(text)
    if found > today:
        raise ValueError(f"{found} 在今天之后 / lies in the future")
    if found.year < 2000:
        raise ValueError(f"{found} 太早 / is too early")
    return found


def _written(text: str) -> date:
    for form in _DATES:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError(f"`{text[:30]}` 不是日期 / is no date")


def plain(value: Any) -> str:
    """The text of a cell: half-width forms, no blanks around it, no control characters."""
    if value is None:
        return ""
    text = unicodedata.normalize("NFKC", str(value)) if _wide(value) else str(value)
    return "".join(one for one in text if one in "\n\t" or ord(one) >= 32).strip()


def _wide(value: Any) -> bool:
    """Short words and dates are compared; long remarks keep their own punctuation."""
    return isinstance(value, str) and len(value) <= 24


def _problem(entry: Entry, name: str, message: str, remedy: str) -> Problem:
    place = entry.place(name)
    return Problem(file=place, line=1, column=1, message=message, remedy=remedy)
