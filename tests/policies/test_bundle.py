"""Bundles: one sequence of bytes, four eyes, only forwards; everything else is refused."""

from __future__ import annotations

import base64
import contextlib
import io
import tarfile
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import bundle as room
from policies.bundle import (
    Accepted,
    BundleError,
    Signer,
    Signers,
    admit,
    create,
    fingerprint,
    pack,
    public,
    read,
    sign,
    verify,
)
from policies.rollout import Thresholds

FILES = {
    "policies/district.yaml": b"id: district\n",
    "policies/schools/no-1.yaml": "标题\n".encode(),
    "rules/own/hosts.txt": b"",
}
LI, WANG, MALLORY = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))


def made(revision: int = 7, files: dict[str, bytes] = FILES, **more: object) -> bytes:
    return create(
        files,
        district="east",
        revision=revision,
        created="2026-11-23",
        **more,  # type: ignore[arg-type]
    )


def base64_of(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def trusted(needed: int = 2) -> Signers:
    keys = (Signer(id="li", key=base64_of(LI)), Signer(id="wang", key=base64_of(WANG)))
    return Signers(district="east", keys=keys, needed=needed)


def signed(data: bytes, *keys: Ed25519PrivateKey) -> bytes:
    for key in keys:
        data = sign(read(data), key)
    return data


def test_what_goes_in_comes_out() -> None:
    found = read(made(note="开学", probation=Thresholds(hours=2)))
    assert found.files() == FILES
    assert (found.manifest.revision, found.manifest.note) == (7, "开学")
    assert found.manifest.probation == Thresholds(hours=2)
    assert pack(found) == made(note="开学", probation=Thresholds(hours=2))


def test_equal_content_gives_equal_bytes() -> None:
    backwards = dict(reversed(FILES.items()))
    assert made() == made(files=backwards)
    assert signed(made(), LI, WANG) == signed(made(), WANG, LI)
    assert signed(made(), LI, LI) == signed(made(), LI)


def test_tar_lists_it() -> None:
    with tarfile.open(fileobj=io.BytesIO(signed(made(), LI))) as opened:
        names = opened.getnames()
        assert names[:2] == ["manifest.json", "signatures.json"]
        first = opened.extractfile(names[0])
        assert first is not None
        assert sha256(first.read()).hexdigest() == read(made()).digest


def test_four_eyes() -> None:
    one, two = signed(made(), LI), signed(made(), LI, WANG)
    assert verify(read(two), trusted()) == ("li", "wang")
    assert verify(read(one), trusted(1)) == ("li",)
    for data, needed in ((one, 2), (made(), 1), (signed(made(), MALLORY, LI), 2)):
        with pytest.raises(BundleError, match="signatures are needed"):
            verify(read(data), trusted(needed))
    with pytest.raises(BundleError, match="2 signatures are needed, 1 are valid"):
        verify(read(one), trusted(1), needed=2)


def test_another_district() -> None:
    with pytest.raises(BundleError, match="another district's"):
        verify(read(signed(made(), LI, WANG)), replace(trusted(), district="west"))


def test_a_signature_moved_to_another_bundle() -> None:
    good, other = read(signed(made(), LI, WANG)), read(made(8))
    with pytest.raises(BundleError, match="0 are valid"):
        verify(read(pack(replace(other, signatures=good.signatures))), trusted())


def test_only_forwards() -> None:
    seven, eight = read(made(7)), read(made(8))
    taken = Accepted(revision=8, digest=eight.digest)
    admit(eight, taken)
    admit(read(made(9)), taken)
    for bundle, said in (
        (seven, "older than 8"),
        (read(made(8, note="other")), "taken with other content"),
    ):
        with pytest.raises(BundleError, match=said):
            admit(bundle, taken)
    with pytest.raises(BundleError, match="rolled back"):
        admit(eight, replace(taken, withdrawn=(eight.digest,)))


def test_every_byte_counts() -> None:
    """Any flipped byte is refused, either by the reading or by the signatures."""
    data = signed(made(), LI, WANG)
    for at in range(0, len(data), 7):
        bad = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(BundleError):
            verify(read(bad), trusted())


def test_every_cut_is_refused() -> None:
    data = signed(made(), LI, WANG)
    for end in range(0, len(data), 97):
        with pytest.raises(BundleError):
            read(data[:end])
    with pytest.raises(BundleError):
        read(data + b"\0")


@pytest.mark.parametrize(
    "path",
    [
        "district.yaml",
        "policies",
        "policies/",
        "policies/../x.yaml",
        "/policies/x.yaml",
        "policies//x.yaml",
        "policies/.hidden",
        "policies/x\0.yaml",
        "policies/a\\b.yaml",
        "policies/x. ",
        "secrets/x.yaml",
        "policies/" + "x" * 128,
        "policies/" + "/".join("abcdefgh"),
    ],
)
def test_paths_stay_where_they_belong(path: str) -> None:
    with pytest.raises(BundleError):
        made(files={path: b""})


@pytest.mark.parametrize(
    "files",
    [{}, {"policies/a": b"", "policies/A": b""}, {"policies/a": b"", "policies/a/b": b""}],
    ids=["none", "case", "file and folder"],
)
def test_file_sets_that_cannot_be_unpacked(files: dict[str, bytes]) -> None:
    with pytest.raises(BundleError):
        made(files=files)


@pytest.mark.parametrize("revision", [0, -1, 2**53])
def test_revisions(revision: int) -> None:
    with pytest.raises(BundleError, match="revision"):
        made(revision)


def test_a_manifest_that_lies() -> None:
    good = read(made())
    entries = good.manifest.entries
    for lie in (
        replace(good.manifest, format="zip"),
        replace(good.manifest, entries=entries[:2]),
        replace(good.manifest, entries=tuple(reversed(entries))),
        replace(good.manifest, entries=(replace(entries[0], size=99), *entries[1:])),
        replace(good.manifest, entries=(replace(entries[0], sha256="0" * 64), *entries[1:])),
        replace(good.manifest, entries=(replace(entries[0], sha256="x"), *entries[1:])),
    ):
        head = room.document.canonical(room.document.encode(lie)).encode()
        with pytest.raises(BundleError):
            read(pack(replace(good, manifest=lie, head=head)))
    spaced = good.head.replace(b",", b", ", 1)
    with pytest.raises(BundleError, match="not canonical"):
        read(pack(replace(good, head=spaced)))


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_BYTES", 100)
    with pytest.raises(BundleError, match="too large"):
        read(made())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"needed": 3}, "from 1 to 2"),
        ({"needed": 0}, "from 1 to 2"),
        (
            {"keys": (Signer(id="a", key=base64_of(LI)), Signer(id="b", key=base64_of(LI)))},
            "four eyes",
        ),
        (
            {"keys": (Signer(id="a", key=base64_of(LI)), Signer(id="a", key=base64_of(WANG)))},
            "twice",
        ),
    ],
)
def test_signers(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(trusted(), **change)  # type: ignore[arg-type]


def test_keys() -> None:
    assert fingerprint(public(base64_of(LI)).public_bytes_raw()) != fingerprint(b"")
    for bad in ("", "AAAA", "not base64!", "é"):
        with pytest.raises(ValueError, match="not an Ed25519 public key"):
            public(bad)


GOOD = signed(made(), LI)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=3000)
    | st.builds(
        lambda at, junk: GOOD[:at] + junk + GOOD[at + len(junk) :],
        st.integers(0, len(GOOD)),
        st.binary(max_size=40),
    )
)
def test_no_bytes_break_it(data: bytes) -> None:
    with contextlib.suppress(BundleError):
        assert pack(read(data)) == data
