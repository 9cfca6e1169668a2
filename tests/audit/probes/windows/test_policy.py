"""secedit and auditpol, in Chinese and English."""

import pytest

from audit.probes.windows.policy import audited, policy, rights

GUID = "{0CCE9215-69AE-11D9-BED3-505054503030}"


@pytest.mark.parametrize(
    ("words", "both"),
    [("Success and Failure", (True, True)), ("成功和失败", (True, True)), ("失败", (False, True)),
     ("No Auditing", (False, False))],
)  # fmt: skip
def test_the_words_of_a_table(words: str, both: tuple[bool, bool]) -> None:
    found = audited(f"a,b,c,d,e,f\nHOST,System,x,{GUID},{words},\n")["logon"]
    assert (found["success"], found["failure"]) == both


def test_numbers_go_before_words() -> None:
    assert audited(f"HOST,System,x,{GUID},???,,1\n")["logon"] == {"success": True, "failure": False}
    assert audited(f"HOST,System,x,{GUID},???,\n") == {}


def test_policy() -> None:
    text = "[System Access]\nMinimumPasswordLength = 8\nMaximumPasswordAge = x\n"
    assert policy(text) == {"min_length": 8}
    assert rights(text) is None
    given = rights("[Privilege Rights]\nSeTcbPrivilege = *S-1-1-0,b\n")
    assert given is not None
    assert given["act_as_system"] == ["S-1-1-0", "b"]
    assert given["debug"] == []
