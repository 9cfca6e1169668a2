"""Where a copy is built: state, resumption, and what is never replaced."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from audit.lifecycle.mask_switch import STATE, apart, stage_of
from rules.load import DataError, WorldError


def engine(path: Path) -> Any:
    return create_engine(f"sqlite:///{path}", poolclass=NullPool)


def test_state_is_kept_for_the_same_source_only(tmp_path: Path) -> None:
    stage = stage_of(engine(tmp_path / "b.db"), "")
    assert stage.begin("mark") == {}
    stage.finish("student", {"rows": 3})
    assert stage_of(engine(tmp_path / "b.db"), "").begin("mark") == {"student": {"rows": 3}}
    assert stage_of(engine(tmp_path / "b.db"), "").begin("other") == {}
    assert not (tmp_path / "b.db").exists()
    with stage.reading() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {STATE}")).scalar() == 1


def test_what_is_no_copy_of_ours_is_not_replaced(tmp_path: Path) -> None:
    with engine(tmp_path / "b.db").begin() as connection:
        connection.execute(text("CREATE TABLE student (id INTEGER)"))
    with pytest.raises(DataError, match="不是我们的副本"):
        stage_of(engine(tmp_path / "b.db"), "").begin("mark")


def test_a_target_that_cannot_be_made(tmp_path: Path) -> None:
    from sqlalchemy.exc import OperationalError

    with pytest.raises((WorldError, OperationalError)):
        stage_of(engine(tmp_path / "no" / "b.db"), "").begin("mark")


@pytest.mark.parametrize(
    ("one", "source", "other", "target"),
    [
        ("sqlite:////a.db", "", "sqlite:////a.db", ""),
        ("postgresql+pg8000://h/d", "", "postgresql+pg8000://h/d", "public"),
        ("postgresql+pg8000://h/d", "", "postgresql+pg8000://h/e", ""),
        ("mysql+pymysql://h/d", "", "mysql+pymysql://h/d", ""),
    ],
)
def test_source_and_target_are_two_places(one: str, source: str, other: str, target: str) -> None:
    with pytest.raises(DataError):
        apart(create_engine(one), source, create_engine(other), target)
