"""Sheets to many schools: who gets which, who is late, copies that disagree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from audit.answers import Recorded
from audit.model import Organisation, State, System
from audit.questionnaire.campaign import (
    Back,
    Campaign,
    answers,
    chased,
    file_name,
    merged,
    planned,
    unknown_file,
)
from audit.questionnaire.model import Header, Returned
from audit.targets import Inventory
from rules.load import Problem
from tests.audit.questionnaire.sheets import KEYS, TODAY, catalog

UNITS = (
    Organisation(id="d", name="某区"),
    *(Organisation(id=f"s{n:02}", name=f"第{n}学校", above="d") for n in range(1, 34)),
)
SYSTEMS = (System(id="oa", name="办公", organisation="s01", s=3, a=2, g=3),)
INVENTORY = Inventory(organisations=UNITS, systems=SYSTEMS)
KEYS2 = ("GBT22239-2019:2:7.1.6.1",)


def test_one_for_each_school_at_its_level() -> None:
    sent, forms = planned(
        INVENTORY, catalog(), campaign="c", issued="2026-11-01", due="2026-11-15",
        only={2: KEYS2, 3: KEYS},
    )  # fmt: skip
    assert len(sent) == len(forms) == 33
    assert [one.level for one in sent[:2]] == [3, 2]
    assert [one.rows for one in sent[:2]] == [3, 1]
    assert len({one.file for one in sent}) == 33
    assert sent[0].id == "c:s01:oa"
    none, _ = planned(
        Inventory(systems=SYSTEMS), catalog(), campaign="c", issued="", due="", only={3: KEYS}
    )
    assert [one.organisation for one in none] == ["s01"]


def test_file_names_leave_the_folder_alone() -> None:
    assert "/" not in file_name(Header(id="q", organisation="../x", organisation_name="a/b"))


def answer(
    control: str = KEYS[0], state: State = State.PASS, dated: str = "2026-09-01"
) -> Recorded:
    return Recorded(control=control, state=state, by="李", dated=dated, reason="x", approver="y")


def campaign() -> Campaign:
    sent, _ = planned(
        INVENTORY, catalog(), campaign="c", issued="2026-11-01", due="2026-11-15",
        only={2: KEYS2, 3: KEYS},
    )  # fmt: skip
    return Campaign(id="c", issued="2026-11-01", due="2026-11-15", sent=sent)


def test_who_is_late() -> None:
    fault = Problem(file="f", line=1, column=1, message="x")
    q = Header(id="c:s01:oa")
    came = {
        "a.xlsx": Returned(header=q, answers=(answer(),), open=KEYS[1:]),
        "b.xlsx": Returned(header=replace(q, id="c:s02"), answers=(answer(KEYS2[0]),)),
        "c.xlsx": Returned(header=replace(q, id="c:s03"), problems=(fault,)),
    }
    listed = chased(campaign(), came, {"x/s04": "s04.第4学校.xlsx"}, TODAY)
    assert [one.back for one in listed[:5]] == [
        Back.INCOMPLETE, Back.COMPLETE, Back.FAULTY, Back.UNREADABLE, Back.MISSING,
    ]  # fmt: skip
    assert [one.overdue_days for one in listed[:2]] == [5, 0]
    assert chased(campaign(), {}, {}, date(2026, 11, 1))[0].overdue_days == 0
    assert unknown_file(campaign(), Returned(header=Header(id="other")))


def test_copies_that_disagree_are_shown_and_neither_is_taken() -> None:
    q = Header(id="c:s01:oa", organisation="s01", system="oa", level=3)
    one = Returned(header=q, answers=(answer(), answer(KEYS[1])))
    two = Returned(
        header=q, answers=(answer(state=State.FAIL), answer(KEYS[1], dated="2026-10-01"))
    )
    found = merged({"1.xlsx": one, "2.xlsx": two})
    (conflict,) = found.conflicts
    assert conflict.said == {"1.xlsx": "pass", "2.xlsx": "fail"}
    (file,) = found.files
    assert [(a.control, a.dated) for a in file.answers] == [(KEYS[1], "2026-10-01")]
    assert file.id == "c_s01_oa"
    assert answers(one, ["f"]).answers == one.answers
