"""What the collector printed, taken apart: nothing a host prints poses as a frame."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.collected import NotCollectedError, Seen, parse
from audit.probes.linux.facts import document

HEAD = "#qinglang-collect 1 abc123\n"


def test_files_of_every_state() -> None:
    seen = parse(
        (
            HEAD + "#section passwd\n#file /etc/passwd\n|root:x\n\n#denied /etc/group\n"
            "#section banners\n#missing /etc/issue\n#special /etc/motd\n#done\n"
        ).encode()
    )
    assert seen.whole
    assert seen.file("passwd", "/etc/passwd") == "root:x"
    assert seen.section("passwd").state is Seen.DENIED
    assert seen.section("passwd").detail == "/etc/group"
    assert seen.section("banners").state is Seen.FAILED


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        ("#ran <0>", Seen.OK),
        ("#ran <0> sudo: unable to resolve host", Seen.OK),
        ("#ran <1> ls: Permission denied", Seen.DENIED),
        ("#ran <1> Operation not permitted", Seen.DENIED),
        ("#ran <124>", Seen.TIMEOUT),
        ("#ran <137>", Seen.TIMEOUT),
        ("#ran <9>", Seen.FAILED),
        ("#ran <141>", Seen.OK),
        ("#absent", Seen.ABSENT),
        ("#denied df", Seen.DENIED),
        ("#untimed", Seen.NOT_RUN),
        ("", Seen.FAILED),
    ],
)
def test_commands_of_every_state(ending: str, state: Seen) -> None:
    seen = parse(f"{HEAD}#section disks\n|x\n{ending}\n#done\n".encode())
    assert seen.section("disks").state is state


def test_a_section_that_is_not_there_was_not_run() -> None:
    assert parse(HEAD.encode()).section("disks").state is Seen.NOT_RUN


def test_what_is_cut_off_is_not_believed() -> None:
    seen = parse(f"{HEAD}#section clock\n|1\n#ran <0>\n#section disks\n|half".encode())
    assert not seen.whole
    assert seen.section("clock").state is Seen.OK
    assert seen.section("disks").state is Seen.NOT_RUN


def test_a_banner_before_is_skipped_and_frames_in_content_are_content() -> None:
    text = "Welcome!\r\n" + HEAD + "#section clock\n|#section shadow\n|#done\n#ran <0>\n#done\n"
    seen = parse(text.encode())
    assert seen.text("clock") == "#section shadow\n#done"
    assert seen.section("shadow").state is Seen.NOT_RUN


def test_the_first_of_two_sections_counts_and_unknown_ones_are_dropped() -> None:
    text = (
        HEAD
        + "#section clock\n|1\n#ran <0>\n#section clock\n|2\n#ran <0>\n#section zz\n|1\n#done\n"
    )
    seen = parse(text.encode())
    assert seen.text("clock") == "1"
    assert "zz" not in seen.sections


def test_values_that_could_not_be_read_are_denied() -> None:
    seen = parse(f"{HEAD}#section mac_values\n|/sys/fs/selinux/enforce:1\n#done\n".encode())
    denied = {one.path for one in seen.section("mac_values").files}
    assert "/sys/module/apparmor/parameters/enabled" in denied
    assert "/sys/fs/selinux/enforce" not in denied


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff", b"Last login: today\n", b"x #qinglang-collect 1 a\n"]
)
def test_what_is_none_of_ours(raw: bytes) -> None:
    with pytest.raises(NotCollectedError):
        parse(raw)


HOSTILE = {
    "logrotate": ("/etc/logrotate.conf", ["{", "}", "x", "\n"]),
    "profile": ("/etc/profile", ["\n", " ", "readonly", "PROMPT_COMMAND="]),
    "syslog": ("/etc/rsyslog.conf", ["action(", "\n", "@", "*."]),
    "sudoers": ("/etc/sudoers", ["(", "Defaults", "NOPASSWD "]),
    "samba": ("/etc/samba/smb.conf", ["\n", "\t", "public "]),
    "exports": ("/etc/exports", ["(", " *"]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_drowns_a_pattern(name: str) -> None:
    """A quadratic pattern would take minutes here, and the test's time limit would stop it."""
    path, words = HOSTILE[name]
    for word in words:
        text = (word * 65536)[:65536].replace("\n", "\n|")
        raw = f"{HEAD}#section {name}\n#file {path}\n|{text}\n#done\n"
        assert document(parse(raw.encode()))["format"]


def test_a_host_that_lies_about_its_size() -> None:
    raw = HEAD + "#section sockets\n" + "|" + "x" * 100_000 + "\n" + "|y\n" * 200_000 + "#ran <0>\n"
    section = parse((raw + "#done\n").encode()).section("sockets")
    assert len(section.text) <= 131072
    assert section.cut


PIECE = st.sampled_from(
    ["#section passwd\n", "#section shadow\n", "#section sockets\n", "#section sudoers\n",
     "#section logrotate\n", "#section certificates\n", "#section docker\n", "#section lastlog\n",
     "#file /etc/passwd\n", "#file /etc/docker/daemon.json\n", "#file /etc/sudoers\n",
     "#file /etc/logrotate.conf\n", "#ran <0>\n", "#done\n", "|root:x:0:0:::\n", "|{\n",
     "|tcp x x x [::]:99999999999999999999 x\n", "|rotate 99999999999999999\n", "|{\"hosts\": 7}\n",
     "|-----BEGIN CERTIFICATE-----\n|AAAA\n|-----END CERTIFICATE-----\n", "|\udcff\x1b[31m中文\n"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(PIECE, st.text(max_size=40).map(lambda one: f"|{one}\n")), max_size=60))
def test_whatever_is_printed_becomes_facts(pieces: list[str]) -> None:
    found = document(parse((HEAD + "".join(pieces)).encode("utf-8", "replace")))
    assert found["gaps"]
    assert not [gap for gap in found["gaps"] if gap["why"] == "error"]
