"""Door: reads what results are measured by (risk rules, scoring, matrix, crosswalk) from data.

The folders are the registry: `audit/risks/high/` one file a case, `audit/risks/hazards/` one a
trigger, `audit/scoring/` the templates, `audit/controls/matrix.yaml` and `crosswalk.yaml`.
All problems are reported at once, as `rules.load` does. Nothing is judged here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from audit.aggregate import Aggregation
from audit.crosswalk import Crosswalk
from audit.grading import Grades
from audit.matrix import Matrix
from audit.model import HighRiskRule
from audit.risk import RiskAnswer
from audit.score import Scoring
from rules.load import DataError, Problem, load, load_folder

ROOM = Path(__file__).parent
DEFAULT_TEMPLATE = "template-2025"


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardsticks:
    """Everything results are measured by, with the digest of the files it came from."""

    high: tuple[HighRiskRule, ...]
    hazards: tuple[HighRiskRule, ...]
    scoring: Scoring
    grades: Grades
    aggregation: Aggregation
    matrix: Matrix
    crosswalk: Crosswalk
    digest: str

    @property
    def high_ids(self) -> frozenset[str]:
        return frozenset(rule.id for rule in self.high)


def load_yardsticks(room: Path = ROOM, template: str = DEFAULT_TEMPLATE) -> Yardsticks:
    """Read all of it. Raises one DataError with every problem."""
    scoring, controls = room / "scoring", room / "controls"
    problems: list[Problem] = []

    def attempt[T](kind: type[T], path: Path) -> T | None:
        try:
            return load(kind, path)
        except DataError as error:
            problems.extend(error.problems)
            return None

    def folder(path: Path) -> dict[str, HighRiskRule]:
        try:
            return load_folder(HighRiskRule, path)
        except DataError as error:
            problems.extend(error.problems)
            return {}

    high, hazards = folder(room / "risks" / "high"), folder(room / "risks" / "hazards")
    chosen = attempt(Scoring, scoring / f"{template}.yaml")
    grades = attempt(Grades, scoring / "grades.yaml")
    aggregation = attempt(Aggregation, scoring / "aggregation.yaml")
    matrix = attempt(Matrix, controls / "matrix.yaml")
    crosswalk = attempt(Crosswalk, controls / "crosswalk.yaml")
    problems += wrong_rules(high.values(), room / "risks" / "high")
    problems += wrong_rules(hazards.values(), room / "risks" / "hazards")
    if (
        problems
        or chosen is None
        or grades is None
        or aggregation is None
        or matrix is None
        or crosswalk is None
    ):
        raise DataError(problems)
    return Yardsticks(
        high=_ordered(high.values()),
        hazards=tuple(sorted(hazards.values(), key=lambda rule: _pieces(rule.id))),
        scoring=chosen,
        grades=grades,
        aggregation=aggregation,
        matrix=matrix,
        crosswalk=crosswalk,
        digest=_digest(room),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAnswers:
    """A file of decisions: what an officer wrote down of rules and principles."""

    answers: tuple[RiskAnswer, ...]


def load_answers(path: Path, yardsticks: Yardsticks) -> tuple[RiskAnswer, ...]:
    """Read decisions on risks. Raises DataError: unknown rules and mitigations, no reason."""
    answers = load(RiskAnswers, path).answers
    rules = {rule.id: rule for rule in (*yardsticks.high, *yardsticks.hazards)}
    problems = [
        Problem(file=str(path), line=1, column=1, message=f"answer {number}: {message}")
        for number, answer in enumerate(answers, 1)
        for message in wrong_answer(answer, rules.get(answer.rule))
    ]
    if problems:
        raise DataError(problems)
    return answers


def wrong_answer(answer: RiskAnswer, rule: HighRiskRule | None) -> list[str]:
    """What is wrong with a decision: one that would not count is refused, not dropped."""
    if rule is None:
        return [f"there is no rule `{answer.rule}`"]
    wrong = [
        f"rule {rule.id} has no mitigation {number}"
        for number in answer.mitigations
        if not 0 < number <= len(rule.mitigations)
    ]
    if not answer.counts:
        wrong.append("a decision needs `reason` and `by`")
    return wrong


def wrong_rules(rules: Iterable[HighRiskRule], folder: Path) -> list[Problem]:
    """Rules that contradict themselves: no level, a bar without its words, unknown words."""
    problems = []
    for rule in rules:
        wrong = []
        if not rule.levels or not set(rule.levels) <= {1, 2, 3, 4}:
            wrong.append("`levels` must name some of 1, 2, 3, 4")
        if bool(rule.never) != (rule.never_lowered is not None):
            wrong.append("`never` and `never_lowered` go together")
        wrong += [
            f"`never: {one}` is not one of: always, exposed, platform:NAME"
            for one in rule.never
            if one not in ("always", "exposed") and not one.startswith("platform:")
        ]
        wrong += [
            f"`{one}` is in both `checks` and `indicates`"
            for one in rule.checks
            if one in rule.indicates
        ]
        problems += [
            Problem(file=str(folder / f"{rule.id}.yaml"), line=1, column=1, message=message)
            for message in wrong
        ]
    return problems


def _ordered(rules: Iterable[HighRiskRule]) -> tuple[HighRiskRule, ...]:
    """By the part of the standard, then as people count: 6.4.1.1 before 6.10.1.2."""
    return tuple(sorted(rules, key=lambda rule: (rule.part.value != "general", *_pieces(rule.id))))


def _pieces(name: str) -> tuple[tuple[int, int, str], ...]:
    clean = name.removeprefix("local-").replace("-", ".")
    return tuple((0, int(one), "") if one.isdecimal() else (1, 0, one) for one in clean.split("."))


def _digest(room: Path) -> str:
    whole = hashlib.sha256()
    files = [
        *(room / "risks").glob("*/*.yaml"),
        *(room / "scoring").glob("*.yaml"),
        room / "controls" / "matrix.yaml",
        room / "controls" / "crosswalk.yaml",
    ]
    for path in sorted(files):
        whole.update(f"{path.relative_to(room).as_posix()}\0".encode())
        whole.update(path.read_bytes() + b"\0")
    return whole.hexdigest()
