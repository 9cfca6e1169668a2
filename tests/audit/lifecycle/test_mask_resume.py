"""A file's job that was killed goes on where it was, for the same source, key and policy only."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.mask_resume import START, Point, Points, forget, mark_of

HERE = Path(__file__).resolve().parents[3]
JOB = """
import os, signal, sys
from datetime import date
from pathlib import Path
from audit.lifecycle import mask_formats, mask_job, mask_resume
from audit.lifecycle.mask_job import Job, mask_file
from policies.masks_files import load_headers, load_mask
from policies.masks_model import Keys
from rules.personal_files import load_finder
from rules.recognise.personal.triggers import Plain

source, target, key, stop = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
mask_formats.BATCH = mask_job.BATCH = 40
mask_resume.EVERY = 2
masked = []

def tell(_name, rows):
    masked.append(rows)
    if rows == stop:
        os.kill(os.getpid(), signal.SIGKILL)

policy, digest = load_mask("test-copy")
job = Job(policy=policy, digest=digest, keys=Keys(id="k", master=key.encode() * 32),
          finder=load_finder(None, Plain), headers=load_headers(), today=date(2026, 11, 1),
          tell=tell)
done = mask_file(job, source, target)
(table,) = done.body["tables"]
print(len(masked), table["rows"], table["troubles"], done.published)
"""


def run(source: Path, target: Path, key: str = "a", stop: int = 0) -> tuple[int, str]:
    command = [sys.executable, "-c", JOB, source, target, key, str(stop)]
    done = subprocess.run(
        command, cwd=HERE, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )  # fmt: skip
    assert done.returncode in (0, -9), done.stderr
    return done.returncode, done.stdout.strip()


def school(path: Path) -> None:
    rows = [("学号", "姓名", "出生日期", "手机号", "成绩")]
    for at in range(400):
        phone = "坏" if at % 50 == 0 else f"1690000{at:04}"
        rows.append((f"2026{at:06}", f"某{chr(0x4E00 + at)}", "2014-03-04", phone, str(at % 100)))
    if path.suffix == ".csv":
        path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
        return
    lines = [json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.wire
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_killed_and_gone_on(tmp_path: Path, suffix: str) -> None:
    source, whole, cut = (tmp_path / f"{name}{suffix}" for name in ("a", "whole", "cut"))
    school(source)
    code, said = run(source, whole)
    assert (code, said.split()[0]) == (0, "10")
    assert run(source, cut, stop=240)[0] == -9
    assert not cut.exists()
    for name in (f".cut{suffix}.part", f".cut{suffix}.job"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    with (tmp_path / f".cut{suffix}.part").open("ab") as file:
        file.write(b"half a row,")  # what the last point does not know of
    code, again = run(source, cut)
    assert code == 0
    assert again.split()[0] == "6"  # batches masked now: four were there
    assert again.split()[1:] == said.split()[1:]  # rows, troubles, published
    assert cut.read_bytes() == whole.read_bytes()
    assert {one.name for one in tmp_path.iterdir()} == {source.name, whole.name, cut.name}


@pytest.mark.wire
def test_another_key_or_source_starts_again(tmp_path: Path) -> None:
    source, cut = tmp_path / "a.csv", tmp_path / "cut.csv"
    school(source)
    assert run(source, cut, stop=240)[0] == -9
    assert run(source, cut, key="b")[1].split()[0] == "10"
    assert run(source, cut, stop=240)[0] == -9
    source.write_text(source.read_text(encoding="utf-8").replace(",99\n", ",98\n"))
    assert run(source, cut)[1].split()[0] == "10"


def points(folder: Path, size: int = 100) -> Points:
    part = folder / ".x.part"
    part.write_bytes(b"1" * size)
    part.chmod(0o600)
    return Points(folder / ".x.job", part, "mark")


POINT = Point(batches=4, size=90, troubles={"手机号": {"wrong-shape": 2}})


def test_a_point_comes_back(tmp_path: Path) -> None:
    kept = points(tmp_path)
    assert kept.last() is START
    kept.keep(POINT)
    assert kept.last() == POINT
    kept.forget()
    assert kept.last() is START
    assert [one.name for one in tmp_path.iterdir()] == [".x.part"]
    forget(tmp_path / ".x.job")


def test_a_point_that_cannot_be_trusted(tmp_path: Path) -> None:
    kept = points(tmp_path)
    kept.keep(POINT)
    assert Points(tmp_path / ".x.job", tmp_path / ".x.part", "other").last() is START
    (tmp_path / ".x.part").write_bytes(b"1" * 89)
    assert kept.last() is START
    (tmp_path / ".x.part").write_bytes(b"1" * 99)
    assert kept.last() == POINT
    (tmp_path / ".x.part").chmod(0o644)
    assert kept.last() is START
    (tmp_path / ".x.part").unlink()
    (tmp_path / ".x.part").symlink_to(tmp_path / ".x.job")
    assert kept.last() is START


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=60) | st.sampled_from([
    b"[]", b'{"mark": "mark", "batches": -1, "size": 1, "troubles": {}}',
    b'{"mark": "mark", "batches": true, "size": 1, "troubles": {}}',
    b'{"mark": "mark", "batches": 1, "size": 1, "troubles": []}',
    b'{"mark": "mark", "batches": 1, "size": 1, "troubles": {"a": 1}}',
]))  # fmt: skip
def test_any_bytes_are_no_point(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("p")
    kept = points(folder)
    (folder / ".x.job").write_bytes(data)
    assert kept.last() is START


def test_marks_differ() -> None:
    assert mark_of("a", ["b"]) != mark_of("a", ["c"])
    assert mark_of("a", ["b"]) == mark_of("a", ["b"])
