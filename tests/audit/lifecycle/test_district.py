"""A district's database on real PostgreSQL: found, graded, masked, and its queries still join."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from audit.cli import main
from bench import district
from tests.audit.lifecycle import servers

JOINS = (
    "SELECT count(*), count(DISTINCT s.id) FROM {0}.students s"
    " JOIN {0}.scores x ON x.student_id = s.id JOIN {0}.guardians g ON g.student_id = s.id",
    "SELECT k.school_id IS NULL, count(*) FROM {0}.classes k"
    " JOIN {0}.students s ON s.class_id = k.id JOIN {0}.schools o ON o.id = k.school_id GROUP BY 1",
    "SELECT n, count(*) FROM (SELECT s.id, count(x.id) AS n FROM {0}.students s"
    " LEFT JOIN {0}.scores x ON x.student_id = s.id GROUP BY s.id) AS t GROUP BY n ORDER BY n",
)


@pytest.mark.wire
def test_from_finding_to_a_copy_that_joins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with servers.postgresql() as url:
        district.write(url, 1000)
        assert main(["data", "discover", url, "--store", "inv"]) == 0
        assert main(["data", "grade", "inv/inventory.json"]) == 0
        assert main(["data", "mask-key", "mask.key"]) == 0
        capsys.readouterr()
        words = ["--in", url, "--in-schema", "public", "--out", url, "--out-schema", "masked"]
        words += ["--key-file", "mask.key", "--inventory", "inv/inventory.json", "--json"]
        assert main(["data", "mask", "--policy", "test-copy", *words]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["published"] is True
        assert told["residual"]["verified"] == {}
        assert told["residual"]["source_values"] == 0
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            for query in JOINS:
                there = connection.execute(text(query.format("public"))).all()
                assert there == connection.execute(text(query.format("masked"))).all()
                assert there
            for column in ("xm", "sfzjh", "xjh", "xh", "lxdh"):
                same = "public.students a JOIN masked.students b USING"
                found = connection.execute(text(f"SELECT count(*) FROM {same} ({column})"))
                assert found.scalar_one() == 0, column
