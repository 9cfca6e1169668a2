"""Whether a masked copy is still personal information, by its certificate and a risk report."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.cli import main
from audit.lifecycle.standing import KEYED, standing

GOOD = {"k": 6, "level": 3, "wanted": 5, "rows": 100}


def body(*algorithms: str) -> dict[str, Any]:
    columns = [{"column": f"c{at}", "algorithm": one} for at, one in enumerate(algorithms)]
    return {"result": {"sha256": "aa"}, "tables": [{"table": "t", "columns": columns}]}


def risk(**more: Any) -> dict[str, Any]:
    return {"qinglang": "risk", "source": {"sha256": "aa"}, "report": {**GOOD, **more}}


def test_without_a_report_it_still_is() -> None:
    assert standing(body("redact")).still


def test_a_good_report_leaves_it_to_a_person() -> None:
    found = standing(body("redact", "generalise", "pass"), risk())
    assert not found.still
    assert found.wrong is None
    assert "负责人判定" in found.text.zh


@pytest.mark.parametrize("algorithm", sorted(KEYED))
def test_what_a_key_turns_back_still_is(algorithm: str) -> None:
    found = standing(body("redact", algorithm), risk())
    assert found.still
    assert "t.c1" in found.text.zh


def test_keyed_masks() -> None:
    assert {"pseudonym", "permute", "ff1", "token", "seal"} <= KEYED
    assert not {"redact", "null", "keep", "generalise", "pass"} & KEYED


@pytest.mark.parametrize(
    "more", [{"k": 4}, {"level": 2}, {"direct": ["phone"]}], ids=["k", "level", "direct"]
)
def test_a_bad_report_changes_nothing(more: dict[str, Any]) -> None:
    assert standing(body("redact"), risk(**more)).still


@pytest.mark.parametrize(
    "report",
    [
        [], "x", {}, {"qinglang": "risk"}, {**risk(), "source": {}}, {**risk(), "source": None},
        {**risk(), "source": {"sha256": "bb"}}, {**risk(), "report": {"k": "9"}},
    ],
)  # fmt: skip
def test_reports_of_something_else_are_named(report: object) -> None:
    found = standing(body("redact"), report)
    assert found.still
    assert found.wrong is not None


@settings(max_examples=80, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["qinglang", "source", "report", "k", "sha256"]), inner),
    max_leaves=8,
))  # fmt: skip
def test_any_json_is_no_report(report: object) -> None:
    assert standing(body("redact"), report).still


def test_from_a_file_to_its_standing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"某{'甲乙丙丁'[at % 4]},1390000{at:04},{at % 2 + 1}班\n" for at in range(60))
    Path("a.csv").write_text("姓名,手机号,班级\n" + rows, encoding="utf-8")
    Path("p.yaml").write_text(
        "id: open\ntitle: {zh: 公开, en: open}\npurpose: open\n"
        "basis: [{source: 个人信息保护法, clause: art. 73, status: confirmed}]\n"
        "masks:\n  name: {algorithm: redact}\n  phone: {algorithm: redact}\n"
        "columns: [{match: '*.班级', mask: {algorithm: pass}, reason: 班级不识别个人}]\n",
        encoding="utf-8",
    )
    assert main(["data", "mask", "--policy", "p.yaml", "--in", "a.csv", "--out", "b.csv"]) == 0
    told = ["data", "certificate", "verify", "b.csv.certificate.json", "--json"]
    capsys.readouterr()
    assert main(["data", "risk", "b.csv", "--quasi", "班级", "--json"]) in (0, 1)
    said = capsys.readouterr().out
    Path("risk.json").write_text(said, encoding="utf-8")
    assert main([*told, "--risk", "risk.json"]) == 0
    found = json.loads(capsys.readouterr().out)["standing"]
    report = json.loads(said)["report"]
    assert (report["level"], report["direct"], found["still"]) == (3, [], False)
    other = json.loads(said)
    other["source"]["sha256"] = "00"
    Path("other.json").write_text(json.dumps(other), encoding="utf-8")
    assert main([*told, "--risk", "other.json"]) == 1
    assert main([*told, "--risk", "none.json"]) == 2
