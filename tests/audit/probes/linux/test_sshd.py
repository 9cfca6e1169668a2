"""sshd: what is in force wins; in the files the first value wins, includes and Match apart."""

import pytest

from audit.probes.linux.sshd import seconds, sshd
from tests.audit.seen import facts, seen

MAIN = "/etc/ssh/sshd_config"


def test_effective_settings_win() -> None:
    found = facts("openeuler2203")["sshd"]
    assert found["source"] == "effective"
    assert found["root_login_denied"]
    assert found["max_tries"] == 3
    assert found["weak_ciphers"] == []
    assert found["restricted_to"] == ["wheel"]
    assert found["banner"] == "/etc/issue.net"


def test_a_loose_host() -> None:
    found = facts("centos7")["sshd"]
    assert found["source"] == "config"
    assert found["root_password_login"]
    assert found["empty_passwords"]
    assert found["protocol_1"]
    assert found["match_blocks"] == ["User test", "  passwordauthentication yes"]
    assert not found["algorithms_known"]


def test_the_first_value_wins_also_from_includes() -> None:
    found = facts("kylinv10")["sshd"]
    assert found["root_login"] == "no"
    assert found["idle_seconds"] == 900


@pytest.mark.parametrize(
    ("version", "idle"), [("7.4p1-21", 300), ("1:9.2p1-2", None), ("8.2p1", None), ("", None)]
)
def test_a_count_of_zero_means_two_things(version: str, idle: int | None) -> None:
    rpm = f"1 openssh-server {version}" if version else ""
    text = "ClientAliveInterval 300\nClientAliveCountMax 0"
    assert sshd(seen(sshd_config={MAIN: text}, rpm=rpm))["idle_seconds"] == idle


def test_quotes_equals_and_endless_includes() -> None:
    text = f'Include {MAIN}\nPort=2222\nport 22\nBanner "/etc/issue"\nMatch all\nPermitRootLogin no'
    found = sshd(seen(sshd_config={MAIN: text}))
    assert found["banner"] == "/etc/issue"
    assert found["root_login"] == "no"
    assert set(found["ports"]) == {2222, 22}


def test_no_server() -> None:
    assert sshd(seen()) == {
        "present": False, "source": None, "options": {}, "explicit": [], "match_blocks": []
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [("90", 90), ("2m", 120), ("1h30m", 5400), ("x", None), ("", None), ("3y", None)],
)
def test_times(text: str, value: int | None) -> None:
    assert seconds(text) == value
