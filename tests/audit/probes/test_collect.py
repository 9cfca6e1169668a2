"""The allow-list and the script: only listed programs and paths, and nothing is ever written."""

import subprocess

import pytest

from audit.probes.collect import (
    PROGRAMS,
    AllowList,
    Kind,
    Section,
    allow_list,
    call,
    script,
    version,
)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("rm", "-rf", "/"), "not an allowed program"),
        (("sh", "-c", "id"), "not an allowed program"),
        (("find", "/", "-delete"), "may not be run with"),
        (("find", "/", "-exec", "rm", ";"), "may not be run with"),
        (("find", "/", "-fprintf", "/x", "y"), "may not be run with"),
        (("systemctl", "restart", "x"), "may not be run with"),
        (("awk", '{system("id")}', "/etc/passwd"), "may only print"),
        (("awk", '{print > "/etc/x"}', "/etc/passwd"), "may only print"),
        (("awk", '{print | "sh"}', "/etc/passwd"), "may only print"),
        (("apt-get", "upgrade"), "only simulates"),
    ],
)
def test_what_may_not_be_run(command: tuple[str, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Section(id="x", kind=Kind.COMMAND, zh="", en="", command=command)


@pytest.mark.parametrize(
    "path", ["etc/x", "/etc/../x", "/etc/$(id)", "/etc/a b", "/etc/`id`", "/a;b"]
)
def test_what_may_not_be_read(path: str) -> None:
    with pytest.raises(ValueError, match="may not be read"):
        Section(id="x", kind=Kind.FILES, zh="", en="", paths=(path,))


@pytest.mark.parametrize(
    "more",
    [
        {"kind": Kind.FILES},
        {"kind": Kind.COMMAND, "paths": ("/etc/x",)},
        {"kind": Kind.VALUES, "paths": ("/etc/passwd",)},
        {"kind": Kind.FILES, "paths": ("/etc/x",), "seconds": 900},
        {"kind": Kind.FILES, "paths": ("/etc/x",), "id": "X y"},
    ],
    ids=["nothing to read", "a command with paths", "values of a file", "too slow", "bad id"],
)
def test_sections_that_make_no_sense(more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Section(**{"id": "x", "zh": "", "en": ""} | more)  # type: ignore[arg-type]


def test_every_section_is_in_the_script() -> None:
    text = script()
    for section in allow_list().sections:
        assert call(section) in text
        assert section.zh
        assert section.en
    assert version() in text
    assert len(allow_list().sections) > 80


def test_every_program_is_used() -> None:
    """No program stays allowed that no section needs."""
    assert {one.command[0] for one in allow_list().sections if one.command} == PROGRAMS


def test_hashes_and_private_keys_are_not_read() -> None:
    paths = [path for one in allow_list().sections if one.kind is Kind.FILES for path in one.paths]
    for forbidden in ("/etc/shadow", "/etc/gshadow", "/etc/security/opasswd"):
        assert forbidden not in paths
    assert not [path for path in paths if "private" in path or "ssh_host" in path or ".ssh" in path]


def test_the_script_is_sh() -> None:
    subprocess.run(["sh", "-n"], input=script(), text=True, check=True)


def test_the_script_redirects_to_no_file() -> None:
    import re

    frame = script(AllowList(id="x", sections=allow_list().sections[:1]))
    code = "\n".join(line for line in frame.splitlines() if not line.startswith("#"))
    targets = set(re.findall(r">+\s*([^\s&;)]+)", re.sub(r"'[^']*'", "''", code)))
    assert targets <= {"/dev/null"}


def test_the_version_follows_the_content() -> None:
    one = AllowList(id="x", sections=allow_list().sections[:1])
    assert version(one) != version()
    assert version(one) == version(one)
