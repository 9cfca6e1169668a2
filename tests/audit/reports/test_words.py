"""Every closed choice has its word; times that cannot be are said so."""

from audit.model import Defence, ObjectClass, RepairState, Severity, State, Why
from audit.reports import words
from audit.risk import RiskState
from rules.model import Status


def test_every_choice_has_a_word() -> None:
    for table, kind in (
        (words.STATES, State),
        (words.WHYS, Why),
        (words.SEVERITIES, Severity),
        (words.RISKS, RiskState),
        (words.REPAIRS, RepairState),
        (words.STATUSES, Status),
        (words.DEFENCES, Defence),
        (words.OBJECTS, ObjectClass),
    ):
        assert set(table) == set(kind)


def test_times() -> None:
    assert words.moment(1_795_460_000.0) == "2026-11-24 02:53"
    assert words.moment(0) == ""
    assert words.moment(1e30) == "（时间无效）"
    assert words.instant(0) == words.instant(1e30) == "1970-01-01T00:00:00+00:00"


def test_percent_and_state() -> None:
    assert (words.percent(None), words.percent(0.5)) == ("—", "50.0%")
    assert words.state(State.UNKNOWN, Why.ERROR) == "未知（检查失败）"
