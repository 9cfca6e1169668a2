"""The annexes hold everything: 211 items, 81 + 32 rules, 36 cells, each asset, each evidence."""

from audit.reports.annexes import annexes
from audit.reports.blocks import Heading, Table
from tests.audit.reports.made import report, small


def found(captions: str) -> list[Table]:
    return [one for one in annexes(report()) if isinstance(one, Table) and captions in one.caption]


def test_counts() -> None:
    assert len(found("单项结果汇总")[0].rows) == 211
    assert found("单项结果汇总")[0].filters
    assert len(found("高风险判例 81")[0].rows) == 81
    assert len(found("触发项 32")[0].rows) == 32
    assert len(found("六层×六防逐格")[0].rows) == 36
    assert len(found("证据目录")[0].rows) == 3
    assert len(found("资产清单")[0].rows) == 3
    assert len(found("结论规则的设定")[0].rows) >= 8


def test_a_record_for_every_asset() -> None:
    heads = [one.text for one in annexes(report()) if isinstance(one, Heading) and one.level == 2]
    assert heads == ["D.1 门户主机", "D.2 db01", "D.3 lost"]


def test_sources_carry_their_status() -> None:
    words = {row[1].text for one in found("来源") for row in one.rows}
    assert words <= {"已核实", "二手来源", "未核实"}
    assert {"已核实", "二手来源"} & words


def test_nothing_is_said_to_be_nothing() -> None:
    empty = [one for one in annexes(small()) if isinstance(one, Table) and not one.rows]
    assert {one.caption for one in empty} >= {"历次运行", "人工答复"}
