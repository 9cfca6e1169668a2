"""Accounts of a loose, a hardened and an ordinary host; hashes appear nowhere."""

import json

from audit.probes.linux.accounts import accounts, homes, login_defs, sudo
from tests.audit.seen import HOSTS, facts, seen


def test_a_loose_host() -> None:
    found = facts("centos7")["accounts"]
    assert found["extra_uid_zero"] == ["toor"]
    assert found["empty_password"] == ["old"]
    assert found["weak_hash"] == ["root", "toor", "test"]
    assert found["never_changes"] == ["root", "toor", "test", "old"]
    assert found["idle_90"] == ["root"]
    assert found["never_logged_in"] == ["test"]
    assert found["defaults_with_login"] == ["ftp"]
    assert found["shared_names"] == ["test"]
    assert found["docker_group"] == ["test"]
    assert found["duplicate_uids"] == [0]
    assert len(found["old_password_180"]) == 4


def test_a_hardened_host() -> None:
    found = facts("openeuler2203")["accounts"]
    for name in ("extra_uid_zero", "empty_password", "weak_hash", "never_changes", "overdue",
                 "defaults_with_login", "system_with_login", "duplicate_uids"):  # fmt: skip
        assert found[name] == [], name
    assert found["admins"] == ["secadmin"]
    secadmin = next(one for one in found["users"] if one["name"] == "secadmin")
    assert (secadmin["hash"], secadmin["max_days"], secadmin["last_login_days"]) == ("sm3", 90, 4)


def test_states_of_passwords() -> None:
    lines = (
        "a:set:6:20000:0:90:7::\nb:empty:-:::::\nc:none:-:1:::::\nd:locked:y:1:::::20001\n"
        "e:x:9:1:::::"
    )
    users = "\n".join(f"{name}:x:{1000 + at}:1::/:/bin/sh" for at, name in enumerate("abcdef"))
    found = accounts(seen(shadow=lines, passwd={"/etc/passwd": users}, clock="1795400000 UTC"))[
        "users"
    ]
    assert [one["password"] for one in found] == ["set", "empty", "none", "locked", None, None]
    assert [one["hash"] for one in found] == ["sha512", None, None, "yescrypt", "other", None]
    assert found[0]["password_age_days"] == 780
    assert found[3]["expired"] is True


def test_lines_that_make_no_sense() -> None:
    text = (
        "a:b\n\nx:y:z:1:2:3:4\n+::0:0:::\n:x:0:0:::\nold:$1$abc:1:1::/:/bin/sh\n"
        "中文:x:5:5::/:/bin/sh"
    )
    found = accounts(seen(passwd={"/etc/passwd": text}))
    assert [one["name"] for one in found["users"]] == ["+", "old", "中文"]
    assert found["password_in_passwd"] == ["old"]
    assert found["legacy_plus"] == ["+"]


def test_no_hash_in_any_document() -> None:
    for name in HOSTS:
        text = json.dumps(facts(name))
        assert "$6$" not in text
        assert "$y$" not in text


def test_defaults_homes_and_sudo() -> None:
    assert (
        login_defs(seen(login_defs={"/etc/login.defs": "PASS_MAX_DAYS\t90\nUMASK 027 # x"}))[
            "pass_max_days"
        ]
        == 90
    )
    assert facts("centos7")["homes"]["rhosts"] == ["/root/.rhosts", "/etc/hosts.equiv"]
    assert facts("centos7")["homes"]["root_keys"] == 3
    assert facts("centos7")["sudo"]["without_password"] == ["test"]
    assert facts("openeuler2203")["sudo"]["use_pty"]
    assert homes(seen())["open"] == []
    rules = "Defaults env_reset, timestamp_timeout=5\nUser_Alias A=b\nx\tALL = (ALL) \\\n ALL\n"
    found = sudo(seen(sudoers={"/etc/sudoers": rules}))
    assert found["everything"] == ["x"]
    assert (found["timestamp_timeout"], found["env_reset"]) == (5, True)


def test_what_real_hosts_showed() -> None:
    """NIS lines without a uid; system accounts that are expired on purpose."""
    passwd = "root:x:0:0::/root:/bin/sh\nsvc:x:99:99::/:/usr/sbin/nologin\nold:x:1001:1001::/:/bin/sh\n+::::::"  # noqa: E501
    found = accounts(
        seen(
            passwd={"/etc/passwd": passwd, "/etc/group": ""},
            shadow="svc:none:-:1::::::1\nsvc:none:-:1:::::1\nold:set:6:1:::::1",
            clock="1800000000 UTC",
        )
    )
    assert found["legacy_plus"] == ["+"]
    assert found["expired"] in (["old"], [])
    assert "svc" not in found["expired"]
