"""The table of live probes: the right one for a target, and never an exception."""

from types import SimpleNamespace
from typing import Any

import pytest

from audit.model import Evidence, ObjectClass, Target
from audit.probes.table import TABLE, find, look, rows


def target(kind: ObjectClass, platform: str = "", **access: str) -> Target:
    return Target(id="t", name="t", system="s", kind=kind, platform=platform, access=access)


@pytest.mark.parametrize(
    ("kind", "platform", "probes"),
    [
        (ObjectClass.DATABASE, "mysql", ["mysql"]), (ObjectClass.DATABASE, "redis", ["redis"]),
        (ObjectClass.APPLICATION, "https", ["tls", "http"]), (ObjectClass.SERVER, "debian", []),
        (ObjectClass.SECURITY_DEVICE, "qinglang", ["gateway"]),
    ],
)  # fmt: skip
def test_who_looks(kind: ObjectClass, platform: str, probes: list[str]) -> None:
    assert [one.probe for one in rows(target(kind, platform))] == probes
    assert rows(target(kind, platform, via="ssh")) == ()


def missing(name: str) -> Any:
    raise ModuleNotFoundError(name)


def test_a_probe_that_is_not_here_is_unknown() -> None:
    one = target(ObjectClass.APPLICATION)
    found = look(rows(one)[0], one, now=1.0, load=missing)
    assert (found.probe, found.document) == ("tls", None)
    assert "not installed" in found.problem


def test_what_it_takes_and_what_breaks() -> None:
    one = target(ObjectClass.DATABASE, "mysql", port="3307", **{"password-env": "P"})
    said: dict[str, Any] = {}

    def good(target: Target, *, now: float, timeout: float, password: str = "", port: int = 1) -> Evidence:  # fmt: skip  # noqa: E501
        said.update(password=password, port=port, timeout=timeout)
        return Evidence(id="x", target="t", probe="mysql", method="", taken=now, dated=now)

    def broken(target: Target, *, now: float, timeout: float) -> Evidence:
        raise RuntimeError("the host's secret")

    row = rows(one)[0]
    done = look(
        row, one, now=1.0, environment={"P": "s3"}, load=lambda _: SimpleNamespace(look=good)
    )
    assert done.id == "x"
    assert said == {"password": "s3", "port": 3307, "timeout": 30.0}
    lost = look(row, one, now=1.0, load=lambda _: SimpleNamespace(look=broken))
    assert "RuntimeError" in lost.problem
    assert "secret" not in lost.problem
    assert find(TABLE[0], lambda _: SimpleNamespace()) is None
