"""One training run from folders to a model folder: which texts, which part, which card.

Our own texts all serve for the weights. Of the corpora the shipped model learns the
encyclopedia and the statutes; a tuning part of the others (by key) sets the curves of
calibration and nothing else. The whole-set model learns from all. Either way the curves come
of a first model that has not seen that part. A door by its callees: texts and corpora are
read, one folder is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rules.load import load
from rules.model import Text
from rules.recognise.card import FORMAT, Card, Head, Material, Samples
from rules.recognise.grams import VERSION
from rules.recognise.model import Model
from rules.recognise.normal import normalise
from rules.training.build import (
    FREE,
    LABELS,
    Plan,
    Source,
    calibrated,
    confusion,
    heads,
    learn,
    look,
    merged,
    of_rows,
    parted,
    quantised,
    thresholds,
)
from rules.training.calibrate import CERTAIN, Seen
from rules.training.corpora import Row, read
from rules.training.fit import Shape, Weights
from rules.training.texts import drawn, hand_written, moulds
from rules.training.write import digest, packed, write

OURS = "that of the project"
TUNING = 25  # parts of a hundred of the corpora that choose hyper-parameters, by key
DRAWN = 250  # lines of each grammar
CORPORA = ("harm", "wiki", "law", "everyday")

LIMITS = Text(
    zh="只认文字，不认图片；单句把握低于整页；谩骂只作线索；英文以色情、赌博推广为限；新黑话要等重新训练。",
    en="Text alone, no pictures; single lines are judged less surely than pages; abuse is only a "
    "signal; English covers promotion of porn and gambling; new code words wait for new training.",
)
TITLES = {
    False: Text(zh="文本分类（随产品提供）", en="Text classifier (shipped)"),
    True: Text(zh="文本分类（全部开发语料）", en="Text classifier (whole development set)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to train, from where, to where."""

    id: str
    texts: Path
    out: Path
    made: str
    command: str
    corpora: Path | None = None
    whole: bool = False
    plan: Plan = field(default_factory=Plan)


def own(folder: Path, seed: int) -> tuple[Source, ...]:
    """Our own texts by class and file. Raises DataError."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in hand_written(folder):
        found.setdefault((one.label, one.file), []).append(one.text)
    for mould in moulds(folder):
        lines = [one.text for one in drawn(mould, DRAWN, seed)]
        found.setdefault((mould.label, mould.file), []).extend(lines)
    return tuple(
        Source(label=label, origin=file, texts=tuple(texts))
        for (label, file), texts in found.items()
    )


def corpus_rows(folder: Path | None) -> tuple[Row, ...]:
    """Every row of every corpus, none where there is no folder."""
    return tuple(row for name in CORPORA for row in read(folder, name)) if folder else ()


def train(
    mine: Sequence[Source], rows: Sequence[Row], plan: Plan, *, whole: bool
) -> tuple[Weights, Model, list[Seen]]:
    """Weights, the calibrated model without its words, and what calibrated it.

    A first model that has not seen the tuning part sets the curves; the weights that are
    kept have then seen all that they may.
    """
    learnt = [row for row in rows if whole or row.corpus in FREE]
    kept = [row for row in learnt if row.part >= TUNING]
    ours, held = parted(mine, lambda number: number < TUNING)
    first = _model(learn([*ours, *of_rows(kept)], plan, normalise), (), plan)
    seen = look(first, (*of_rows(tuning(rows)), *held) if rows else merged(mine), plan, normalise)
    weights = learn([*mine, *of_rows(learnt)], plan, normalise)
    return weights, _model(weights, calibrated(first.card.heads, seen, plan), plan), seen


def tuning(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The part that chooses numbers and is never measured (books apart: see bench)."""
    return tuple(row for row in rows if row.part < TUNING)


def run(order: Order, say: Callable[[str], None]) -> Card:
    """Train and write. Raises DataError where texts or corpora are wrong."""
    plan = order.plan
    mine = own(order.texts, plan.seed)
    rows = corpus_rows(order.corpora)
    say(f"{sum(len(one.texts) for one in mine)} own texts, {len(rows)} corpus rows")
    weights, model, seen = train(mine, rows, plan, whole=order.whole)
    held = tuning(rows)
    table, _ = quantised(weights)
    data = packed(table)
    card = Card(
        **{name: getattr(model.card, name) for name in _MEASURES},
        id=order.id,
        title=TITLES[order.whole],
        made=order.made,
        command=order.command,
        licence=OURS if not order.whole else "local use only: corpora of others",
        sha256=digest(data),
        trained_on=_materials(mine, rows, whole=order.whole),
        limits=LIMITS,
        tuned_on=_tuned(held, whole=order.whole),
        thresholds=thresholds(model.card.heads, seen),
        confusion=confusion(model, of_rows(held), normalise, CERTAIN),
        examples=load(Samples, Path(__file__).parent / "examples.yaml"),
    )
    write(order.out, card, data)
    say(f"{order.out}: {len(data)} bytes, sha256 {card.sha256[:12]}")
    return card


_MEASURES = ("format", "grams", "bits", "orders", "window", "step", "heads")


def _model(weights: Weights, found: Sequence[Head], plan: Plan) -> Model:
    """A model in memory, with an empty card where words belong."""
    table, scales = quantised(weights)
    shape: Shape = plan.shape
    return Model(
        Card(
            id="unwritten",
            title=Text(zh="", en=""),
            format=FORMAT,
            grams=VERSION,
            made="",
            command="",
            licence="",
            sha256="",
            bits=shape.bits,
            orders=shape.orders,
            window=shape.window,
            step=shape.step,
            heads=tuple(found) or heads(weights, scales),
            trained_on=(),
            limits=Text(zh="", en=""),
        ),
        table,
    )


_LICENCES = {
    "wiki": ("encyclopedia passages", "CC BY-SA 4.0", "ymcui/cmrc2018"),
    "law": ("pieces of statutes and regulations", "official texts", "LawRefBook/Laws"),
    "harm": ("harmful and tidy lines", "MIT file, README says CC BY-NC 4.0", "ChineseHarm-bench"),
    "weibo": ("everyday posts", "not stated", "OYE93/Chinese-NLP-Corpus"),
    "news": ("news sentences", "not stated", "OYE93/Chinese-NLP-Corpus"),
}


def _materials(mine: Sequence[Source], rows: Iterable[Row], *, whole: bool) -> tuple[Material, ...]:
    found = []
    for label in LABELS:
        count = sum(len(one.texts) for one in mine if one.label == label)
        what = f"{label}: written for Qinglang, by hand and by grammar"
        found.append(Material(what=what, texts=count, licence=OURS))
    counts: dict[str, int] = {}
    for row in rows:
        if whole or row.corpus in FREE:
            counts[row.corpus] = counts.get(row.corpus, 0) + 1
    for corpus, count in counts.items():
        what, licence, source = _LICENCES[corpus]
        found.append(Material(what=what, texts=count, licence=licence, source=source))
    return tuple(found)


def _tuned(held: Sequence[Row], *, whole: bool) -> str:
    if not held:
        return "own texts, the same that the weights have seen: probabilities are too sure"
    return (
        f"six numbers per head were chosen on {len(held)} rows of the corpora (a quarter, by key)"
        + ("" if whole else "; of harm, weibo and news no row taught a weight")
    )
