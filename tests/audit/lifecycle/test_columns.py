"""Columns judged by values and header: the traps of real tables, one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.knowledge import load_judge
from audit.lifecycle.model import Address, By
from bench.district import People
from rules.recognise.personal.kinds import Kind

JUDGE = load_judge()
P = People(5)
CARDS = [P.card() for _ in range(60)]
PHONES = [P.phone() for _ in range(60)]
NAMES = [P.name() for _ in range(60)]


def judged(header, values, type_=""):
    return JUDGE.column(Address(source="s", table="t", column=header), values, type_)


@pytest.mark.parametrize(
    ("header", "values", "kind", "by", "conflict"),
    [
        ("sfzh", CARDS, Kind.ID_CARD, By.BOTH, False),
        ("c1", CARDS, Kind.ID_CARD, By.VALUES, False),
        ("phone", CARDS, Kind.ID_CARD, By.VALUES, True),
        ("手机号", [], Kind.PHONE, By.HEADER, False),
        ("手机号", [None, "", "NULL"], Kind.PHONE, By.HEADER, False),
        ("手机号", ["已寄", "未寄"] * 9, None, By.NOTHING, True),
        ("jhrsjh", PHONES, Kind.GUARDIAN_PHONE, By.BOTH, False),
        ("c2", NAMES, Kind.NAME, By.VALUES, False),
        ("course_name", NAMES, None, By.NOTHING, False),
        ("作者", NAMES, None, By.NOTHING, False),
        ("xb", ["1", "2"] * 9, Kind.SEX, By.BOTH, False),
        ("c3", ["男", "女"] * 9, Kind.SEX, By.VALUES, False),
        ("xb", ["17", "23"] * 9, None, By.NOTHING, True),
        ("总分", ["98.5", "60"] * 9, Kind.SCORE, By.BOTH, False),
        ("总分", ["见附件", "略"] * 9, None, By.NOTHING, True),
        ("过敏史", ["无", "青霉素过敏"] * 9, Kind.HEALTH, By.BOTH, False),
        ("诊断", ["高血压", "近视眼"] * 9, Kind.HEALTH, By.HEADER, False),
        ("student_id", list(range(60)), None, By.NOTHING, False),
        ("student_id", [f"2023{n:06}" for n in range(60)], Kind.STUDENT_NUMBER, By.BOTH, False),
        ("sfzh", [float(card[:17] + "0") for card in CARDS], Kind.ID_CARD, By.BOTH, False),
        ("lxdh", [float(one) for one in PHONES], Kind.PHONE, By.BOTH, False),
        ("sfzh", [f"{c[:6]}********{c[14:]}" for c in CARDS], Kind.ID_CARD, By.BOTH, False),
        ("csrq", ["2012年3月"] * 9, Kind.BIRTH_DATE, By.BOTH, False),
        ("id", list(range(60)), None, By.NOTHING, False),
        ("学校", [1, 2, 3] * 9, None, By.NOTHING, True),
    ],
)
def test_columns(header, values, kind, by, conflict):
    one = judged(header, values)
    assert (one.kind, one.by, one.conflict) == (kind, by, conflict)


def test_shares():
    one = judged("c", [*CARDS, *["?"] * 15])
    assert one.kind is Kind.ID_CARD
    assert one.verified == 0.8
    assert judged("c", [*CARDS, *["?"] * 16]).kind is None
    assert judged("lxdh", PHONES).verified == 1.0
    assert judged("c", PHONES).suspected == 1.0
    assert judged("c", [None, *PHONES, ""]).empty == round(2 / 62, 4)


def test_kinds_in_free_text_and_json_and_the_wrong_column():
    notes = judged(
        "备注", [f"家长电话：{one}，已联系" for one in PHONES] + ["表现良好，按时完成作业"] * 60
    )
    assert (notes.kind, notes.mixed) == (None, (Kind.PHONE,))
    document = judged("payload", [{"姓名": one, "性别": "男"} for one in NAMES])
    assert set(document.mixed) == {Kind.NAME, Kind.SEX}
    wrong = judged("联系电话", [*PHONES, *CARDS[:3]])
    assert (wrong.kind, wrong.mixed) == (Kind.PHONE, (Kind.ID_CARD,))


def test_floats_and_masks_are_noted_without_values():
    notes = [
        judged("sfzh", [float(card[:17] + "0") for card in CARDS]).note,
        judged("sfzh", [f"{c[:6]}********{c[14:]}" for c in CARDS]).note,
        judged("phone", CARDS).note,
    ]
    assert "浮点" in notes[0].zh
    assert "遮蔽" in notes[1].zh
    assert "不一致" in notes[2].zh
    assert not any(card in repr(notes) for card in CARDS)


def test_a_judged_column_never_holds_a_value():
    for header in ("sfzh", "备注", "c1", "phone"):
        text = repr(judged(header, [*CARDS, *PHONES, *(f"电话{one}" for one in PHONES)]))
        assert not any(value in text for value in (*CARDS, *PHONES))


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=20),
    st.lists(
        st.one_of(st.none(), st.text(max_size=60), st.floats(), st.binary(max_size=40)), max_size=12
    ),
)
def test_any_column_is_judged(header, values):
    one = judged(header, values)
    assert 0 <= one.verified <= 1
    assert one.sampled <= len(values)
