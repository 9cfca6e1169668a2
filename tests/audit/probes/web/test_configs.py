"""Every kind of server, configured well and badly: the checks tell them apart."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from audit.checks import load_checks
from audit.judge import judge
from audit.model import Evidence, ObjectClass, State, Target
from audit.probes.folder import read
from audit.probes.web.configs import READERS, derived_targets, evidence
from audit.probes.web.tree import Mode, Tree

FIXTURES = Path(__file__).parent / "fixtures"
NOW = 1_800_000_000.0
WIDE = {
    "nginx": {"/etc/nginx/nginx.conf": "0777", "/etc/nginx/ssl/portal.key": "0644"},
    "apache": {"/etc/httpd/conf/httpd.conf": "0777", "/etc/apache2/apache2.conf": "0777"},
    "docker": {"/run/docker.sock": "0666"},
    "kubernetes": {"/etc/kubernetes/admin.conf": "0644"},
}
CLOSED = {
    "apache": {"/etc/apache2/apache2.conf": "0644"},
    "docker": {"/run/docker.sock": "0660"},
    "nginx": {"/etc/nginx/ssl/portal.key": "0600"},
    "kubernetes": {"/etc/kubernetes/admin.conf": "0600"},
}


@cache
def found(probe: str, how: str) -> Evidence:
    modes = (WIDE if how == "bad" else CLOSED).get(probe, {})
    tree = read(FIXTURES / probe / how)
    tree = replace(tree, modes={path: Mode(mode=one) for path, one in modes.items()})
    return next(
        one for one in evidence("h", tree, method="m", taken=NOW, dated=NOW) if one.probe == probe
    )


def states(probe: str, how: str) -> dict[str, State]:
    return {
        check.id: judge(check, found(probe, how), target=f"h/{probe}", now=NOW).state
        for check in load_checks(Path("audit/checks") / probe).values()
    }


@pytest.mark.parametrize("probe", READERS)
def test_what_is_configured_well_passes(probe: str) -> None:
    assert found(probe, "good").document["gaps"] == []
    lacking = {name: one for name, one in states(probe, "good").items() if one != "pass"}
    assert lacking == {}


@pytest.mark.parametrize("probe", READERS)
def test_what_is_configured_badly_fails(probe: str) -> None:
    lacking = {name: one for name, one in states(probe, "bad").items() if one != "fail"}
    assert lacking == {}


def test_modes_that_were_not_seen_are_unknown() -> None:
    (one,) = evidence("h", read(FIXTURES / "nginx" / "good"), method="m", taken=NOW, dated=NOW)
    for name in ("nginx-file-modes", "nginx-key-modes"):
        check = load_checks(Path("audit/checks/nginx"))[name]
        assert judge(check, one, target="h/nginx", now=NOW).state is State.UNKNOWN


def test_no_secret_is_in_a_document() -> None:
    for probe in READERS:
        assert "abc12345" not in str(found(probe, "bad").document)
        assert "9f86d081" not in str(found(probe, "good").document)


def test_nothing_there_is_no_evidence_and_unreadable_is_a_problem() -> None:
    assert evidence("h", Tree(texts={}), method="m", taken=NOW, dated=NOW) == ()
    shut = Tree(texts={}, unread={"/etc/nginx/nginx.conf": "denied"})
    (one,) = evidence("h", shut, method="m", taken=NOW, dated=NOW)
    assert (one.target, one.document) == ("h/nginx", None)
    assert "denied" in one.problem


def test_targets_of_their_own() -> None:
    host = Target(id="h", name="门户", system="oa", kind=ObjectClass.SERVER, address="10.1.1.1")
    seen = [found("nginx", "good"), found("kubernetes", "good")]
    nginx, cluster = derived_targets(seen, [host])
    assert (nginx.id, nginx.system, nginx.kind) == ("h/nginx", "oa", ObjectClass.MIDDLEWARE)
    assert (nginx.platform, nginx.address) == ("nginx", "10.1.1.1")
    assert cluster.kind is ObjectClass.MANAGEMENT_PLATFORM
    assert derived_targets(seen, [nginx, cluster]) == ()
    assert derived_targets([replace(seen[0], target="other")]) == ()
