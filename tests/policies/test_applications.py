"""Application files: what loads, what is refused and where, and what a path or a token means."""

from pathlib import Path

import pytest

from policies import document
from policies.applications import Application, clause, clean_path
from policies.check import check
from policies.compile import Document, Snapshot, compile_policies
from policies.decide import decide
from policies.explain import explain
from policies.load import load_policies
from policies.model import Action, Moment, Subject
from policies.moment import at
from rules.load import DataError, loads
from rules.model import Facts, Signals, Stage
from rules.recognise.personal.kinds import Kind
from rules.sources import load_categories

GRADES = """\
id: grades
title: {zh: 成绩查询, en: Grades}
hosts: [grades.school.example]
reason: {zh: 按岗位显示学生信息, en: pupils' data by role}
basis: [{source: 未成年人网络保护条例, clause: art. 36, status: confirmed}]
masks:
  phone: {algorithm: keep, keep: {first: 3, last: 4}}
  name: {algorithm: keep, keep: {first: 1}}
  score: {algorithm: pass}
roles:
  - id: class-teacher
    title: {zh: 班主任, en: class teacher}
    claims: {role: [teacher]}
    plain: [phone, name]
    scope: {claim: classes, field: class_id}
  - id: head
    title: {zh: 校长, en: head}
    claims: {role: [head], realm.area: [north, south]}
    everything: 依岗位职责
parts:
  - path: /static/**
    methods: [GET]
    untouched: 只有样式与脚本
  - path: /classes/{scope}/pupils
    unknown: scan
  - path: /api/*
    fields:
      - {match: id, plain: 内部编号}
      - {match: note, scan: true}
examples:
  hit: [{kind: phone, value: "16900001234", like: '169\\*{4}1234'}]
  miss: [{kind: phone, value: "16900001234", like: "16900001234"}]
"""
CATEGORIES = tuple(load_categories([]).values())
NOON: Moment = at("2026-09-01T12:00")


def application(text: str = GRADES) -> Application:
    return loads(Application, text, "grades.yaml")


def snapshot(folder: Path, text: str = GRADES) -> Snapshot:
    (folder / "applications").mkdir(exist_ok=True)
    (folder / "applications" / "grades.yaml").write_text(text, encoding="utf-8")
    given = load_policies([folder])
    assert check(given, CATEGORIES) == []
    return compile_policies(given, categories=CATEGORIES, rulebase="r")


def test_an_application_is_a_locked_clause_that_every_tool_knows(tmp_path: Path) -> None:
    made = snapshot(tmp_path)
    facts = Facts(stage=Stage.REQUEST, host="grades.school.example", scheme="https", path="/api/x")
    for subject in (Subject(), Subject(stage="senior"), made.default_subject):
        verdict = decide(made, facts, Signals(mask=0), subject, NOON)
        assert (verdict.action, verdict.enforced) == (Action.MASK, Action.MASK)
        assert verdict.clause == "district/app-grades"
        found = explain(made.seat(subject), facts, Signals(mask=0), subject, NOON)
        (decided,) = [step.clause for step in found.steps if step.missed is None]
        assert decided == "district/app-grades"
    other = Facts(stage=Stage.REQUEST, host="a.grades.school.example", scheme="https", path="/")
    assert decide(made, other, Signals(mask=0), Subject(), NOON).action is not Action.MASK


def test_it_travels_in_the_snapshot_and_counts_in_its_hash(tmp_path: Path) -> None:
    made = snapshot(tmp_path)
    again = Snapshot.from_json(made.to_json())
    assert again.hash == made.hash
    assert again.document.applications == (application(),)
    changed = snapshot(tmp_path, GRADES.replace("first: 3", "first: 2").replace("169", "16"))
    assert changed.hash != made.hash
    assert document.decode(Document, made.text).applications[0].id == "grades"


@pytest.mark.parametrize(
    ("old", "new", "said", "line"),
    [
        ("{first: 3, last: 4}", "{first: 99}", "0 to 32", 2),
        ("{algorithm: keep, keep: {first: 1}}", "{algorithm: shuffle}", "single answers", 1),
        ("{algorithm: keep, keep: {first: 1}}", "{algorithm: token}", "single answers", 1),
        ("{algorithm: keep, keep: {first: 1}}", "{algorithm: pass}", "direct identifiers", 1),
        ("{match: id, plain: 内部编号}", "{match: id}", "one of kind, mask", 2),
        ("{match: id, plain: 内部编号}", "{match: id, mask: {algorithm: pass}}", "plain", 2),
        ("/static/**", "static/**", "begins with /", 2),
        ("/static/**", "/**/x", "at the end", 2),
        ("{role: [teacher]}", "{}", "claims", 2),
        ("everything: 依岗位职责", "everything: x, scope: {claim: a, field: b}", "", 0),
        ("id: head", "id: class-teacher", "each once", 1),
        ("id: head", "id: least", "whoever has none", 1),
        ("[grades.school.example]", "[Grades.School.example]", "looked up", 1),
        ("[grades.school.example]", "[]", "wanted", 1),
        ("16900001234\", like: '169", "16900001234\", like: '168", "does not hold", 1),
        ("masks:", "mask:", "unknown key", 2),
        ("kind: phone, value", "kind: fone, value", "did you mean", 2),
        ("unknown: scan", "unknown: pass", "not one of", 2),
    ],
)
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, said: str, line: int) -> None:
    assert old in GRADES
    with pytest.raises(DataError) as caught:
        application(GRADES.replace(old, new, 1))
    (problem, *_) = caught.value.problems
    assert said in str(problem)
    if line == 1:  # the file as a whole
        assert problem.line == 1
    elif line:
        assert 1 < problem.line <= GRADES[: GRADES.index(old)].count("\n") + 1
    assert "16900001234" not in str(problem)


def test_a_host_belongs_to_one_application(tmp_path: Path) -> None:
    (tmp_path / "applications").mkdir()
    for name in ("grades", "other"):
        text = GRADES.replace("id: grades", f"id: {name}")
        (tmp_path / "applications" / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="already a host of `grades`"):
        load_policies([tmp_path])


def test_the_first_role_whose_claims_all_hold() -> None:
    one = application()

    def role(**claims: tuple[str, ...]) -> str:
        view = one.view({name.replace("__", "."): value for name, value in claims.items()})
        return view.id if view else "least"

    assert role(role=("teacher",)) == "class-teacher"
    assert role(role=("head", "teacher"), realm__area=("north",)) == "class-teacher"
    assert role(role=("head",), realm__area=("south",)) == "head"
    assert role(role=("head",)) == "least"
    assert role(role=("Teacher",)) == "least"
    assert role() == "least"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/static/a/b.css", (0, "")),
        ("POST", "/static/a.css", None),
        ("GET", "/classes/3-1/pupils", (1, "3-1")),
        ("GET", "/classes/3-1/x/pupils", None),
        ("GET", "/classes//pupils", None),
        ("GET", "/api/pupils", (2, "")),
        ("GET", "/api/pupils/1", None),
        ("GET", "/API/pupils", None),
        ("GET", "/", None),
    ],
)
def test_parts(method: str, path: str, expected: tuple[int, str] | None) -> None:
    assert application().part(method, path) == expected


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/api/a?b=/../c", "/api/a"),
        ("/%E6%88%90%E7%BB%A9", "/成绩"),
        ("/a/..", None),
        ("/a/./b", None),
        ("//a", None),
        ("/a%2fb", None),
        ("/a%2E%2e/b", None),
        ("/a%5cb", None),
        ("/a\\b", None),
        ("/a;x=1", None),
        ("/a%3bx", None),
        ("/a%00", None),
        ("/a%252fb", None),
        ("/%ff", None),
        ("*", None),
        ("", None),
        ("/成绩", None),
    ],
)
def test_only_paths_that_all_servers_read_alike(target: str, path: str | None) -> None:
    assert clean_path(target) == path


def test_its_clause_says_why() -> None:
    made = clause(application())
    assert made.locked
    assert made.basis[0].source == "未成年人网络保护条例"
    assert application().masks[Kind.SCORE].algorithm == "pass"
