"""`qinglang audit catalog`: what is printed, for whom, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from audit import catalog_cli
from audit.catalog import CONTROLS, load_catalog
from audit.cli import main
from audit.model import (
    Check,
    Expectation,
    HighRiskRule,
    Link,
    ObjectClass,
    Serves,
    Severity,
)
from rules.model import Basis, Text

TEXT = Text(zh="字", en="x")
CENSUS = "population-technical"
FIELDS = (
    "standard", "level", "part", "clause", "control_point", "control_point_title", "text",
    "layers", "defences", "checks", "questions", "high_risk", "status", "unit", "remedy",
)  # fmt: skip


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with three sections of the real catalog: enough to print, quick to read."""
    folder = tmp_path_factory.mktemp("controls")
    inner = folder / "gbt22239-2019"
    inner.mkdir()
    for name in ("general-1-physical", "general-4-computing", "general-5-centre", CENSUS):
        text = (CONTROLS / inner.name / f"{name}.yaml").read_text(encoding="utf-8")
        (inner / f"{name}.yaml").write_text(text, encoding="utf-8")
    return str(folder)


def printed(
    capsys: pytest.CaptureFixture[str], folder: str, *arguments: str
) -> list[dict[str, Any]]:
    assert main(["audit", "catalog", "--controls", folder, *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, list)
    return found


def test_items_have_the_promised_fields(capsys: pytest.CaptureFixture[str], few: str) -> None:
    chosen = ("--standard", "GBT22239-2019", "--level", "3", "--part", "general")
    items = printed(capsys, few, *chosen)
    first = next(one for one in items if one["clause"] == "8.1.4.1.a")
    assert [name for name in FIELDS if name not in first] == []
    assert first["control_point"] == "8.1.4.1"
    assert first["control_point_title"] == "身份鉴别"
    assert first["layers"] == ["application", "host", "network"]
    assert {one["level"] for one in items} == {3}


@pytest.mark.parametrize("name", ["GBT22239-2019", "GB/T 22239-2019", "gb/t22239-2019"])
def test_the_standard_may_be_written_as_people_do(
    capsys: pytest.CaptureFixture[str], few: str, name: str
) -> None:
    items = printed(capsys, few, "--standard", name, "--level", "2", "--clause", "7.1.4.8")
    assert [one["clause"] for one in items] == ["7.1.4.8.a", "7.1.4.8.b"]


def test_a_clause_is_not_the_beginning_of_a_longer_number(
    capsys: pytest.CaptureFixture[str], few: str
) -> None:
    items = printed(capsys, few, "--level", "3", "--clause", "8.1.1.1")
    assert [one["control_point"] for one in items] == ["8.1.1.1", "8.1.1.1"]


def test_an_unknown_standard_is_bad_input(capsys: pytest.CaptureFixture[str], few: str) -> None:
    assert main(["audit", "catalog", "--controls", few, "--standard", "GBT1"]) == 2
    assert "GBT22239-2019" in capsys.readouterr().err


def test_the_table_counts(capsys: pytest.CaptureFixture[str], few: str) -> None:
    assert main(["audit", "catalog", "--controls", few, "--level", "4", "--clause", "9.1.5.4"]) == 0
    told = capsys.readouterr().out
    assert "1 个控制点 control points, 7 项 items" in told
    assert "unverified，不计分" in told


def test_verify_ends_with_1_where_sections_are_lost(
    capsys: pytest.CaptureFixture[str], few: str
) -> None:
    assert main(["audit", "catalog", "--controls", few, "--verify", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert "8.1.3: the section is missing (level 3)" in told["problems"]
    assert not any("8.1.4" in line for line in told["problems"])
    assert main(["audit", "catalog", "--controls", few, "--verify"]) == 1
    assert "处不符 problems" in capsys.readouterr().out


def test_the_catalog_we_ship_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "catalog", "--verify"]) == 0
    assert "0 处不符" in capsys.readouterr().out


def check(name: str, *serves: Serves) -> Check:
    return Check(
        id=name,
        title=TEXT,
        probe="file",
        objects=(ObjectClass.SERVER,),
        expect=Expectation(op="exists"),
        severity=Severity.LOW,
        problem=TEXT,
        remedy=TEXT,
        serves=serves,
        examples=(),
    )


def test_a_check_serves_the_requirement_at_every_level(few: str) -> None:
    catalog = load_catalog(Path(few))
    of = "GBT22239-2019"
    checks = [
        check(
            "ssh",
            Serves(control=f"{of}:3:8.1.4.1.b", link=Link.DECIDES),
            Serves(control=f"{of}:2:7.1.4.1.b", link=Link.CONTRIBUTES),
        ),
        check("boot", Serves(control=f"{of}:3:8.1.4.6.a", link=Link.CONTRIBUTES)),
        check("virus", Serves(control=f"{of}:3:8.1.4.5", link=Link.DECIDES)),
        check("gone", Serves(control=f"{of}:3:8.1.4.99", link=Link.DECIDES)),
    ]
    found = catalog_cli.served(catalog, checks)
    assert found[f"{of}:3:8.1.4.1.b"] == ({"id": "ssh", "link": "decides"},)
    assert found[f"{of}:2:7.1.4.1.b"] == ({"id": "ssh", "link": "contributes"},)
    assert found[f"{of}:4:9.1.4.1.b"] == ({"id": "ssh", "link": "decides"},)
    assert found[f"{of}:3:8.1.4.5"] == ({"id": "virus", "link": "decides"},)
    assert found[f"{of}:2:7.1.4.5"] == ({"id": "virus", "link": "contributes"},)  # asks less
    assert found[f"{of}:2:7.1.4.6"] == ({"id": "boot", "link": "contributes"},)
    assert not any("99" in name for name in found)


def test_a_high_risk_rule_stands_at_its_levels(few: str) -> None:
    rule = HighRiskRule(
        id="6.4.1.1",
        title=TEXT,
        levels=(2, 3),
        controls=("GBT22239-2019:3:8.1.4.1.a",),
        trigger=TEXT,
        basis=Basis(source="x"),
    )
    found = catalog_cli.risky(load_catalog(Path(few)), [rule])
    assert {*found} == {"GBT22239-2019:2:7.1.4.1.a", "GBT22239-2019:3:8.1.4.1.a"}
