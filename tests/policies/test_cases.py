"""Cases inside policy files, run by the same decision."""

import pytest

from policies.cases import facts_of, markers, run_case, run_cases
from policies.model import Action, Subject
from policies.policy import At, Case, Quota
from rules.model import Facts, Gap, Signals, Stage
from tests.policies.samples import clause, district, policy, snapshot

NOON = At("2026-09-01T12:00")
SHOT = snapshot(
    district(
        clause("g", "block", categories=("games",)),
        clause("v", "limit", categories=("video",), quota=Quota(minutes=60)),
        cases=(
            Case(
                title="holds",
                url="http://games.test.qinglang.invalid/",
                at=NOON,
                expect=Action.BLOCK,
            ),
            Case(title="fails", categories=("games",), at=NOON, expect=Action.ALLOW),
        ),
    )
)
CASES = [
    ("action", Case(title="t", categories=("games",), at=NOON, expect=Action.ALLOW), ["action"]),
    (
        "clause",
        Case(title="t", categories=("games",), at=NOON, expect=Action.BLOCK, clause="x/y"),
        ["clause"],
    ),
    (
        "inspect",
        Case(title="t", categories=("banking",), at=NOON, expect=Action.ALLOW, inspect=True),
        ["inspect"],
    ),
    (
        "gap",
        Case(title="t", gap=Gap.BOMB, at=NOON, expect=Action.BLOCK, clause="district/gaps"),
        [],
    ),
    ("url", Case(title="t", url="http://a b/", at=NOON, expect=Action.BLOCK), ["url"]),
    (
        "marker",
        Case(
            title="t", url="https://sub.porn.test.qinglang.invalid/x", at=NOON, expect=Action.BLOCK
        ),
        [],
    ),
    ("no marker", Case(title="t", url="porn.example", at=NOON, expect=Action.ALLOW), []),
    (
        "used up",
        Case(title="t", categories=("video",), used_minutes=60, at=NOON, expect=Action.BLOCK),
        [],
    ),
    (
        "not yet",
        Case(title="t", categories=("video",), used_minutes=59, at=NOON, expect=Action.LIMIT),
        [],
    ),
    (
        "subject",
        Case(
            title="t",
            subject=Subject(role="teacher"),
            categories=("games",),
            at=NOON,
            expect=Action.BLOCK,
        ),
        [],
    ),
]


@pytest.mark.parametrize(("case", "wrong"), [row[1:] for row in CASES], ids=[r[0] for r in CASES])
def test_cases(case: Case, wrong: list[str]) -> None:
    found = run_case(SHOT, policy("p", "school"), case)
    assert [text.split(":")[0] for text in found.wrong] == wrong


def test_all_cases_of_all_policies() -> None:
    assert [(o.case.title, bool(o.wrong)) for o in run_cases(SHOT)] == [
        ("holds", False),
        ("fails", True),
    ]


def test_a_recogniser_is_used_where_given() -> None:
    def classify(facts: Facts) -> Signals:
        return Signals(mask=SHOT.kinds.mask(["porn"]))

    case = Case(title="t", url="http://x.example/", at=NOON, expect=Action.BLOCK)
    assert run_case(SHOT, policy("p", "school"), case, classify).wrong == ()


@pytest.mark.parametrize(
    ("url", "host", "port", "scheme", "path"),
    [
        ("http://a.example/x?y=1", "a.example", 80, "http", "/x?y=1"),
        ("https://A.example", "a.example", 443, "https", "/"),
        ("a.example:8080", "a.example", 8080, "http", "/"),
    ],
)
def test_facts_of(url: str, host: str, port: int, scheme: str, path: str) -> None:
    found = facts_of(url)
    assert (found.host, found.port, found.scheme, found.path) == (host, port, scheme, path)
    assert found.stage is Stage.REQUEST


def test_markers_name_their_category() -> None:
    found = markers(SHOT)(facts_of("http://games.test.qinglang.invalid/"))
    assert [signal.category for signal in found.items] == ["games"]
    assert SHOT.kinds.ids(markers(SHOT)(facts_of("x.example")).mask) == ("uncategorised",)
