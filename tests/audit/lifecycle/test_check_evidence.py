"""Breaches as evidence: checks on it fail, pass or stay unknown as the breaches say."""

from audit.checks import CHECKS, load_checks
from audit.lifecycle.breaches import CODES, breach, unknown
from audit.lifecycle.check_evidence import MOST, document, evidence, place
from audit.lifecycle.model import Address
from rules.model import Text
from tests.audit.lifecycle.check_world import BOOK

AT = Address(source="district", table="students")
WHY = Text(zh="超时", en="timed out")


def test_the_document() -> None:
    found = [breach("overdue", "roll/left", AT, "多", "more", count=3)] * (MOST + 9)
    made = document(BOOK, [*found, unknown("grant", "roll", AT, WHY)])
    assert set(made["found"]) == set(CODES)
    assert len(made["found"]["overdue"]) == MOST
    assert made["counts"]["overdue"] == MOST + 9
    assert made["found"]["grant"] == []
    assert [one["path"] for one in made["gaps"]] == ["found.grant"]
    assert made["datasets"] == ["roll", "visits"]
    assert place(found[0]) == "roll/left district.students"


def test_the_digest_is_of_the_document() -> None:
    one = evidence(BOOK, [], target="t", now=1.0, rules="r")
    same = evidence(BOOK, [], target="t", now=2.0, rules="r")
    other = evidence(
        BOOK, [breach("overdue", "r", AT, "多", "more")], target="t", now=1.0, rules="r"
    )
    assert one.digest == same.digest != other.digest
    assert one.probe == "dataset"
    assert one.document["rules"] == "r"


def test_every_code_has_a_check_that_reads_its_path() -> None:
    checks = load_checks(CHECKS / "dataset")
    for code in CODES:
        assert f"found.{code}" in repr(checks[f"dataset-{code}"].expect)
