"""The shipped policies: they load, are lawful, and their cases hold."""

import re
from pathlib import Path

import pytest

from policies.cases import Outcome, run_cases
from policies.check import ORDINARY, check
from policies.compile import Snapshot, compile_policies
from policies.load import load_policies
from policies.model import Role, Subject
from policies.policy import Policy, Scope
from rules.load import loads
from rules.model import Gap, Layer
from rules.sources import load_categories
from tests.policies.samples import ask

GIVEN = load_policies()
CATEGORIES = tuple(load_categories(()).values())
SHOT: Snapshot = compile_policies(GIVEN, categories=CATEGORIES, rulebase="test")
OUTCOMES = run_cases(SHOT)
STAGES = ("kindergarten", "primary-lower", "primary-upper", "junior", "senior")
EVERYBODY = [
    *(Subject(stage=stage) for stage in STAGES),
    Subject(role=Role.TEACHER),
    Subject(role=Role.STAFF),
    Subject(role=Role.VISITOR),
    Subject(),
]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=[f"{o.policy}: {o.case.title}" for o in OUTCOMES])
def test_cases_hold(outcome: Outcome) -> None:
    assert outcome.wrong == ()


def test_every_policy_has_a_case_that_blocks_or_warns_and_one_that_passes() -> None:
    for policy in GIVEN.policies:
        strict = {case.expect in ("block", "warn") for case in policy.cases}
        assert strict == {True, False}, policy.id


def test_every_clause_decides_some_case() -> None:
    tried = {case.clause for policy in GIVEN.policies for case in policy.cases}
    clauses = {f"{policy.id}/{clause.id}" for policy in GIVEN.policies for clause in policy.clauses}
    assert clauses - tried == set()


def test_every_shipped_stage_exists() -> None:
    presets = {p.id for p in GIVEN.policies if p.scope is Scope.PRESET}
    assert presets == {*STAGES, "teacher", "visitor"}


@pytest.mark.parametrize("subject", EVERYBODY, ids=lambda s: f"{s.role}-{s.stage or 'unknown'}")
@pytest.mark.parametrize("time", ["2026-09-01T10:00", "2026-09-05T23:30", "2031-01-01T20:30"])
def test_the_two_laws_hold_for_everybody_at_any_time(subject: Subject, time: str) -> None:
    for category in CATEGORIES:
        found = ask(SHOT, category.id, subject=subject, time=time)
        if category.layer is Layer.HARMFUL:
            assert found.enforced == "block", category.id
        if category.layer is Layer.HELP:
            assert found.enforced == "allow", category.id
            assert not found.inspect, category.id


@pytest.mark.parametrize("gap", list(Gap))
def test_unknown_names_with_a_gap_never_pass_to_a_pupil(gap: Gap) -> None:
    for stage in STAGES:
        found = ask(SHOT, "uncategorised", subject=Subject(stage=stage), gap=gap)
        if gap not in ORDINARY:
            assert found.enforced == "block", (stage, gap)


@pytest.mark.parametrize("stage", STAGES[1:])
def test_affecting_content_is_never_shown_to_a_pupil_without_warning(stage: str) -> None:
    affecting = [c.id for c in CATEGORIES if c.layer is Layer.AFFECT]
    for time in ("2026-09-01T10:00", "2026-09-05T15:00", "2026-09-05T20:30"):
        for category in affecting:
            found = ask(SHOT, category, subject=Subject(stage=stage), time=time)
            assert found.enforced in ("warn", "block"), category


@pytest.mark.parametrize("name", ["banking", "payment", "medical", "government"])
def test_privacy_classes_are_never_opened(name: str) -> None:
    for subject in EVERYBODY:
        found = ask(SHOT, name, subject=subject, time="2026-09-05T15:00")
        if found.enforced != "block":
            assert not found.inspect


def test_basis_and_words() -> None:
    for policy in GIVEN.policies:
        for clause in policy.clauses:
            for text in (clause.title, clause.reason):
                assert re.search("[\u4e00-\u9fff]", text.zh), clause.id
                assert re.search("[A-Za-z]", text.en), clause.id
                assert not re.search("[\u4e00-\u9fff]", text.en), clause.id


def test_snapshot_document_round_trip() -> None:
    again = Snapshot.from_json(SHOT.to_json())
    assert again.hash == SHOT.hash
    assert [o.verdict for o in run_cases(again)] == [o.verdict for o in OUTCOMES]


PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=[text.split("\n", 1)[0] for text in BLOCKS])
def test_every_example_in_the_docs_loads_and_is_lawful(block: str) -> None:
    if block.startswith("id: cn-"):
        from policies.calendar import Year

        assert loads(Year, block, "docs").holidays
        return
    from dataclasses import replace

    policy = loads(Policy, block, "docs")
    others = [p for p in GIVEN.policies if p.id not in (policy.id, "example")]
    given = replace(GIVEN, policies=(*others, policy))
    assert check(given, CATEGORIES) == []
    shot = compile_policies(given, categories=CATEGORIES, rulebase="docs")
    mine = [o for o in run_cases(shot) if o.policy == policy.id]
    assert mine
    assert [o.wrong for o in mine if o.wrong] == []


def test_the_docs_have_examples() -> None:
    assert len(BLOCKS) >= 4
