"""What a register comes to: dates and counts; nobody's name."""

import json
from datetime import date

from audit.registers import load_registers, read, second
from audit.tallies import told

NOW = second(date(2026, 11, 23))


def tally(register: str, text: str) -> dict[str, object]:
    one = load_registers()[register]
    return told(read(text.encode(), one, "t.csv"), one, NOW)


def test_an_empty_register() -> None:
    said = tally("trainings", "日期,主题,类别,对象,人数,组织者\n")
    assert (said["rows"], said["newest"], said["incomplete"]) == (0, None, [])
    assert said["latest"]["kind"]["skill"] == 0.0  # type: ignore[index]


def test_dates_kinds_and_empty_cells() -> None:
    said = tally(
        "trainings",
        "日期,主题,类别,对象,人数,组织者\n"
        "2026-09-01,钓鱼,安全意识,教师,120,张三\n"
        "2026-10-08,巡检,岗位技能,,8,\n"
        "2027-01-01,计划,应急,教师,1,张三\n",
    )
    assert said["newest"] == second(date(2026, 10, 8))  # what is to come was not done
    assert said["future"] == 1
    assert said["incomplete"] == ["3: audience, by"]
    assert said["counts"] == {
        "kind": {"awareness": 1, "skill": 1, "emergency": 1, "malware": 0, "handover": 0, "exam": 0}
    }
    assert said["latest"]["kind"]["emergency"] == 0.0  # type: ignore[index]
    assert said["most"]["people"] == 120.0  # type: ignore[index]
    assert "张三" not in json.dumps(said, ensure_ascii=False)


def test_what_is_due_and_not_closed_is_overdue() -> None:
    said = tally(
        "vulnerabilities",
        "发现日期,系统,漏洞,严重程度,来源,修补期限,修补日期,影响已评估\n"
        "2026-01-01,a,x,高,y,2026-02-01,2026-01-20,是\n"
        "2026-01-01,a,x,高,y,2026-02-01,,否\n"
        "2026-11-01,a,x,低,y,2026-12-31,,是\n",
    )
    assert said["overdue"] == {"due": 1}
    assert (said["yes"], said["no"]) == ({"assessed": 2}, {"assessed": 1})
    assert said["first"]["found"] == second(date(2026, 1, 1))  # type: ignore[index]


def test_an_empty_cell_is_never_good() -> None:
    said = tally(
        "vulnerabilities",
        "发现日期,系统,漏洞,严重程度,来源,修补期限,修补日期,影响已评估\n"
        "2026-01-01,a,x,高,y,,,\n"  # no deadline, not mended, not assessed
        "2026-01-01,a,x,高,y,2026-11-23,,是\n"  # today is still in time
        "2026-01-01,a,x,高,y,2026-02-01,2030-01-01,是\n",  # to be mended some day
    )
    assert said["overdue"] == {"due": 2}
    assert said["no"] == {"assessed": 1}
    plans = "预案名称,类别,版本,批准日期,批准人,最近评估,有恢复流程\n"
    never = tally(
        "plans", plans + "甲,总体框架,1,2026-01-01,乙,,是\n丙,其他,1,2026-01-01,乙,2026-10-01,是"
    )
    later = tally("plans", plans + "甲,总体框架,1,2026-01-01,乙,2031-10-01,是")
    assert never["first"]["reviewed"] == later["first"]["reviewed"] == 0.0  # type: ignore[index]


def test_a_reading_that_was_left_out_is_not_below_the_bound() -> None:
    head = "日期,机房,温度,湿度,供配电正常,空调正常,消防正常,门禁正常,巡检人\n"
    rows = "2026-11-20,a,22,40,是,是,是,是,b\n"
    assert tally("room-inspections", head + rows)["most"] == {"temperature": 22.0, "humidity": 40.0}
    said = tally("room-inspections", head + rows + "2026-11-21,a,,40,是,是,,是,b\n")
    assert said["most"] == {"temperature": None, "humidity": 40.0}
    assert said["no"]["fire"] == 1  # type: ignore[index]
