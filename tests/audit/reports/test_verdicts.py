"""Issues, risks, conclusion, repairs, unknown: what is not known is told with its question."""

from audit.model import State
from audit.reports import verdicts
from audit.reports.blocks import Block, Para, Table
from tests.audit.reports.made import report, small


def tables(blocks: list[Block]) -> dict[str, Table]:
    return {one.caption: one for one in blocks if isinstance(one, Table)}


def test_every_issue_has_its_row_and_its_remedy() -> None:
    found = tables(list(verdicts.issues(report())))["安全问题清单"]
    assert len(found.rows) == len(report().issues)
    told = tables(list(verdicts.repairs(report())))
    assert len(told["整改建议（编号同第6章）"].rows) == len(report().issues)
    assert len(told["整改台账"].rows) == 1


def test_everything_unknown_is_listed() -> None:
    found = tables(list(verdicts.unknown(report())))
    unknown = [one for one in report().run.items if one.state is State.UNKNOWN]
    assert len(found["未查明的要求项与待问的问题"].rows) == len(unknown)
    assert found["未能取得的证据"].rows[0][3].text.startswith("连接被拒绝")


def test_without_a_conclusion_the_range_is_told() -> None:
    said = " ".join(one.text for one in verdicts.summary(small()) if isinstance(one, Para))
    assert "0.0%" in said
    assert "100.0%" in said
    assert "暂不作结论" in said


def test_both_ways_of_counting_are_printed() -> None:
    rows = [row[0].text for one in tables(list(verdicts.conclusion(report()))).values()
            for row in one.rows]  # fmt: skip
    assert any("计 0.5" in one for one in rows)


def test_rules_that_stand_have_their_place() -> None:
    found = [one for one in verdicts.risky(report()) if isinstance(one, Table)]
    assert [len(one.columns) for one in found] == [5, 4, 4]
