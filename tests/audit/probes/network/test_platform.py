"""Whose words these are, and where a device's part of a log ends."""

import pytest

from audit.probes.network.platform import devices, recognise


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("!Software Version V200R019C10", "vrp"),
        (" version 7.1.070, Release 6327", "comware"),
        ("version 15.2", "ios"),
        ("version RGOS 10.4(3)", "ruijie"),
    ],
)
def test_one_sure_sign_is_enough(line: str, name: str) -> None:
    assert recognise([line]) == (name, "")


def test_doubt_is_no_platform() -> None:
    assert recognise(["hello"])[0] == ""
    assert "undecided" in recognise(["version 15.2", "nfpp"])[1]
    assert "eos" in recognise(["! device: a (EOS-4.2)"])[1]


def test_prompts_part_devices() -> None:
    log = [
        "<A>dis cur",
        "sysname A",
        "return",
        "<A>dis ver",
        "text",
        "B#show run",
        "hostname B",
        "end",
    ]
    first, second = devices(log)
    assert (first.name, first.whole, list(first.said)) == ("A", True, ["dis ver"])
    assert (second.name, second.lines[0]) == ("B", "hostname B")
