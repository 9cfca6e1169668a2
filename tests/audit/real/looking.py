"""The real targets of this folder: looked at over SSH, and what is expected of each."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from audit.checks import load_checks
from audit.judge import judge
from audit.model import Evidence, ObjectClass, Target
from audit.probes import ssh
from audit.scope import Scope
from tests.audit.real.machines import Machine, lacking, machine

HERE = Path(__file__).parent
EXPECTED = HERE / "expected.json"
ALWAYS = ("debian12-hardened", "debian12-broken", "debian13-plain")


@dataclass(frozen=True, kw_only=True)
class Real:
    """One target: a tree in a dress, entered by a user."""

    id: str
    tree: str
    dress: str
    user: str
    family: str


@cache
def data() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE / "targets.yaml").read_text(encoding="utf-8"))
    return found


def targets() -> tuple[Real, ...]:
    return tuple(Real(**one) for one in data()["targets"])


def expected() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return found


def lived_in(here: Machine, dress: str) -> None:
    """People of a hardened machine have logged in before we look; it has come up whole."""
    for person in ("zhang", "li") if dress == "hardened" else ():
        here.ssh(person, "true", "-tt")
    user = "audit" if dress == "hardened" else "root"
    here.ssh(user, "systemctl is-system-running --wait")


def login(here: Machine, user: str, **more: Any) -> ssh.Login:
    given: dict[str, Any] = {"user": user, "keys": (here.folder / "client",)} | more
    return ssh.Login(known_hosts=here.known_hosts, **given)


def gather(
    rows: Sequence[tuple[str, Machine, str]], scope: Scope | None = None, **more: Any
) -> dict[str, Evidence]:
    """Collect over SSH from machines; each has a key of its own."""
    found: dict[str, Evidence] = {}
    for name, here, user in rows:
        target = Target(
            id=name, name=name, system="real", kind=ObjectClass.SERVER, address=here.address,
            access={"sudo": "yes" if user != "root" else "no"},
        )  # fmt: skip
        allowed = scope or Scope(
            id="real", system="real", targets=(name,), begins="2020-01-01T00:00",
            ends="2099-01-01T00:00", per_minute=6000,
        )  # fmt: skip
        ssh.run(
            [target],
            login=login(here, user, **more),
            scope=allowed,
            keep=lambda one: found.update({one.target: one}),
        )
    return found


def states(evidence: Evidence) -> dict[str, str]:
    """Check → state, for every Linux check."""
    return {
        check.id: judge(check, evidence, target=evidence.target, now=evidence.taken).state.value
        for check in load_checks().values()
        if check.probe == "linux"
    }


def by_state(found: Mapping[str, str]) -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for check, state in sorted(found.items()):
        rows.setdefault(state, []).append(check)
    return dict(sorted(rows.items()))


def look(chosen: Sequence[Real]) -> dict[str, dict[str, str]]:
    """Boot, look, judge: target → check → state. Those whose tree is not here are left out."""
    result: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        for number, one in enumerate(chosen):
            if lacking(one.tree):
                continue
            with ExitStack() as stack:
                place = Path(name) / one.id
                here = stack.enter_context(machine(place, one.tree, one.dress, 20 + number))
                lived_in(here, one.dress)
                evidence = gather([(one.id, here, one.user)])[one.id]
            if evidence.problem:
                raise RuntimeError(f"{one.id}: {evidence.problem}")
            result[one.id] = states(evidence)
    return result
