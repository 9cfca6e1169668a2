"""The nouns of a questionnaire: which items are asked of whom, and the words of the form.

A Questionnaire is made from the catalog and can be made again from its own header: the rows are
keyed by control id, and each carries a mark of the wording that was asked, so that an answer to
an older wording is noticed. Pure; the forms are audit/questionnaire/workbook.py and table.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audit.answers import Recorded
from audit.catalog import Catalog
from audit.model import Ask, Control, Part, State
from rules.load import Problem

STANDARD = "GBT22239-2019"
WORDS: Mapping[str, State] = {
    "符合": State.PASS,
    "部分符合": State.PARTIAL,
    "不符合": State.FAIL,
    "不适用": State.NOT_APPLICABLE,
}
"""The drop-down. An empty cell is unknown; there is no word for it."""
ASKS = {Ask.INTERVIEW: "访谈", Ask.DOCUMENT: "查文档", Ask.OBSERVE: "看现场", Ask.TEST: "测试"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the form."""

    name: str
    title: str
    width: float
    filled: bool = False  # by the one who answers
    hidden: bool = False


COLUMNS = (
    Column(name="key", title="key", width=4, hidden=True),
    Column(name="mark", title="mark", width=4, hidden=True),
    Column(name="clause", title="条款\nClause", width=13),
    Column(name="point", title="控制点\nControl point", width=14),
    Column(name="text", title="要求（自拟表述）\nWhat is asked", width=38),
    Column(name="questions", title="怎么查\nHow to find out", width=34),
    Column(name="wanted", title="需要的证据\nEvidence wanted", width=20),
    Column(name="result", title="结果\nResult", width=10, filled=True),
    Column(name="reason", title="说明；不适用的理由\nRemarks, reason", width=28, filled=True),
    Column(name="approver", title="不适用批准人\nApprover (N/A)", width=12, filled=True),
    Column(name="evidence", title="证据文件\nEvidence file", width=18, filled=True),
    Column(name="by", title="填写人\nAnswered by", width=10, filled=True),
    Column(name="date", title="日期\nDate", width=12, filled=True),
)
PLACE = {one.name: number for number, one in enumerate(COLUMNS, 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One item that is asked."""

    key: str  # the control's id
    mark: str  # of the wording
    clause: str
    point: str
    sheet: str
    text: str
    questions: str
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Whose questionnaire it is, by which catalog, until when."""

    id: str
    organisation: str = ""
    organisation_name: str = ""
    system: str = ""
    system_name: str = ""
    level: int = 3
    catalog: str = ""
    issued: str = ""
    due: str = ""
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    header: Header
    rows: tuple[Row, ...]

    @property
    def sheets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.sheet for one in self.rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What came back: answers, what is still open, and everything that is wrong by cell."""

    header: Header
    answers: tuple[Recorded, ...] = ()
    open: tuple[str, ...] = ()  # control ids without an answer
    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.open and not self.problems


def made(header: Header, controls: Iterable[Control]) -> Questionnaire:
    """The questionnaire of these controls; its header says how many."""
    rows = tuple(row(one) for one in controls)
    return Questionnaire(
        header=Header(
            **{name: getattr(header, name) for name in header.__slots__ if name != "rows"},
            rows=len(rows),
        ),
        rows=rows,
    )


def row(control: Control) -> Row:
    """A control as it is asked."""
    asked = [f"【{ASKS[one.ask]}】{one.text.zh}" for one in control.questions]
    wanted = [one.evidence.zh for one in control.questions if one.evidence is not None]
    return Row(
        key=control.id,
        mark=mark(control),
        clause=control.clause,
        point=control.point_title.zh,
        sheet=sheet(control),
        text=control.text.zh,
        questions="\n".join(asked),
        wanted="\n".join(dict.fromkeys(wanted)),
    )


def mark(control: Control) -> str:
    """Of the wording that was asked: twelve characters that change with it."""
    return hashlib.sha256(f"{control.id}\0{control.text.zh}".encode()).hexdigest()[:12]


def sheet(control: Control) -> str:
    """The sheet of a control: its section's number and title, as a sheet may be called."""
    number = ".".join(control.point.split(".")[:3])
    return f"{number} {control.section.zh}"[:31]


def wanted(
    catalog: Catalog,
    *,
    level: int,
    parts: Iterable[Part] = (Part.GENERAL,),
    only: Iterable[str] | None = None,
) -> tuple[Control, ...]:
    """The controls of a level and its parts; `only` these ids, where it is given."""
    chosen = None if only is None else frozenset(only)
    return tuple(
        one
        for part in parts
        for one in catalog.select(standard=STANDARD, level=level, part=part)
        if chosen is None or one.id in chosen
    )
