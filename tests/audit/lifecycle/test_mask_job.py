"""A job over a file: published only when clean, gone without a trace otherwise."""

import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from audit.lifecycle import mask_job
from audit.lifecycle.mask import By, Family, Field, Step, TablePlan
from audit.lifecycle.mask_inventory import Known
from audit.lifecycle.mask_job import Job, alone, mask_file
from audit.lifecycle.residual import Scan, Seen
from policies.masks_files import load_headers, load_mask, loads_policy
from policies.masks_model import Algorithm, Keys, Mask
from rules.load import DataError, WorldError
from rules.personal_files import load_finder
from rules.recognise.personal.validators import id_card_digit
from tests.audit.lifecycle.school import person

POLICY, DIGEST = load_mask("test-copy")
JOB = Job(
    policy=POLICY,
    digest=DIGEST,
    keys=Keys(id="k1", master=bytes(32)),
    finder=load_finder(),
    headers=load_headers(),
    today=date(2026, 11, 1),
)


def school(path: Path, people: int = 200) -> Path:
    rows = ["学号,姓名,身份证号,手机号,性别,备注"]
    for place in range(people):
        no, name, identity, phone = person(place)
        rows.append(f"{no},{name},{identity},{phone},男,{name}家长{phone}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_masked_scanned_published(tmp_path: Path) -> None:
    source, target = school(tmp_path / "a.csv"), tmp_path / "b.csv"
    before = source.read_bytes()
    done = mask_file(JOB, source, target)
    assert done.published
    text = target.read_text("utf-8")
    for place in range(200):
        for value in person(place):
            assert value not in text
            assert value not in json.dumps(done.body, ensure_ascii=False)
    assert done.body["tables"][0]["rows"] == 200
    assert source.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv"]
    assert target.stat().st_mode & 0o077 == 0


def test_equal_across_files_and_runs(tmp_path: Path) -> None:
    source = school(tmp_path / "a.csv", 20)
    mask_file(JOB, source, tmp_path / "b.csv")
    mask_file(JOB, school(tmp_path / "other.csv", 20), tmp_path / "c.jsonl")
    csv = [line.split(",")[0] for line in (tmp_path / "b.csv").read_text("utf-8").splitlines()[1:]]
    jsonl = [
        json.loads(line)["学号"] for line in (tmp_path / "c.jsonl").read_text("utf-8").splitlines()
    ]
    assert csv == jsonl
    sharing, digest = load_mask("sharing")
    mask_file(replace(JOB, policy=sharing, digest=digest), source, tmp_path / "d.csv")
    other = [
        line.split(",")[0] for line in (tmp_path / "d.csv").read_text("utf-8").splitlines()[1:]
    ]
    assert not set(csv) & set(other)


@pytest.mark.parametrize("suffix", [".jsonl", ".xlsx", ".parquet", ".tsv"])
def test_every_format_is_scanned(tmp_path: Path, suffix: str) -> None:
    first = tmp_path / f"b{suffix}"
    assert mask_file(JOB, school(tmp_path / "a.csv", 30), first).published
    assert mask_file(JOB, first, tmp_path / f"c{suffix}").published


def test_a_leak_is_not_published(tmp_path: Path) -> None:
    leaky = loads_policy(
        "id: x\ntitle: {zh: 某, en: x}\npurpose: x\nbasis: [{source: 区规}]\n"
        "masks: {name: {algorithm: redact}}\n"
        "columns: [{match: '*.备注', mask: {algorithm: pass}, reason: 误判为公开}]\n",
        "x.yaml",
    )
    done = mask_file(replace(JOB, policy=leaky), school(tmp_path / "a.csv"), tmp_path / "b.csv")
    assert not done.published
    assert done.body["residual"]["source_values"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert "1990000" not in json.dumps(done.body)


def test_one_job_at_a_time(tmp_path: Path) -> None:
    with alone(tmp_path / ".b.csv.lock"), pytest.raises(WorldError, match="另一个"):
        mask_file(JOB, school(tmp_path / "a.csv", 3), tmp_path / "b.csv")
    assert not (tmp_path / "b.csv").exists()


def test_source_and_target_differ(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        mask_file(JOB, school(tmp_path / "a.csv", 3), tmp_path / "a.csv")


def test_a_source_that_changes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = school(tmp_path / "a.csv", 3)
    real, calls = mask_job.digest_of, []

    def digest(path: Path) -> str:
        calls.append(path)
        return f"{len(calls)}" if path == source else real(path)

    monkeypatch.setattr(mask_job, "digest_of", digest)
    with pytest.raises(WorldError, match="变了"):
        mask_file(JOB, source, tmp_path / "b.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    source = school(tmp_path / "a.csv", 2000)
    child = os.fork()
    if child == 0:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            mask_file(JOB, source, tmp_path / "b.csv")
            os._exit(0)
        except WorldError as error:
            os._exit(3 if "磁盘" in str(error) or "写不下" in str(error) else 4)
        except BaseException:
            os._exit(5)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_an_inventory_wins(tmp_path: Path) -> None:
    from rules.recognise.personal.kinds import Kind

    job = replace(JOB, known=Known(columns={"a.备注": Kind.ADDRESS}))
    done = mask_file(job, school(tmp_path / "a.csv", 5), tmp_path / "b.csv")
    told = {one["column"]: one for one in done.body["tables"][0]["columns"]}
    assert told["备注"]["kind"] == "address"
    assert told["备注"]["by"] == "officer"


@pytest.mark.parametrize(("family", "clean"), [(Family.WHOLE, True), (Family.TEXT, False)])
def test_a_drawn_number_may_look_like_somebody_s(family: Family, clean: bool) -> None:
    """A key's whole numbers are declared; the same digits in a text are a find."""
    chance = person(1)[2].replace("8300", "1101", 1)
    chance = chance[:17] + id_card_digit(chance[:17])
    step = Step(
        field=Field(name="id", family=family, digits=18),
        kind=None,
        by=By.NOTHING,
        mask=Mask(algorithm=Algorithm.REDACT),
        permute=True,
    )
    scan = Scan(load_finder(), Seen(10))
    mask_job.scan_table(scan, TablePlan(name="t", steps=(step,)), ("id",), iter([[[chance]]]))
    assert scan.found.clean is clean
    assert scan.found.declared == int(clean)


def test_what_discovery_found_plain_is_not_named_by_its_header() -> None:
    job = replace(JOB, known=Known(plain=frozenset({"logs.account_id"}), whole=True))
    sample: list[list[object]] = [["7", "8", "9"], ["10", "11", "12"]]
    found = job.kinds_of("logs", ("account_id", "phone"), sample)
    assert found == {"account_id": (None, By.NOTHING), "phone": (None, By.NOTHING)}
    named = replace(job, known=Known()).kinds_of("logs", ("account_id",), sample[:1])
    assert named["account_id"][1] is By.HEADER
