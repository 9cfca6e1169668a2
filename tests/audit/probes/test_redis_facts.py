"""ACL rules and redis.conf as facts; no password and no hash among them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.redis_facts import live, offline, size, users

HASH = "#" + "ab" * 32


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ("user a on nopass ~* +@all", {"nopass", "all_commands", "dangerous", "all_keys"}),
        (f"user a on {HASH} ~x:* +@all -@dangerous", set()),
        (f"user a on {HASH} ~x:* +@read +flushall", {"dangerous"}),
        (f"user a on {HASH} ~x:* -@all +get", set()),
        (f"user a on {HASH} ~x:* -@all +get (~y:* +@all)", {"all_commands", "dangerous"}),
        (f"user a on {HASH} ~x:* +@all -@dangerous +flushall", {"dangerous"}),
        (f"user a on {HASH} ~x:* +@all -debug", {"dangerous"}),
        (f"user a on {HASH} ~x:* +@read +config", {"dangerous"}),
        (f"user a on {HASH} ~x:* -@all +config|get +acl|list", set()),
        (f"user a on nopass ~* +@all reset on {HASH} ~x +get", set()),
        ("user a off nopass ~* +@all", set()),
        (f"user a on nopass resetpass {HASH} ~x +get", set()),
    ],
)
def test_acl(rule: str, place: set[str]) -> None:
    found = users([rule])
    lists = {"nopass", "all_commands", "dangerous", "all_keys"}
    assert {name for name in lists if found[name]} == place
    assert "abab" not in json.dumps(found)


def test_a_file_without_anything_is_open() -> None:
    made = offline("# nothing\n")
    assert made["access"]["open"] is True
    assert made["access"]["users"]["nopass"] == ["default"]
    assert made["tls"]["plain_remote"] is True
    assert made["settings"]["bind"] == ["*"]
    assert {gap["path"] for gap in made["gaps"]} == {"version", "server"}


def test_a_password_is_only_said_to_be_there() -> None:
    made = offline('requirepass "geheim-1"\nmasterauth geheim-2\nrename-command FLUSHALL ""\n'
                   "bind 127.0.0.1 -::1\nuser x on >geheim-3 ~* +get\n"
                   "include other.conf\n")  # fmt: skip
    assert made["access"]["password"] is True
    assert made["access"]["acl"] is True
    assert "geheim" not in json.dumps(made)
    assert "flushall" not in made["commands"]["there"]
    assert made["tls"]["local_only"] is True
    assert "settings" in {gap["path"] for gap in made["gaps"]}  # what is included may say otherwise


def test_refused_commands_are_gaps() -> None:
    made = live({}, None, None, None)
    assert {gap["path"] for gap in made["gaps"]} == {
        "settings", "access", "commands", "version", "server", "persistence", "tls",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "wanted"), [("64mb", 67108864), ("1k", 1000), ("0", 0), ("5xx", None), ("", None)]
)
def test_size(said: str, wanted: int | None) -> None:
    assert size(said) == wanted


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(
    ["bind", "user", "default", "on", '"', "save", "port", "rename-command", "\n", " ", ">x", "-1"]
)).map(" ".join))  # fmt: skip
def test_any_text_makes_a_document(text: str) -> None:
    json.dumps(offline(text), allow_nan=False)
    users(text.splitlines())
