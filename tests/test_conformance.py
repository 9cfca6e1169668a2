"""One decision, several engines: the same table asked at DNS, at the name and at the request.

What one refuses the others may not let through, for every kind of subject: the DNS
filter, the ClientHello judgement and the request judgement share one function, and this
table holds them to it.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.dns.judge import Judge
from gateway.dns.ruling import Treatment
from gateway.pipeline import Deed, judge
from policies.compile import Snapshot, compile_policies
from policies.load import load_policies
from policies.model import Action, Depth, Moment, Role, Subject
from policies.moment import at
from policies.policy import Policy
from rules.base import RuleBase
from rules.compile import build
from rules.load import loads
from rules.model import Facts, Layer, Stage

SUBJECTS = [
    Subject(stage="kindergarten", tier="3-8"),
    Subject(stage="primary-lower", tier="3-8"),
    Subject(stage="primary-upper", tier="8-12"),
    Subject(stage="junior", tier="12-16"),
    Subject(stage="senior", tier="16-18"),
    Subject(role=Role.TEACHER),
    Subject(role=Role.VISITOR),
    Subject(),
]
MOMENTS = [
    at("2026-09-16T10:00"),  # a Wednesday in class
    at("2026-09-16T21:59"),
    at("2026-09-16T22:00"),  # night stop
    at("2026-09-18T20:30"),  # Friday, in the window for games
    at("2026-10-10T20:30"),  # a Saturday that is worked
    at("2026-10-01T20:59"),  # a statutory holiday
]
EXTRA = ["www.smartedu.cn", "never-listed-anywhere.example", "203.0.113.5", "www.12355.net"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RuleBase, Snapshot]]:
    data = tmp_path_factory.mktemp("conformance")
    build(data)
    base = RuleBase.open(data / "rulebase")
    yield (
        base,
        compile_policies(load_policies(), categories=base.categories, rulebase=base.hash),
    )
    base.close()


def test_three_engines_agree(world: tuple[RuleBase, Snapshot]) -> None:
    base, snapshot = world
    names = [category.marker for category in base.categories] + EXTRA
    asked = 0
    for subject in SUBJECTS:
        for moment in MOMENTS:
            for name in names:
                agree(base, snapshot, subject, moment, name)
                asked += 1
    assert asked > 5000


def agree(base: RuleBase, snapshot: Snapshot, subject: Subject, moment: Moment, name: str) -> None:
    def ask(stage: Stage, path: str = "") -> tuple[Deed, Action, Depth]:
        facts = Facts(stage=stage, host=name, path=path, scheme="https")
        outcome = judge(facts, subject, base, snapshot, moment)
        return outcome.deed, outcome.verdict.enforced, outcome.verdict.depth

    ruling = Judge(base, snapshot, lambda _: subject, lambda: moment)(name, "192.0.2.1")
    hello, at_hello, depth = ask(Stage.TLS)
    request, at_request, _ = ask(Stage.REQUEST, "/")
    place = f"{subject.stage or subject.role} {moment.day} {moment.minute} {name}"
    assert ruling.outcome.verdict.enforced is at_hello is at_request, place
    refused = at_request in (Action.BLOCK, Action.WARN)
    if depth is not Depth.CONTENT:
        assert (hello is Deed.REFUSE) == refused, place
        assert (ruling.treatment is Treatment.PAGE) == refused, place
    else:
        assert hello is Deed.OPEN or not refused, place
        assert (ruling.treatment is Treatment.PAGE) == (at_request is Action.BLOCK), place
    assert (request in (Deed.PAGE, Deed.WARN)) == refused, place


def test_the_table_is_not_one_sided(world: tuple[RuleBase, Snapshot]) -> None:
    """Each subject is both refused and let through somewhere, or the table proves nothing."""
    base, snapshot = world
    for subject in SUBJECTS:
        actions = {
            judge(
                Facts(stage=Stage.REQUEST, host=category.marker, path="/"),
                subject,
                base,
                snapshot,
                MOMENTS[0],
            ).verdict.enforced
            for category in base.categories
        }
        assert Action.BLOCK in actions, subject
        assert actions - {Action.BLOCK}, subject
    assert any(category.layer is Layer.AFFECT for category in base.categories)


def test_apps_are_known_at_every_depth(world: tuple[RuleBase, Snapshot]) -> None:
    """A clause on an app decides alike for DNS, hello and request: names are enough."""
    base, _ = world
    text = (
        "id: s\ntitle: {zh: 甲, en: A}\nscope: school\nclauses:\n"
        "  - {id: one, title: {zh: 一, en: One}, when: {apps: [changba]}, action: block,"
        " reason: {zh: 因为, en: Because}}\n"
    )
    given = load_policies()
    given = replace(given, policies=(*given.policies, loads(Policy, text, "s.yaml")))
    snapshot = compile_policies(given, categories=base.categories, rulebase=base.hash)
    pupil = Subject(school="s", stage="junior")
    for name in ("www.changba.com", "changba.app.test.qinglang.invalid"):
        agree(base, snapshot, pupil, MOMENTS[0], name)
        facts = Facts(stage=Stage.DNS, host=name)
        verdict = judge(facts, pupil, base, snapshot, MOMENTS[0]).verdict
        assert (verdict.action, verdict.deciding) == (Action.BLOCK, ("app:changba",)), name
