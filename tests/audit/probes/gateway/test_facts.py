"""What the gateway's facts say, and above all what they never say."""

from pathlib import Path

import pytest

from audit.probes.gateway import facts
from audit.probes.gateway.facts import Mode
from gateway.node import Address, Node


@pytest.mark.parametrize(
    ("prefixes", "good"),
    [
        (("10.0.0.0/8", "::1/128"), True),
        (("10.1.0.0/16",), True),
        (("0.0.0.0/0",), False),
        (("10.0.0.0/7",), False),
        (("2001:db8::/32",), False),
        ((), True),
    ],
)
def test_private_prefixes(prefixes: tuple[str, ...], good: bool) -> None:
    assert facts.private(prefixes) is good


def test_doors_of_a_node(tmp_path: Path) -> None:
    bare = Node(name="n", data=tmp_path)
    said = facts.services(bare)
    assert (said["dns"]["on"], said["status_port"], said["status_port_local"]) == (
        False,
        False,
        True,
    )
    assert said["known_users"] is False
    wide = Node(name="n", data=tmp_path, metrics=Address(host="0.0.0.0", port=1), oidc=tmp_path)
    assert facts.services(wide)["status_port_local"] is False
    assert facts.services(wide)["known_users"] is True


def test_transport_names_what_leaves_in_clear(tmp_path: Path) -> None:
    node = Node(
        name="n", data=tmp_path, anchors=("https://a/", "syslog:10.0.0.9:514"), bundle="http://b/"
    )
    said = facts.transport(node, ldap_plain=True, oidc_https=None)
    assert said["anchors_clear"] == ["syslog:10.0.0.9:514"]
    assert (said["ldap_encrypted"], said["oidc_https"], said["bundle"]) == (False, None, "http")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"policies": 3}', "nonsense"])
def test_no_snapshot_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|not a snapshot"):
        facts.policy(text)


def test_a_block_for_some_is_no_block_for_all() -> None:
    threats = '{"categories": ["malware", "phishing", "botnet"]%s}'
    text = '{"policies": [{"id": "district", "clauses": [{"action": "block", "when": %s}]}]}'
    assert facts.policy(text % (threats % ""))["blocks_threats"] is True
    assert facts.policy(text % (threats % ', "roles": ["pupil"]'))["blocks_threats"] is False


def test_modes() -> None:
    def mode(path: str, bits: int, owner: int = 7, *, folder: bool = False) -> Mode:
        return Mode(path=path, mode=bits, owner=owner, folder=folder)

    said = facts.files(
        [
            mode(".", 0o700, folder=True),
            mode("keys/names.key", 0o644),
            mode("ca/qinglang-ca.pem", 0o644),
            mode("signer/chain.jsonl", 0o644),
            mode("signer/key.pem", 0o640),
            mode("care", 0o777, folder=True),
            mode("orders.jsonl", 0o600, owner=8),
        ],
        7,
    )
    assert said["data_mode"] == "0700"
    assert said["loose"] == ["keys/names.key", "signer/key.pem"]
    assert said["writable_by_others"] == ["care"]
    assert said["of_another"] == ["orders.jsonl"]
    assert (said["keys"], said["plain_roster"], said["owned_by_root"]) == (2, False, False)


def test_lists_that_were_refused_are_named() -> None:
    said = facts.lists(
        {"rows": 3, "lists": [{"id": "a", "refused": "empty", "stale": True}, {"id": "b"}]}, [5.0]
    )
    assert (said["refused"], said["stale"], said["newest"]) == (["a"], ["a"], 5.0)
    assert facts.lists({}, [])["newest"] is None
