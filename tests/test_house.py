"""The law of the house: who may import whom, where the world comes in, a twin for each module."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOWER = ("rules", "policies", "gateway", "audit")  # each floor imports only floors below

WORLD = {
    "asyncio", "fcntl", "http.server", "httpx", "loguru", "mmap", "select", "signal", "smtplib",
    "socket", "sqlalchemy", "sqlite3", "subprocess", "threading", "urllib.request",
}  # fmt: skip
"""Modules that touch sockets, files by handle, processes, threads, databases or the log."""

PURE = (
    "rules/model.py", "rules/hosts.py", "rules/classify.py", "rules/recognise",
    "policies/model.py", "policies/decide.py", "policies/compile.py", "policies/calendar.py",
    "policies/check.py", "policies/document.py", "policies/overlay.py", "policies/rule.py",
    "policies/seat.py", "policies/moment.py", "policies/policy.py", "policies/tiers.py",
    "policies/seat.py", "policies/moment.py", "policies/policy.py",
    "policies/simulate.py", "policies/changes.py", "policies/difference.py",
    "policies/coverage.py", "policies/bulk.py",
    "policies/learning.py", "gateway/votes.py",
    "policies/profiles.py", "policies/bundle.py", "policies/rollout.py",
    "policies/seat.py", "policies/moment.py", "policies/policy.py", "policies/hours.py",
    "policies/schoolyear.py", "policies/dates.py", "gateway/background.py",
    "gateway/usage_words.py",
    "gateway/pipeline.py", "gateway/content.py", "gateway/unpack.py", "gateway/destinations.py",
    "gateway/batch.py",
    "gateway/describe.py", "gateway/identity/resolve.py", "gateway/identity/book.py",
    "gateway/identity/feed.py", "gateway/identity/portal.py", "gateway/identity/prefixes.py",
    "gateway/identity/radius.py",
    "gateway/identity/sessions.py", "gateway/identity/tables.py", "gateway/page", "gateway/rewrite",
    "gateway/dns/wire.py", "gateway/dns/records.py", "gateway/dns/reply.py",
    "gateway/dns/screen.py", "gateway/dns/judge.py", "gateway/dns/rate.py",
    "gateway/mitm/hello.py", "gateway/mitm/exchange.py", "gateway/mitm/filter.py",
    "gateway/mitm/requests.py", "gateway/mitm/responses.py", "gateway/mitm/tunnel.py",
    "gateway/mitm/layers.py", "gateway/mitm/options.py",
    "gateway/reading.py", "gateway/unpack.py",
    "gateway/ledger.py", "gateway/gaps.py", "gateway/why.py", "gateway/reveal.py",
    "gateway/formats.py", "gateway/pack.py",
    "audit/aggregate.py", "audit/crosswalk.py", "audit/grading.py", "audit/matrix.py",
    "audit/rectification.py", "audit/risk.py", "audit/score.py", "audit/trusted.py",
    "audit/weighing.py",
    "audit/catalog.py", "audit/model.py", "audit/population.py",
    "audit/sampling.py", "audit/scope.py", "audit/targets.py",
    "audit/lifecycle/columns.py", "audit/lifecycle/discover.py", "audit/lifecycle/grading.py",
    "audit/lifecycle/inventory.py", "audit/lifecycle/inventory_report.py",
    "rules/recognise/personal/kind_words.py", "audit/lifecycle/links.py", "audit/lifecycle/risk.py",
    "audit/lifecycle/shapes.py",
    "audit/probes/collect.py", "audit/probes/collected.py", "audit/probes/host.py",
    "audit/probes/linux",
    "audit/probes/redis_facts.py", "audit/probes/sql/answers.py", "audit/probes/sql/commercial.py",
    "audit/probes/sql/document.py", "audit/probes/sql/mysql.py", "audit/probes/sql/personal.py",
    "audit/probes/sql/plan.py", "audit/probes/sql/postgresql.py", "audit/probes/sql/recorded.py",
    "audit/probes/sql/sqlite.py", "audit/probes/sql/support.py",
    "audit/probes/handshake",
    "audit/probes/web",
    "audit/probes/network",
    "audit/probes/windows",
    "audit/catalog.py", "audit/model.py", "audit/population.py",
    "audit/items.py", "audit/judge.py", "audit/operators.py", "audit/run.py",
    "audit/aggregate.py", "audit/crosswalk.py", "audit/grading.py", "audit/matrix.py",
    "audit/rectification.py", "audit/risk.py", "audit/score.py", "audit/trusted.py",
    "audit/weighing.py",
    "audit/reports",
    "audit/record.py",
    "audit/record.py", "audit/vault.py", "audit/proof.py", "audit/difference.py",
    "audit/waivers.py", "audit/schedule.py", "audit/repairs.py", "audit/repair_list.py",
    "audit/answers.py", "audit/questionnaire", "audit/imported.py", "audit/importers",
    "audit/register.py", "audit/rollup.py",
    "policies/applications.py", "gateway/masking/answers.py", "gateway/masking/heads.py",
    "gateway/masking/lens.py", "gateway/masking/pages.py", "gateway/masking/site.py",
    "gateway/masking/tables.py", "gateway/masking/tokens.py", "gateway/masking/trust.py",
    "policies/masking.py", "policies/masks_fake.py", "policies/masks_ff1.py",
    "policies/masks_keyed.py", "policies/masks_model.py", "policies/masks_plain.py",
    "audit/lifecycle/mask_inventory.py", "policies/masks_digest.py",
    "audit/lifecycle/mask.py", "audit/lifecycle/residual.py", "audit/lifecycle/certificate.py",
    "audit/lifecycle/logs/model.py", "audit/lifecycle/logs/mysql.py",
    "audit/lifecycle/logs/postgresql.py", "audit/lifecycle/logs/records.py",
    "audit/lifecycle/logs/statement.py", "audit/lifecycle/logs/times.py",
    "audit/lifecycle/anomaly.py",
    "audit/lifecycle/breaches.py", "audit/lifecycle/check.py", "audit/lifecycle/check_access.py",
    "audit/lifecycle/check_evidence.py", "audit/lifecycle/check_keeping.py",
    "audit/lifecycle/check_papers.py", "audit/lifecycle/check_scope.py",
    "audit/lifecycle/coarsen/coded.py", "audit/lifecycle/coarsen/ladder.py",
    "audit/lifecycle/coarsen/lattice.py", "audit/lifecycle/coarsen/local.py",
    "audit/lifecycle/coarsen/utility.py", "audit/lifecycle/coarsen/wanted.py",
    "audit/lifecycle/privacy/budget.py", "audit/lifecycle/privacy/counts.py",
    "audit/lifecycle/privacy/noise.py",
    "audit/lifecycle/destroying.py", "audit/lifecycle/grants.py",
    "audit/lifecycle/reality.py", "audit/lifecycle/rules.py",
    "audit/lifecycle/rule_ends.py", "audit/lifecycle/rule_times.py",
    "audit/lifecycle/rule_words.py", "audit/lifecycle/sampled.py",
    "audit/lifecycle/unmask.py", "audit/lifecycle/people.py", "audit/lifecycle/sharing.py",
    "audit/lifecycle/finding.py", "audit/lifecycle/model.py", "rules/readers/headers.py",
    "rules/readers/model.py",
)  # fmt: skip
"""Functions from values to values: nothing of WORLD may be imported here."""

NO_TWIN = {
    "rules/model.py": "values only; every other test makes them",
    "policies/model.py": "values only; every other test makes them",
    "gateway/page/model.py": "values only",
    "audit/model.py": "values only; every other test makes them",
    "audit/reports/model.py": "values only",
    "audit/reports/blocks.py": "values only",
    "audit/lifecycle/model.py": "values only",
    "audit/lifecycle/logs/model.py": "values only",
    "audit/lifecycle/logs/sql_words.py": "values only",
    "gateway/outflow/model.py": "values only; test_parts and test_look make them",
    "rules/readers/model.py": "values only; every reader's test makes them",
}


def modules() -> list[Path]:
    return sorted(
        path
        for floor in TOWER
        for path in (ROOT / floor).rglob("*.py")
        if "migrations" not in path.parts
    )


def imported(path: Path) -> Iterator[str]:
    """The names a module imports for use at run time and for types alike."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", modules(), ids=place)
def test_each_floor_imports_only_floors_below(path: Path) -> None:
    floor = TOWER.index(path.relative_to(ROOT).parts[0])
    above = TOWER[floor + 1 :]
    wrong = [name for name in imported(path) for top in above if within(name, top)]
    assert wrong == []


@pytest.mark.parametrize("path", modules(), ids=place)
def test_mitmproxy_stays_in_its_room(path: Path) -> None:
    if path.is_relative_to(ROOT / "gateway" / "mitm"):
        return
    assert [name for name in imported(path) if within(name, "mitmproxy")] == []


@pytest.mark.parametrize("name", PURE)
def test_pure_rooms_know_no_world(name: str) -> None:
    target = ROOT / name
    paths = [target] if target.is_file() else sorted(target.rglob("*.py"))
    assert paths, f"{name} is gone: mend the list"
    for path in paths:
        wrong = [found for found in imported(path) for world in WORLD if within(found, world)]
        assert wrong == [], place(path)


def has_asserts(path: Path) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(path.read_text())))


def test_no_assert_guards_anything() -> None:
    """Workers run under `python -O`, where asserts are gone."""
    assert [place(path) for path in modules() if has_asserts(path)] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        place(path)
        for path in modules()
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


@pytest.mark.parametrize("path", modules(), ids=place)
def test_every_module_has_its_twin(path: Path) -> None:
    name = place(path)
    if path.name == "__init__.py" or name in NO_TWIN:
        return
    twin = ROOT / "tests" / path.relative_to(ROOT).parent / f"test_{path.name}"
    assert twin.exists(), f"{place(twin)} is missing"


def test_tests_are_no_package() -> None:
    """A tests/rules/__init__.py would shadow the real `rules`."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_no_module_is_too_long() -> None:
    long = [place(p) for p in modules() if len(p.read_text(encoding="utf-8").splitlines()) > 420]
    assert long == []
