"""PAM stacks of the families: a module's own words win over its settings file."""

import pytest

from audit.probes.linux.pam import access, limits, pam
from tests.audit.seen import facts, seen


@pytest.mark.parametrize(
    ("host", "module", "length", "classes"),
    [
        ("openeuler2203", "pam_pwquality", 10, 3),
        ("ubuntu2204", "pam_pwquality", 12, 4),
        ("uos20", "pam_cracklib", 8, 3),
        ("kylinv10", "pam_pwquality", 10, 4),
        ("centos7", None, None, 0),
        ("debian12", None, None, 0),
    ],
)
def test_quality(host: str, module: str | None, length: int | None, classes: int) -> None:
    found = facts(host)["pam"]["quality"]
    assert (found["module"], found["min_length"], found["classes"]) == (module, length, classes)


@pytest.mark.parametrize(
    ("host", "module", "deny", "unlock"),
    [
        ("openeuler2203", "pam_faillock", 5, 900),
        ("ubuntu2204", "pam_faillock", 5, 900),
        ("uos20", "pam_tally2", 5, 600),
        ("centos7", None, None, None),
    ],
)
def test_lockout(host: str, module: str | None, deny: int | None, unlock: int | None) -> None:
    found = facts(host)["pam"]["lockout"]
    assert (found["module"], found["deny"], found["unlock_seconds"]) == (module, deny, unlock)
    assert found["active"] is (module is not None)


def test_history_su_and_null() -> None:
    assert facts("openeuler2203")["pam"]["history"]["remember"] == 5
    assert facts("uos20")["pam"]["history"] == {
        "module": "pam_unix",
        "remember": 3,
        "for_root": False,
    }
    assert facts("ubuntu2204")["pam"]["su_wheel_only"]
    assert not facts("centos7")["pam"]["su_wheel_only"]
    assert facts("centos7")["pam"]["empty_password_allowed"]
    assert facts("centos7")["pam"]["hash"] == "md5"
    assert facts("openeuler2203")["pam"]["hash"] == "sm3"


def test_defaults_of_faillock_and_comments() -> None:
    found = pam(
        seen(
            pam={"/etc/pam.d/common-auth": "auth required /lib/security/pam_faillock.so preauth"},
            pam_conf={"/etc/security/faillock.conf": "# deny = 9\nunlock_time = never"},
        )
    )["lockout"]
    assert (found["deny"], found["unlock_seconds"], found["forever"]) == (3, None, True)


def test_a_commented_rule_is_none() -> None:
    text = "#auth required pam_wheel.so\n-auth optional pam_wheel.so\nauth include common-auth"
    assert not pam(seen(pam={"/etc/pam.d/su": text}))["su_wheel_only"]


def test_limits_and_access() -> None:
    assert facts("openeuler2203")["limits"]["core_hard_zero"]
    assert facts("openeuler2203")["limits"]["systemd_stores_none"]
    assert not limits(seen(pam_conf={"/etc/security/limits.conf": "x"}))["core_hard_zero"]
    assert access(seen(nss={"/etc/hosts.deny": "ALL: ALL"}))["hosts_deny_all"]
