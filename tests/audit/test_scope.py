"""The signed scope: who signed, what is within, when and where nothing is probed."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.model import ObjectClass, Target
from audit.scope import Blackout, Scope, ScopeError, believe, moment, refusal, signed
from policies.bundle import Signer, Signers
from rules.load import DataError
from rules.model import Text

LI, WANG = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
YAML = b"id: s\nsystem: oa\ntargets: [a]\nbegins: 2026-06-01\nends: 2026-07-01\n"


def signers(needed: int = 2) -> Signers:
    keys = tuple(
        Signer(id=name, key=base64.b64encode(key.public_key().public_bytes_raw()).decode())
        for name, key in (("li", LI), ("wang", WANG))
    )
    return Signers(district="d", keys=keys, needed=needed)


def test_two_people_sign() -> None:
    one = signed(YAML, "li", LI)
    both = signed(YAML, "wang", WANG, one)
    assert believe(YAML, both, signers()).targets == ("a",)
    with pytest.raises(ScopeError, match="1 good signatures of 2"):
        believe(YAML, one, signers())


@pytest.mark.parametrize(
    "signatures",
    [
        b"", b"{}", b"[1, null]", b"[" * 100_000, b'[{"signer": "li", "value": "!!"}]',
        signed(YAML + b"#", "li", LI), signed(YAML, "li", WANG), signed(YAML, "eve", LI),
    ],
)  # fmt: skip
def test_signatures_that_do_not_hold(signatures: bytes) -> None:
    with pytest.raises(ScopeError):
        believe(YAML, signatures, signers(1))


def test_a_signed_scope_must_make_sense() -> None:
    data = YAML + b"colour: red\n"
    with pytest.raises(DataError, match="colour"):
        believe(data, signed(data, "li", LI), signers(1))


EXAM = Blackout(begins="2026-06-07", ends="2026-06-10", title=Text(zh="高考", en="Gaokao"))
SCOPE = Scope(
    id="s",
    system="oa",
    targets=("a",),
    addresses=("192.0.2.0/24", "oa.example.edu"),
    begins="2026-06-01",
    ends="2026-07-01T18:00",
    hours="20:00-06:00",
    blackouts=(EXAM,),
)
A = Target(id="a", name="", system="oa", kind=ObjectClass.SERVER, address="192.0.2.7")


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("2026-06-02T22:00", None),
        ("2026-06-02T05:59", None),
        ("2026-06-02T06:00", "outside the hours"),
        ("2026-06-02T14:00:00+00:00", None),
        ("2026-05-31T22:00", "outside the signed time"),
        ("2026-07-01T18:00", "outside the signed time"),
        ("2026-06-07T00:00", "blackout dates: Gaokao"),
        ("2026-06-10T23:59", "blackout dates: Gaokao"),
        ("2026-06-11T00:00", None),
    ],
)
def test_times(when: str, said: str | None) -> None:
    found = refusal(SCOPE, A, moment(when))
    assert (found.en if found else None) == said or (found and said and said in found.en)


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("192.0.2.7", True),
        ("OA.example.edu", True),
        ("198.51.100.1", False),
        ("", False),
        ("x", False),
    ],
)
def test_addresses(address: str, good: bool) -> None:
    found = refusal(SCOPE, replace(A, address=address), moment("2026-06-02T22:00"))
    assert (found is None) is good


def test_another_target_and_the_kill_file() -> None:
    now = moment("2026-06-02T22:00")
    assert "not within" in refusal(SCOPE, replace(A, id="b"), now).en  # type: ignore[union-attr]
    assert "kill file" in refusal(SCOPE, A, now, killed=True).en  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change",
    [
        {"ends": "2026-05-01"}, {"begins": "soon"}, {"hours": "20:00"}, {"hours": "25:00-26:00"},
        {"per_minute": 0}, {"concurrency": 9999},
    ],
)  # fmt: skip
def test_scopes_that_make_no_sense(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        replace(SCOPE, **change)  # type: ignore[arg-type]


def test_a_blackout_ends_after_it_begins() -> None:
    with pytest.raises(ValueError, match="before"):
        Blackout(begins="2026-06-10", ends="2026-06-07", title=EXAM.title)
