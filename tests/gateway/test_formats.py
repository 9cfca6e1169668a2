"""Other people's formats: read back by simple readers, hostile text included."""

from __future__ import annotations

import json
import re

import pytest

from gateway.formats import SEVERITY, as_cef, as_ecs, cef, ecs, frame, syslog
from policies.model import Action
from tests.gateway.event_samples import event

HOSTILE = ["a|b", "a=b", "a\\b", 'a"b]c', "赌|博=", "", "-", "x" * 600]
HEAD = re.compile(r"<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) \[event@\d+ (.*?[^\\])\] ", re.S)


def test_ecs_names_and_no_empty_fields() -> None:
    found = ecs(event(), "1.0")
    assert found["@timestamp"] == "2026-03-01T12:00:00.000000+08:00"
    assert found["event.id"] == "1RZJ-WMJF-6XSW"
    assert found["event.type"] == ["access", "denied"]
    assert found["destination.domain"] == found["url.domain"] == "bet.example"
    assert found["user.id"] == "tok-7f3k"
    assert "" not in found.values()
    assert not [name for name in found if name.startswith(("source.", "client."))]
    assert ecs(event(problem="reset"))["event.outcome"] == "failure"
    assert json.loads("".join(as_ecs([event()])))["observer.name"] == "n1"


def _extension(text: str) -> dict[str, str]:
    """A reader of CEF extensions as receivers have it."""
    parts = re.split(r"(?:^| )(\w+)=", text)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return {k: re.sub(r"\\(.)", r"\1", v) for k, v in pairs}


@pytest.mark.parametrize("text", HOSTILE)
def test_cef_reads_back(text: str) -> None:
    line = cef(event(clause=f"district/{text}", host=f"h{text}.example"), "1.0")
    assert "\n" not in line
    head = re.split(r"(?<!\\)\|", line.replace("\\\\", "\x00"), maxsplit=7)
    assert [head[0], head[1], head[6]] == ["CEF:0", "Qinglang", "6"]
    assert head[4].replace("\\|", "|").replace("\x00", "\\") == f"district/{text}"
    tail = line.split("|6|", 1)[1]
    if "=" not in text and "\\" not in text:
        assert _extension(tail)["dhost"] == f"h{text}.example"
    assert "".join(as_cef([event()])).count("\n") == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_syslog_is_rfc_5424(text: str) -> None:
    message = syslog(event(node=text, school=text, worker=f"w {text}"), "{}")
    found = HEAD.match(message.decode())
    assert found is not None
    assert int(found[1]) == 13 * 8 + 4
    assert all(1 <= len(found[n]) <= 255 and found[n].isascii() for n in (3, 5, 6))
    assert message.endswith(b"\xef\xbb\xbf{}")
    assert frame(message) == str(len(message)).encode() + b" " + message


@pytest.mark.parametrize("action", list(Action))
def test_every_action_has_its_severity(action: Action) -> None:
    assert f"<{13 * 8 + SEVERITY[action][0]}>" in syslog(event(enforced=action), "").decode()
