"""`qinglang data views`: exit codes, and the plan of a real server."""

import json
from pathlib import Path

import pytest

from audit.cli import main
from tests.audit.lifecycle.school import fill
from tests.audit.lifecycle.servers import postgresql


@pytest.mark.parametrize(
    "more",
    [["--db", "nonsense"], ["--db", "oracle://h/d"], ["--db", "postgresql://u:secret@h/d"]],
)
def test_bad_input_is_2(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "views", "sharing", "--role", "r", *more]) == 2
    assert "secret" not in "".join(capsys.readouterr())


def test_sqlite_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(f"sqlite:///{tmp_path}/a.db", 3)
    told = ["data", "views", "sharing", "--db", f"sqlite:///{tmp_path}/a.db", "--role", "r"]
    assert main([*told, "--schema", "x"]) == 2
    assert "SQLite 没有账号" in "".join(capsys.readouterr())


@pytest.mark.wire
def test_plan_sql_and_apply(capsys: pytest.CaptureFixture[str]) -> None:
    with postgresql() as url:
        fill(url, 12)
        told = ["data", "views", "sharing", "--db", url, "--role", "qinglang2", "--schema", "s"]
        assert main(told) == 2
        capsys.readouterr()
        assert main([*told, "--keyed", "redact", "--sql"]) == 2  # no such role
        other = [*told[:6], "qinglang", *told[7:], "--keyed", "redact"]
        capsys.readouterr()
        assert main([*other, "--json"]) == 0
        body = json.loads(capsys.readouterr().out)
        assert body["applied"] is False
        assert {one["view"] for one in body["views"]} == {"class", "student", "mark"}
        assert main([*other, "--sql"]) == 0
        said = capsys.readouterr().out
        assert "security_barrier" in said
        assert "1990000" not in said
        assert main([*other, "--apply"]) == 2  # a superuser has other ways
        assert "powers" in "".join(capsys.readouterr())
