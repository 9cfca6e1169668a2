"""Clauses of anomaly rules stand in the catalog, or are named by line and column."""

from pathlib import Path

import pytest

from audit.catalog import load_catalog
from audit.checks import CHECKS, load_checks
from audit.lifecycle import anomaly, anomaly_file
from rules.load import DataError

SHIPPED = Path(anomaly.__file__).parent / "anomalies" / "school.yaml"
CATALOG = load_catalog()


def test_shipped_rules_serve_what_their_checks_serve() -> None:
    file = anomaly_file.parse(SHIPPED.read_text(encoding="utf-8"), "s", CATALOG)
    checks = load_checks(CHECKS / "data-access")
    for rule in file.rules:
        serves = {link.control for link in checks[f"data-access-{rule.sign}"].serves}
        assert set(rule.clauses) == serves, rule.id


@pytest.mark.parametrize(
    ("clauses", "place", "said"),
    [
        ("[MINORS-2024:0:36, GBT22239-2019:3:8.1.4.3.x]", "r:7:31", "did you mean `GBT22239"),
        ("['GBT22239-2019:3:8.1.4.3']", "r:7:13", "no clause"),  # a point, not an item
        ("未成年人网络保护条例 art. 36", "r:7:12", "qinglang audit catalog"),
    ],
)
def test_a_clause_that_is_none(clauses: str, place: str, said: str) -> None:
    text = (
        "tables: [students]\nrules:\n- id: a\n  sign: export\n  title: t\n  severity: low\n"
        f"  clauses: {clauses}\n  examples: []\n"
    )
    with pytest.raises(DataError) as ended:
        anomaly_file.parse(text, "r", CATALOG)
    (problem,) = ended.value.problems
    assert str(problem).startswith(f"{place}: ")
    assert said in str(problem)
