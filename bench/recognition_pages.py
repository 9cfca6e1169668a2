"""What recognition is measured on: rows of the development corpora as lines and as pages.

A page is simple HTML (title, heading, one paragraph a line) of lines of one label, in
UTF-8 or GB18030; encyclopedia and statutes make one page a row. Rows are named by digests:
their words are never printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from random import Random

from rules.training.corpora import Row
from rules.training.pages import Paper, pages

HARMFUL = ("porn", "gambling", "fraud", "ads", "abuse", "porn-en", "gambling-en")
BENIGN = ("wiki", "law", "news", "weibo", "tidy", "hard", "english")
OWN = "own"  # our own English texts: the only ones there are
LEARNT = ("wiki", "law", "porn-en", "gambling-en", "english")  # groups the shipped model knows
BOOKS = ("wiki", "law")
Trick = Callable[[str, Random], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One thing to judge: its group, the digests of its rows, title and lines."""

    id: str
    group: str
    paper: Paper

    def html(self, charset: str) -> bytes:
        """The page as a server sends it."""
        body = "".join(f"<p>{escape(line)}</p>\n" for line in self.paper.lines)
        title = escape(self.paper.title)
        text = (
            f'<!doctype html><html lang="zh-CN"><head><meta charset="{charset}">'
            f"<title>{title}</title></head>\n<body><h1>{title}</h1>\n{body}</body></html>\n"
        )
        return text.encode(charset, "replace")

    def tricked(self, trick: Trick, chance: Random) -> Sheet:
        """The same with every line evading."""
        lines = tuple(trick(line, chance) for line in self.paper.lines)
        return Sheet(id=self.id, group=self.group, paper=Paper(title=lines[0][:40], lines=lines))


def group(row: Row) -> str:
    """The table row a text belongs to."""
    if row.corpus == OWN:
        return "english" if row.label == "benign" else row.label
    if row.corpus == "harm":
        return "tidy" if row.label == "benign" else row.label
    return row.corpus


def single(rows: Sequence[Row]) -> Iterator[Sheet]:
    """Every row by itself, without a title."""
    for row in rows:
        paper = Paper(title="", lines=tuple(row.text.split("\n")))
        yield Sheet(id=row.id, group=group(row), paper=paper)


def composed(rows: Sequence[Row], count: int, seed: int) -> Iterator[Sheet]:
    """`count` pages of each group that has lines; one page a row of those that are books."""
    by: dict[str, list[Row]] = {}
    for row in rows:
        by.setdefault(group(row), []).append(row)
    for name, many in by.items():
        if name in BOOKS:
            for row in many:
                lines = tuple(row.text.split("\n"))
                yield Sheet(id=row.id, group=name, paper=Paper(title=lines[0][:40], lines=lines))
            continue
        chance = Random(f"{seed}:{name}")
        for number, paper in enumerate(pages([row.text for row in many], count, chance)):
            yield Sheet(id=f"{name}-{seed}-{number}", group=name, paper=paper)
