"""Written files are read again by hand: groups counted with a dictionary, nothing of ours."""

import csv
import random
from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.lifecycle.coarsen import job as module
from audit.lifecycle.coarsen.job import Task, enforce, faults
from audit.lifecycle.coarsen.ladder_files import load_ladders
from audit.lifecycle.coarsen.wanted import Wanted
from audit.lifecycle.risk import Group, weigh
from audit.lifecycle.risk_source import of_file
from rules.load import DataError, WorldError

LADDERS = load_ladders()


def source(tmp_path, rows=400):
    dice = random.Random(3)
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["xm", "xb", "csrq", "bz", "jk", "cj"])
        for place in range(rows):
            born = f"20{dice.randint(10, 13)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
            ill = dice.choice(["无", "无", "哮喘", ""])
            sex, mark = dice.choice("男女"), dice.randint(40, 99)
            writer.writerow([f"张{place}", sex, born, f"n{place}", ill, mark])
    return path


def task(**more):
    made = Task(quasi=("xb", "csrq"), ladders=(LADDERS["hide"], LADDERS["date"]),
                sensitive=("jk", "cj"), keep=(), direct=("xm",), wanted=Wanted(k=5))  # fmt: skip
    return replace(made, **more)


def groups(path, quasi=("xb", "csrq"), value="jk"):
    found = defaultdict(Counter)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[tuple(row[one] for one in quasi)][row[value]] += 1
    return found


@pytest.mark.parametrize("local", [False, True], ids=["full", "local"])
@pytest.mark.parametrize("wanted", [Wanted(k=5), Wanted(k=7, l=2, t=0.6)], ids=["k", "klt"])
def test_the_written_file_holds(tmp_path, local, wanted):
    out = tmp_path / "b.csv"
    done = enforce(of_file(source(tmp_path)), task(local=local, wanted=wanted), out)
    assert done.published, done.why
    found = groups(out)
    assert min(sum(one.values()) for one in found.values()) == done.report.k >= wanted.k
    assert all(len(one - Counter({"": 10**9})) >= wanted.l for one in found.values())
    assert done.left_out == ("xm", "bz")
    assert "张" not in out.read_text("utf-8")
    assert done.utility.rows - done.utility.suppressed == sum(
        sum(one.values()) for one in found.values()
    )
    assert done.utility.suppressed <= 20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv"]


def test_the_same_again(tmp_path):
    path = source(tmp_path)
    made = [enforce(of_file(path), task(seed=seed), tmp_path / f"{n}.csv").sha256
            for n, seed in enumerate((1, 1, 2))]  # fmt: skip
    assert made[0] == made[1] != made[2]


def test_cells_under_a_star(tmp_path):
    path = source(tmp_path)
    rows = path.read_text("utf-8").splitlines()
    alone = [f"甲{n},男,{1970 + n}-01-01,x,{'无' if n % 2 else '哮喘'},{50 + n}" for n in range(9)]
    path.write_text("\n".join(rows + alone), encoding="utf-8")
    out = tmp_path / "b.csv"
    wanted = Wanted(k=8, l=2, cells=True, most_suppressed=0.2)
    done = enforce(of_file(path), task(wanted=wanted), out)
    found = groups(out)
    assert done.published
    assert sum(found[("*", "*")].values()) == done.utility.suppressed >= 8
    assert sum(sum(one.values()) for one in found.values()) == 409


@pytest.mark.parametrize("suffix", [".tsv", ".jsonl", ".xlsx", ".parquet"])
def test_other_formats(tmp_path, suffix):
    out = tmp_path / f"b{suffix}"
    done = enforce(of_file(source(tmp_path, 120)), task(wanted=Wanted(k=3)), out)
    assert done.published, done.why
    assert of_file(out).columns == ("xb", "csrq", "jk", "cj")


@pytest.mark.parametrize(
    ("wanted", "why"),
    [(Wanted(k=401), "400 行"), (Wanted(k=2, l=4), "jk 的取值少于 l"), (Wanted(k=400, l=61), "l")],
)
def test_when_it_can_not_be_had(tmp_path, wanted, why):
    out = tmp_path / "b.csv"
    done = enforce(of_file(source(tmp_path)), task(wanted=wanted), out)
    assert not done.published
    assert why in done.why.zh
    assert not out.exists()


def test_what_the_check_finds_is_not_published(tmp_path, monkeypatch):
    """A search that lies: the file is read again, and gone."""
    real = module._fully

    def lies(*words):
        made = real(*words)
        return replace(made, kept=made.kept * 0 + 1)

    path = source(tmp_path)
    with path.open("a", encoding="utf-8") as file:
        file.write("甲,男,1980-01-01,x,无,50\n")
    monkeypatch.setattr(module, "_fully", lies)
    done = enforce(of_file(path), task(), tmp_path / "b.csv")
    assert not done.published
    assert "复核 k = 1" in done.why.zh
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]


def test_faults():
    totals = {"s": {"a": 5, "b": 1}}
    report = weigh("t", [Group(size=6, sensitive=totals)], quasi=["x"], totals=totals)
    assert faults(report, 6, Wanted(k=5, l=2)) is None
    for rows, wanted, said in (
        (7, Wanted(), "rows"), (6, Wanted(k=7), "k is 6"), (6, Wanted(l=3), "l of s"),
        (6, Wanted(l=2, entropy=True), "l of s"),
    ):  # fmt: skip
        assert said in faults(report, rows, wanted).en
    assert "unknown" in faults(report, 6, Wanted(l=2), ["s", "gone"]).en
    named = weigh("t", [Group(size=6)], quasi=["x"], direct=["name"])
    assert "direct" in faults(named, 6, Wanted()).en


def test_bad_tasks(tmp_path):
    path = source(tmp_path)
    with pytest.raises(DataError, match="one role"):
        enforce(of_file(path), task(sensitive=("xb",)), tmp_path / "b.csv")
    with pytest.raises(DataError, match="format"):
        enforce(of_file(path), task(), tmp_path / "b.doc")
    with pytest.raises(WorldError):
        enforce(of_file(path), task(), tmp_path / "none" / "b.csv")


CELLS = st.sampled_from(
    ["", "nan", "7", "2013-04-09", "*", "?", "男", '"', "a,b", "null", "\u3000"]
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(CELLS, max_size=6), max_size=25), st.booleans(), st.integers(1, 4))
def test_any_table(tmp_path, rows, local, k):
    """Ragged rows, empty groups, odd values: a file that holds, or none and a reason."""
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    out.unlink(missing_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["xb", "csrq", "jk", "cj"], *rows])
    done = enforce(of_file(path), task(local=local, wanted=Wanted(k=k), direct=()), out)
    assert done.published == out.exists() == (done.why is None)
    if done.published:
        found = groups(out)
        assert min(sum(one.values()) for one in found.values()) >= k
