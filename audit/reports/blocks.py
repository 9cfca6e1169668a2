"""What a paged report is made of: headings, paragraphs, tables, charts. Values only.

Chapters are written once as blocks; HTML, DOCX and PDF only draw them, so that the three say
the same. Text in blocks is cleaned already (`audit.reports.clean`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from audit.model import State
from audit.reports.clean import clean
from audit.risk import RiskState


class Tone(StrEnum):
    """How a cell is coloured; the words say the same."""

    PLAIN = "plain"
    GOOD = "good"
    PART = "part"
    BAD = "bad"
    UNSURE = "unsure"
    NONE = "none"


TONES = {
    State.PASS: Tone.GOOD,
    State.PARTIAL: Tone.PART,
    State.FAIL: Tone.BAD,
    State.UNKNOWN: Tone.UNSURE,
    State.NOT_APPLICABLE: Tone.NONE,
}
RISK_TONES = {
    RiskState.TRIGGERED: Tone.BAD,
    RiskState.CANDIDATE: Tone.PART,
    RiskState.UNKNOWN: Tone.UNSURE,
    RiskState.LOWERED: Tone.PART,
    RiskState.CLEAR: Tone.GOOD,
    RiskState.NOT_APPLICABLE: Tone.NONE,
}


class Voice(StrEnum):
    PLAIN = "plain"
    NOTE = "note"  # small, beside the matter
    MARK = "mark"  # what must not be overlooked


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    level: int  # 1 chapter, 2 section, 3 below
    text: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Para:
    text: str
    voice: Voice = Voice.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns have a title and a share of the width. An empty table is drawn as 无."""

    columns: tuple[tuple[str, float], ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    filters: bool = False  # HTML: rows can be chosen by the tone of the row


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing, its words for who cannot see it. The numbers stand in a table beside it."""

    svg: str
    caption: str
    wide: float  # of the page, 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """Lines to be signed and sealed by hand."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A new page."""


type Block = Heading | Para | Table | Chart | Signatures | Break


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report for paper: a cover, then blocks."""

    title: str
    subtitle: str
    mark: str
    label: str
    facts: tuple[tuple[str, str], ...]  # of the cover
    blocks: tuple[Block, ...]


def cell(text: object, tone: Tone = Tone.PLAIN, most: int = 1_200) -> Cell:
    return Cell(text=clean(text, most), tone=tone)


def number(count: int, tone: Tone) -> Cell:
    """A count, coloured where there is something to count."""
    return Cell(text=str(count), tone=tone if count else Tone.PLAIN)


def row(*texts: object) -> tuple[Cell, ...]:
    """Cells of a row; a Cell stays what it is."""
    return tuple(one if isinstance(one, Cell) else cell(one) for one in texts)


def table(
    columns: Iterable[tuple[str, float]],
    rows: Iterable[tuple[Cell, ...]],
    caption: str = "",
    *,
    filters: bool = False,
) -> Table:
    return Table(columns=tuple(columns), rows=tuple(rows), caption=caption, filters=filters)
