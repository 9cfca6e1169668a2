"""How well pages and lines are judged: false blocks, misses, tricks, and what a page costs.

    python bench/recognition.py --corpora DIR [--pages 100] [--write] [--no-whole] [--json FILE]
    python bench/recognition.py --corpora DIR --peer        e2guardian on the same pages

DIR holds `text/*-dev.jsonl.zst`; QINGLANG_CORPORA names it too. The shipped model is measured
on rows that chose none of its numbers; where it has learnt a corpus (encyclopedia, statutes)
a model of the same recipe without those rows answers. The whole-set model is always judged
on rows unseen (three folds by key). Rows are named by digests; their words are not printed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.intervals import upper
from bench.recognition_pages import (
    BENIGN,
    BOOKS,
    HARMFUL,
    LEARNT,
    OWN,
    Sheet,
    Trick,
    composed,
    single,
)
from bench.recognition_read import read
from bench.recognition_report import report
from bench.words import Words, load_curves, write
from bench.words import shipped as lexicons
from rules.model import Layer
from rules.recognise.fusion import fuse
from rules.recognise.fusion import shipped as shipped_fusion
from rules.recognise.model import Model
from rules.recognise.normal import normalise
from rules.sources import load_categories
from rules.training import run as training
from rules.training.build import ABUSE, Plan, english, parted
from rules.training.build import BENIGN as BENIGN_LABEL
from rules.training.corpora import Row, digest

ROOT = Path(__file__).resolve().parent.parent
CERTAIN = 0.96
FOLDS = 3
SEED = 20261123


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one system said of one sheet."""

    id: str
    group: str
    certainty: float  # of the surest class that may block
    surest: str

    @property
    def blocked(self) -> bool:
        return self.certainty >= CERTAIN


Judge = Callable[[str, str], tuple[float, str]]  # (title, text) → surest probability and class


@dataclass(slots=True)
class Table:
    """group → answers, for one system and one kind of sheet."""

    system: str
    kind: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)

    def counts(self) -> Mapping[str, tuple[int, int]]:
        return {
            group: (sum(one.blocked for one in many), len(many))
            for group, many in self.answers.items()
        }


def judged_by(model: Model, budget: int | None = None) -> Judge:
    """A model as a judge: the surest class that may decide."""

    def judge(title: str, text: str) -> tuple[float, str]:
        found = model.probabilities(normalise(text), title=normalise(title), budget=budget)
        best = max((name for name in found if name != ABUSE), key=lambda name: found[name])
        return found[best], best

    return judge


def hard_rows() -> tuple[Row, ...]:
    """Harmless texts of ours, full of the words of harm; no model learns them."""
    path = Path(__file__).with_name("hard_benign.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(
        Row(id=digest(line), text=line, label=BENIGN_LABEL, corpus="hard")
        for line in lines
        if line and not line.startswith("# ")
    )


def phrases() -> Words:
    """Our lexicons, compiled as a build does."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), lexicons(), load_curves())
        return Words.open(Path(folder))


def fused_by(model: Model, words: Words) -> Judge:
    """Phrases and model together: the surest category of the harmful layer."""
    harmful = {name for name, one in load_categories().items() if one.layer is Layer.HARMFUL}
    fusion = shipped_fusion()

    def judge(title: str, text: str) -> tuple[float, str]:
        whole = f"{title}\n{text}"
        signals = [*words.find(whole).signals(), *model.judge(normalise(whole), place="")]
        found = [
            one for one in fuse(signals, ("words", "model"), fusion) if one.category in harmful
        ]
        return (found[0].confidence, found[0].category) if found else (0.0, "")

    return judge


def english_rows(texts: Path) -> tuple[Row, ...]:
    """Our own English texts, each judged by a model that has not learnt it."""
    return tuple(
        Row(id=digest(text), text=text, label=one.label, corpus=OWN)
        for one in training.own(texts, SEED)
        if english(one)
        for text in one.texts
    )


def folds(rows: Sequence[Row], *, whole: bool, texts: Path) -> list[Model]:
    """One model per fold that has not seen the fold's rows."""
    mine = training.own(texts, SEED)
    made = []
    for fold in range(FOLDS):
        seen = [
            row for row in rows if row.part % FOLDS != fold or not (whole or row.corpus in BOOKS)
        ]
        ours, _ = parted(mine, lambda part, fold=fold: part % FOLDS == fold)
        made.append(training.train(ours, seen, Plan(seed=SEED), whole=whole)[1])
    return made


def tables(
    system: str,
    rows: Sequence[Row],
    judges: Callable[[int, str], Judge],
    pages: int,
    tricks: Sequence[Trick],
) -> list[Table]:
    """Lines, pages, pages in GB18030, pages with tricks: each fold by its own judge."""
    found = {kind: Table(system=system, kind=kind) for kind in ("lines", "pages", "gb18030")}
    if tricks:
        found["tricks"] = Table(system=system, kind="tricks")
        found["tricked lines"] = Table(system=system, kind="tricked lines")
    for fold in range(FOLDS):
        mine = [row for row in rows if row.part % FOLDS == fold]
        chance = Random(f"{SEED}:{fold}")
        for sheet in single(mine):
            ask(found["lines"], sheet, judges, fold)
            if tricks and sheet.group in HARMFUL:
                tricked = sheet.tricked(chance.choice(tricks), chance)
                ask(found["tricked lines"], tricked, judges, fold)
        for sheet in composed(mine, pages // FOLDS + 1, SEED + fold):
            ask(found["pages"], through(sheet, "utf-8"), judges, fold)
            ask(found["gb18030"], through(sheet, "gb18030"), judges, fold)
            if tricks and sheet.group in HARMFUL:
                tricked = sheet.tricked(chance.choice(tricks), chance)
                ask(found["tricks"], through(tricked, "utf-8"), judges, fold)
    return list(found.values())


def ask(table: Table, sheet: Sheet, judges: Callable[[int, str], Judge], fold: int) -> None:
    corpus = sheet.group
    certainty, surest = judges(fold, corpus)(sheet.paper.title, sheet.paper.text)
    answer = Answer(id=sheet.id, group=sheet.group, certainty=certainty, surest=surest)
    table.answers.setdefault(sheet.group, []).append(answer)


def through(sheet: Sheet, charset: str) -> Sheet:
    """The sheet after its bytes were sent in a charset and read again."""
    return Sheet(id=sheet.id, group=sheet.group, paper=read(sheet.html(charset), charset))


def tricks_here() -> list[Trick]:
    """The evasions of bench/tricks.py, where it is there."""
    try:
        from bench import tricks
    except ImportError:
        return []
    return list(tricks.TRICKS.values())


def speed(model: Model) -> dict[str, float]:
    """Microseconds of one judgement, normalised text given: the median of many."""
    text = "今天的数学课讲了二次函数，同学们分组讨论了三道题，下课后又去操场打了一会儿篮球。" * 500
    found = {}
    for name, size, budget in (
        ("a 40-character line", 40, 0),
        ("2,000 characters", 2000, 0),
        ("17,000 characters at a budget of 2,000", 17000, 2000),
        ("17,000 characters at the default budget of 6,000", 17000, 6000),
        ("17,000 characters, unlimited", 17000, 0),
    ):
        times = []
        for _ in range(60):
            begun = time.perf_counter()
            model.judge(text[:size], budget=budget)
            times.append(time.perf_counter() - begun)
        found[name] = round(median(times) * 1e6, 1)
    return found


def long_pages(rows: Sequence[Row], model: Model, count: int) -> list[Table]:
    """A harmful block within a harmless page of 6,000 to 15,000 characters, by budget."""
    from rules.training.pages import pages

    lines = {
        name: [row.text for row in rows if name in (row.corpus, row.label)]
        for name in ("news", "weibo", "porn", "gambling")
    }
    found = []
    for name, budget in (("2,000", 2000), ("6,000", 6000), ("unlimited", 0)):
        table = Table(system=f"shipped, {name}", kind="long pages")
        judge = judged_by(model, budget)
        for around in ("news", "weibo"):
            for group in ("", "porn", "gambling"):
                chance = Random(f"{SEED}:{around}:{group}")
                papers = pages(lines[around], count, chance, low=6000, high=15000)
                for number, paper in enumerate(papers):
                    parts = list(paper.lines)
                    if group:
                        block = next(iter(pages(lines[group], 1, chance)))
                        at = chance.randrange(len(parts))
                        parts[at:at] = block.lines
                    label = f"{group or 'nothing'} in {around}"
                    certainty, surest = judge(paper.title, "\n".join(parts))
                    answer = Answer(
                        id=f"{label}-{number}", group=label, certainty=certainty, surest=surest
                    )
                    table.answers.setdefault(label, []).append(answer)
        found.append(table)
    return found


def worst(found: Iterable[Table]) -> list[dict[str, Any]]:
    """The surest false blocks and the least sure misses, by digest."""
    listed = []
    for table in found:
        if table.kind not in ("lines", "pages"):
            continue
        for group, many in table.answers.items():
            if group in BENIGN:
                chosen = sorted((one for one in many if one.blocked), key=lambda a: -a.certainty)
            elif group != ABUSE:
                chosen = sorted((one for one in many if not one.blocked), key=lambda a: a.certainty)
            else:
                continue
            listed.append(
                {
                    "system": table.system,
                    "kind": table.kind,
                    "group": group,
                    "count": len(chosen),
                    "worst": [
                        {"id": one.id, "as": one.surest, "certainty": round(one.certainty, 3)}
                        for one in chosen[:5]
                    ],
                }
            )
    return listed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, default=os.environ.get("QINGLANG_CORPORA") or None)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--write", action="store_true", help="write docs/accuracy.md")
    parser.add_argument("--no-whole", action="store_true", help="leave the whole-set model out")
    parser.add_argument("--peer", action="store_true", help="e2guardian on the same pages")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.corpora is None:
        parser.error("--corpora DIR or QINGLANG_CORPORA is needed: the corpora are not shipped")
    known = training.corpus_rows(Path(args.corpora) / "text")
    shipped = Model.open(ROOT / "rules" / "models" / "text")
    texts = ROOT / "rules" / "training"
    rows = (*known, *english_rows(texts), *hard_rows())
    tested = [
        row for row in rows if row.corpus in (*BOOKS, OWN, "hard") or row.part >= training.TUNING
    ]
    learnt = folds(known, whole=False, texts=texts)
    books = [judged_by(model) for model in learnt]
    own = judged_by(shipped)
    found = tables(
        "shipped",
        tested,
        lambda fold, corpus: books[fold] if corpus in LEARNT else own,
        args.pages,
        tricks_here(),
    )
    words = phrases()
    books = [fused_by(model, words) for model in learnt]
    joined = fused_by(shipped, words)
    found += tables(
        "with phrases",
        tested,
        lambda fold, corpus: books[fold] if corpus in LEARNT else joined,
        args.pages,
        tricks_here(),
    )
    if not args.no_whole:
        whole = [judged_by(model) for model in folds(known, whole=True, texts=texts)]
        found += tables("whole", rows, lambda fold, _: whole[fold], args.pages, tricks_here())
    found += long_pages(tested, shipped, 60)
    result = {
        "tables": [
            {"system": one.system, "kind": one.kind, "counts": one.counts()} for one in found
        ],
        "worst": worst(found),
        "speed": speed(shipped),
        "card": {"id": shipped.card.id, "made": shipped.card.made, "sha256": shipped.card.sha256},
        "rows": len(rows),
    }
    if args.peer:
        from bench.recognition_peer import compare

        result["peer"] = compare(tested, args.pages)
    text = report(result, upper)
    print(text)
    if args.json:
        args.json.write_text(json.dumps(result, ensure_ascii=False, indent=1))
    if args.write:
        (ROOT / "docs" / "accuracy.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
