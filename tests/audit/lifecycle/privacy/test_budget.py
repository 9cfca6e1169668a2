"""Declarations, accounts and what answers add up to."""

import math
from fractions import Fraction
from types import SimpleNamespace

import pytest

from audit.lifecycle.privacy.budget import (
    Account,
    BudgetError,
    Declaration,
    Domain,
    accounts,
    composed,
    epsilon,
    may_spend,
)
from audit.lifecycle.sharing import NOBODY
from rules.load import DataError, loads

TEXT = """
id: pupils
title: {zh: 学生, en: pupils}
source: a.csv
subject: 学号
budget: "2"
columns:
  性别: {values: [男, 女]}
  成绩: {cuts: [60, 80]}
"""


def test_a_declaration():
    made = loads(Declaration, TEXT, "a.yaml")
    assert made.columns["成绩"].labels() == ("<60", "[60,80)", "≥80", "其他 other")
    assert [made.columns["成绩"].place(x) for x in ("59.9", "60", "80", "优", "nan")] == [
        0, 1, 2, 3, 3,
    ]  # fmt: skip
    assert [made.columns["性别"].place(x) for x in ("男", "女", "")] == [0, 1, 2]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("subject: 学号", "one-row-each: false"),
        ("subject: 学号", "subject: 学号\none-row-each: true"),
        ("subject: 学号", "subject: 性别"),
        ("subject: 学号", "subject: 学号\nmost: 0"),
        ('budget: "2"', 'budget: "0"'),
        ('budget: "2"', 'budget: "1e-9"'),
        ("[60, 80]", "[80, 60]"),
        ("values: [男, 女]", "values: [男, 男]"),
        ("values: [男, 女]", "values: []"),
    ],
)
def test_bad_declarations(old, new):
    with pytest.raises(DataError):
        loads(Declaration, TEXT.replace(old, new), "a.yaml")


@pytest.mark.parametrize(
    "text", ["0", "-1", "x", "1e-3", "nan", "1/0", "21", "0.0000001", "9" * 50]
)
def test_no_epsilon(text):
    with pytest.raises(BudgetError):
        epsilon(text)


def test_exact_epsilon():
    assert epsilon("0.1") + epsilon("0.2") == epsilon("0.3")
    assert epsilon("1/3") == Fraction(1, 3)


def record(kind, **body):
    return SimpleNamespace(kind=kind, body={"dataset": "d", **body}, time=1.0, seq=1)


def test_the_account_is_the_sum_of_the_records():
    declared = {"largest": "1"}
    found = accounts(
        [
            record("privacy-budget", declared=declared, actor=NOBODY, budget="1"),
            record(
                "privacy-budget", declared=declared, actor=NOBODY, budget="9"
            ),  # not a second time
            record("privacy-spent", epsilon="1/2"),
            record("privacy-released", query="q", counts=[1]),
            record("access"),
            record("privacy-spent", epsilon="1/4"),
            record("privacy-spent", dataset="other", epsilon="1"),
        ]
    )
    assert list(found) == ["d"]
    assert found["d"].left == Fraction(1, 4)
    assert found["d"].released["q"]["counts"] == [1]
    may_spend(found["d"], Fraction(1, 4))
    with pytest.raises(BudgetError, match=r"0\.25"):
        may_spend(found["d"], Fraction(1, 4) + Fraction(1, 10**6))


def test_one_answer_may_not_take_all():
    account = Account(declared={"largest": "1"}, actor=NOBODY, budget=Fraction(5))
    with pytest.raises(BudgetError, match="单次"):
        may_spend(account, Fraction(2))


def test_composition():
    made = composed([Fraction(1, 10)] * 100)
    assert made["epsilon"] == pytest.approx(10)
    assert made["rho"] == pytest.approx(0.5)
    assert made["epsilon_by_zcdp"] == pytest.approx(0.5 + 2 * math.sqrt(0.5 * math.log(1e6)))
    assert max(made["epsilon_by_zcdp"], made["epsilon_by_advanced"]) < made["epsilon"]
    assert composed([])["epsilon_by_zcdp"] == 0


def test_a_domain_without_a_value_for_other():
    with pytest.raises(ValueError, match="never"):
        Domain(values=("其他 other",))
