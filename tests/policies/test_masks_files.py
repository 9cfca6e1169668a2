"""Mask policies: those shipped hold their own examples, others say where they are wrong."""

from pathlib import Path

import pytest

from policies.masks_files import MASKS, load_headers, load_mask, load_masks, unproved
from policies.masks_model import Algorithm
from rules.load import DataError
from rules.recognise.personal.kinds import Kind

SMALL = """\
id: small
title: {zh: 小, en: small}
purpose: small
basis: [{source: 个人信息保护法, clause: art. 51, status: confirmed}]
masks:
  phone: {algorithm: keep, keep: {first: 3, last: 4}}
"""


@pytest.mark.parametrize("name", ["test-copy", "sharing", "statistics"])
def test_shipped_policies_are_proved(name: str) -> None:
    policy, digest = load_mask(name)
    assert policy.id == name
    assert len(digest) == 64
    assert policy.examples.hit
    assert policy.examples.miss
    assert all(one.status.value == "confirmed" for one in policy.basis)


def test_all_of_the_folder() -> None:
    assert set(load_masks()) == {path.stem for path in MASKS.glob("*.yaml")}


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ("  name: {algorithm: ff1}\n", "FF1"),
        ("  name: {algorithm: pass}\n", "直接标识符"),
        ("  nmae: {algorithm: redact}\n", ":7:3:"),
        ("  name: {algorithm: redcat}\n", ":7:21:"),
        ("default: {algorithm: pass}\n", "default"),
        ("columns: [{match: 'a.b', mask: {algorithm: pass}}]\n", "reason"),
        ("examples: {hit: [{kind: phone, value: '16900001234', like: 'x'}]}\n", "hit 1"),
        ("examples: {miss: [{kind: phone, value: '16900001234', like: '169.*'}]}\n", "miss 1"),
    ],
)
def test_wrong_policies_say_where(tmp_path: Path, more: str, where: str) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL + more, encoding="utf-8")
    with pytest.raises(DataError) as error:
        load_mask(str(path))
    assert where in str(error.value)
    assert "16900001234" not in str(error.value)


def test_rules_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL + "columns: [{match: 'stu*.no', kind: student_number}]\n", "utf-8")
    policy, _ = load_mask(str(path))
    rule = policy.rule("student", "no")
    assert rule is not None
    assert rule.kind is Kind.STUDENT_NUMBER
    assert policy.rule("class", "no") is None
    assert policy.default.algorithm is Algorithm.REDACT
    assert list(unproved(policy)) == []


def test_headers() -> None:
    assert load_headers()["出生日期"] is Kind.BIRTH_DATE
