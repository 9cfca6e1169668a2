"""`qinglang rules apps`."""

import json
from pathlib import Path

import pytest

from audit import cli


def test_the_list_has_one_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "apps", "--category", "game-accelerator"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 6
    assert any(line.startswith("uu ") and "uu.163.com" in line for line in lines)


def test_json_has_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "apps", "softether", "wechat", "--json"]) == 0
    softether, wechat = json.loads(capsys.readouterr().out)
    assert softether["ja4"] == [
        "t13d880900_fcb5b95cb75a_b0d3b4ac2a14",
        "t13i880900_fcb5b95cb75a_b0d3b4ac2a14",
    ]
    assert (wechat["browser"], wechat["agents"]) == (True, ["MicroMessenger"])
    assert wechat["categories"] == ["messaging", "social"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["douyinn"], "did you mean `douyin`?"), (["--category", "game"], "`games`")],
)
def test_an_unknown_name(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["rules", "apps", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_district_s_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "apps").mkdir()
    text = "id: ours\ntitle: {zh: 甲, en: 甲}\ncategories: [games]\n"
    text += "hosts: [a.org, b.org, c.org, d.org]\n"
    (tmp_path / "apps" / "ours.yaml").write_text(text, encoding="utf-8")
    assert cli.main(["rules", "apps", "ours", "--rules", str(tmp_path)]) == 0
    assert "a.org b.org c.org +1" in capsys.readouterr().out
