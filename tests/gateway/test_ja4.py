"""JA4 against its specification's example and against hellos recorded from real programs."""

import re
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ja4 import ja4
from gateway.mitm.hello import parse

RECORDED = [
    line.split()
    for line in (Path(__file__).parent / "hellos.txt").read_text("ascii").splitlines()
    if not line.startswith("#")
]
# the worked example of technical_details/JA4.md (FoxIO-LLC/ja4, BSD 3-Clause)
CIPHERS = re.findall("....", "130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035")
KINDS = re.findall("....", "001b00000033001044690017002d000d000500230012002bff01000b000a0015")
SIGNED = re.findall("....", "04030804040105030805050108060601")
GREASE = "2a2a"


def block(data: bytes, size: int = 2) -> bytes:
    return len(data).to_bytes(size) + data


def codes(names: list[str]) -> bytes:
    return bytes.fromhex("".join(names))


def extension(kind: str, alpn: bytes, signed: list[str], versions: list[str]) -> bytes:
    content = {
        "0000": block(b"\0" + block(b"a.cn")),
        "0010": block(block(alpn, 1)),
        "000d": block(codes(signed)),
        "002b": block(codes(versions), 1),
    }.get(kind, b"")
    return bytes.fromhex(kind) + block(content)


def message(
    *,
    ciphers: list[str] = CIPHERS,
    kinds: list[str] = KINDS,
    alpn: bytes = b"h2",
    signed: list[str] = SIGNED,
    versions: tuple[str, ...] = ("0304", "0303"),
    legacy: int = 0x0303,
) -> bytes:
    made = b"".join(extension(kind, alpn, signed, list(versions)) for kind in kinds)
    head = struct.pack("!H", legacy) + bytes(32) + block(b"", 1)
    return head + block(codes(ciphers)) + block(b"\0", 1) + (block(made) if kinds else b"")


def test_the_example_of_the_specification() -> None:
    assert ja4(message()) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_without_signature_algorithms_there_is_no_underscore() -> None:
    assert ja4(message(signed=[])).endswith("_6d807ffa2a79")  # as the specification says


def test_grease_counts_nowhere() -> None:
    greased = message(
        ciphers=[GREASE, *CIPHERS],
        kinds=["0a0a", *KINDS, "fafa"],
        signed=[GREASE, *SIGNED],
        versions=("8a8a", "0304"),
    )
    assert ja4(greased) == ja4(message())


@pytest.mark.parametrize(
    ("change", "head"),
    [
        ({"kinds": [k for k in KINDS if k != "0000"]}, "t13i1515h2"),
        ({"kinds": [k for k in KINDS if k != "0010"]}, "t13d151500"),
        ({"alpn": b"http/1.1"}, "t13d1516h1"),
        ({"alpn": b"\xab\xcd"}, "t13d1516ad"),
        ({"alpn": b"h\xff"}, "t13d15166f"),
        ({"alpn": b""}, "t13d151600"),
        ({"versions": ("0303",)}, "t12d1516h2"),
        ({"versions": ("7f1c",)}, "t00d1516h2"),
        ({"kinds": [], "legacy": 0x0301}, "t10i150000"),
        ({"ciphers": CIPHERS * 8}, "t13d9916h2"),
    ],
)
def test_the_part_that_people_read(change: dict[str, object], head: str) -> None:
    assert ja4(message(**change)).partition("_")[0] == head  # type: ignore[arg-type]


def test_nothing_offered_hashes_to_zeros() -> None:
    assert ja4(message(ciphers=[], kinds=[])) == "t12i000000_000000000000_000000000000"


def test_the_order_of_extensions_does_not_matter_that_of_algorithms_does() -> None:
    assert ja4(message(kinds=KINDS[::-1])) == ja4(message())
    assert ja4(message(signed=SIGNED[::-1])) != ja4(message())


@pytest.mark.parametrize(("name", "wanted", "data"), RECORDED, ids=[one[0] for one in RECORDED])
def test_recorded_hellos(name: str, wanted: str, data: str) -> None:
    found = parse(bytes.fromhex(data))
    assert found is not None
    assert ja4(found.message) == wanted, name


def test_recorded_hellos_agree_with_published_values() -> None:
    """ja4plus-mapping.csv (FoxIO): Python's ciphers and extensions, Chromium's ciphers."""
    known = {name: value.split("_") for name, value, _ in RECORDED}
    assert known["python-ssl"][1:] == ["85036bcba153", "d41ae481755e"]
    assert known["chromium"][1] == "8daaf6152771"


@pytest.mark.parametrize("cut", [0, 1, 33, 34, 40, 70, 100])
def test_what_is_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="ClientHello"):
        ja4(message()[:cut])


def test_an_extension_that_runs_past_its_end_is_refused() -> None:
    whole = message(kinds=[])
    with pytest.raises(ValueError, match="past its end"):
        ja4(whole + block(b"\x00\x05\x00\x09") + bytes(20))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_any_bytes_give_a_mark_or_a_valueerror(noise: bytes, at: int) -> None:
    whole = message()
    for data in (noise, whole[:at] + noise, whole[:at] + noise + whole[at:]):
        try:
            assert len(ja4(data)) == 36
        except ValueError:
            continue
