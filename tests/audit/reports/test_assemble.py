"""A report holds the whole run: every item, every rule, issues numbered, risks in the score."""

from dataclasses import replace

from audit.items import item
from audit.model import Severity, State
from audit.reports.assemble import Beside, assemble, issues, unnamed
from audit.risk import RiskAnswer, RiskState
from tests.audit.reports.made import BESIDE, NOW, catalog, checks, made, report, run, yardsticks


def test_all_is_there() -> None:
    found = report()
    assert len(found.run.items) == 211
    assert (len(found.high), len(found.hazards), len(found.cells)) == (81, 32, 36)
    assert sum(one.total + one.not_applicable for one in found.sections) == 211
    assert [one.id for one in found.sections][:2] == ["8.1.1", "8.1.2"]
    assert len(found.layers) == 6
    assert sum(one.used for one in found.sources) == 211
    assert found.ways.fresh > 0
    assert found.ways.drilled == 0


def test_issues_are_numbered_the_gravest_first() -> None:
    found = report().issues
    assert [one.number for one in found[:2]] == ["T001", "T002"]
    ranks = [list(Severity).index(one.severity) for one in found]
    assert ranks == sorted(ranks, reverse=True)
    failing = {
        (one.check, one.target)
        for one in run().findings
        if one.state in (State.FAIL, State.PARTIAL)
    }
    assert {(one.check, place.target) for one in found for place in one.places} == failing
    assert all(one.remedy for one in found)


def test_an_answer_that_fails_is_an_issue() -> None:
    control = run().controls[0]
    bad = replace(item(control, "", (), None), state=State.FAIL, why=None)
    single = (bad, *(one for one in run().single if one.control != control.id))
    found = issues(replace(run(), single=single, findings=()), {}, ())
    assert [one.controls for one in found if not one.check] == [(control.id,)]


def test_risks_reach_the_score() -> None:
    rule = yardsticks().high[0]
    said = RiskAnswer(rule=rule.id, triggered=True, reason="现场所见", by="李明")
    found = made(run(), replace(BESIDE, risk_answers=(said,)))
    states = {one.rule.id: one.state for one in found.high}
    assert states[rule.id] is RiskState.TRIGGERED
    assert found.run.score.high_risks == report().run.score.high_risks + 1


def test_before_and_after() -> None:
    rule = yardsticks().high[0]
    said = RiskAnswer(rule=rule.id, triggered=True, reason="现场所见", by="李明")
    found = made(run(), replace(BESIDE, before=run().items, risk_answers=(said,)))
    assert found.high_count.before == found.run.score.high_risks


def test_nobody_named() -> None:
    found = assemble(run(), checks=checks(), catalog=catalog(), yardsticks=yardsticks(), now=NOW)
    assert found.organisation.name == "（未填写单位名称）"
    assert unnamed(run()).name == "（未填写定级对象）"
    assert found.system.level == 3
    assert Beside().earlier == ()


def test_level_two_has_its_own_cells() -> None:
    found = replace(run(), level=2)
    made_ = assemble(found, checks=checks(), catalog=catalog(), yardsticks=yardsticks(), now=NOW)
    assert all(name.startswith("GBT22239-2019:2:") for c in made_.cells for name in c.controls)


def test_a_judged_run_is_not_judged_again() -> None:
    done = replace(report().run, high=report().run.high[:3])
    found = made(done, BESIDE)
    assert found.run == done
    assert len(found.high) == 3
