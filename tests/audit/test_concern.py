"""Which checks a target is asked: evidence decides; without it, what could have been meant."""

from dataclasses import replace

import pytest

from audit.checks import load_checks
from audit.concern import KINDS, NAMED, OWN, asked, missed
from audit.model import Evidence, ObjectClass, Target

TARGET = Target(id="t", name="t", system="", kind=ObjectClass.DATABASE)
SEEN = Evidence(id="e", target="t", probe="mysql", method="m", taken=1.0, dated=1.0, document={})


def of(probe: str, kind: ObjectClass):
    return next(one for one in load_checks().values() if one.probe == probe and kind in one.objects)


@pytest.mark.parametrize(
    ("probe", "kind", "platform", "wanted"),
    [
        ("postgresql", ObjectClass.DATABASE, "postgresql", True),
        ("postgresql", ObjectClass.DATABASE, "", True),
        ("postgresql", ObjectClass.DATABASE, "mysql", False),
        ("nginx", ObjectClass.MIDDLEWARE, "tomcat", False),
        ("linux", ObjectClass.SERVER, "debian", True),
        ("linux", ObjectClass.SERVER, "", True),
        ("linux", ObjectClass.SERVER, "windows-server", False),
        ("windows", ObjectClass.SERVER, "debian", False),
        ("windows", ObjectClass.SERVER, "", False),
        ("windows", ObjectClass.SERVER, "windows", True),
        ("network-device", ObjectClass.NETWORK_DEVICE, "vrp", True),
        ("network-device", ObjectClass.NETWORK_DEVICE, "", True),
        ("gateway", ObjectClass.SECURITY_DEVICE, "", False),
        ("gateway", ObjectClass.SECURITY_DEVICE, "qinglang", True),
        ("register", ObjectClass.PEOPLE, "", False),
        ("http", ObjectClass.APPLICATION, "", True),
    ],
)
def test_without_evidence(probe: str, kind: ObjectClass, platform: str, wanted: bool) -> None:
    check = replace(of(probe, kind), platforms=())
    assert missed(check, replace(TARGET, kind=kind, platform=platform)) is wanted


def test_a_check_for_other_platforms_is_not_missed() -> None:
    check = replace(of("linux", ObjectClass.SERVER), platforms=("openeuler",))
    server = replace(TARGET, kind=ObjectClass.SERVER)
    assert not missed(check, replace(server, platform="debian"))
    assert missed(check, replace(server, platform="openeuler"))


def test_evidence_decides() -> None:
    check = of("mysql", ObjectClass.DATABASE)
    other = replace(TARGET, platform="postgresql")
    assert asked(check, other, {("t", "mysql"): SEEN})
    assert not asked(check, other, {})
    assert not asked(check, replace(other, kind=ObjectClass.SERVER), {("t", "mysql"): SEEN})


def test_every_probe_is_known() -> None:
    probes = {one.probe for one in load_checks().values()}
    assert probes >= NAMED
    assert set(OWN) <= probes
    assert set(KINDS) <= probes
