"""Every check is proved: its examples, its links, and that a change of what is seen changes it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from audit.catalog import Catalog, load_catalog
from audit.checks import coverage, faults, load_checks, verify
from audit.judge import decide, judge
from audit.model import Check, Evidence, Expectation, Link, Serves, State
from rules.load import DataError

HERE = Path(__file__).parent
NOW = 1_800_000_000.0


@cache
def checks() -> Mapping[str, Check]:
    return load_checks()


@cache
def catalog() -> Catalog:
    return load_catalog()


def recorded() -> Any:
    return json.loads((HERE / "recordings" / "debian12.json").read_text(encoding="utf-8"))


def leaves(wish: Expectation, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Where an expectation looks, and the value it wants there."""
    here = (*above, *(wish.path.split(".") if wish.path else ()))
    over = wish.op in ("each", "some")
    if wish.op and not over:
        yield here, wish.value
    for one in (*wish.all, *wish.any, *wish.none):
        yield from leaves(one, (*here, "*") if over else above)


def put(document: Any, words: tuple[str, ...], value: Any) -> Any:
    """A copy of the document with another value at a path."""
    if not words:
        return copy.deepcopy(value)
    head, rest = words[0], words[1:]
    if head == "*":
        if isinstance(document, dict):
            return {name: put(one, rest, value) for name, one in document.items()}
        return [put(one, rest, value) for one in document] if isinstance(document, list) else []
    inner = dict(document) if isinstance(document, dict) else {}
    inner[head] = put(inner.get(head, {}), rest, value)
    return inner


def values(wanted: Any) -> Iterator[Any]:
    yield from (True, False, 0, 1, -1, 2, 10**9, "", "other", "0000", "7777", [], ["other"] * 9)
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        yield from (wanted, wanted + 1, wanted - 1)
    elif isinstance(wanted, list):
        yield from (*wanted, wanted)
    elif wanted is not None:
        yield wanted


def test_all_are_read_and_linked() -> None:
    assert len(checks()) >= 300
    assert sum(one.probe == "linux" for one in checks().values()) >= 120
    assert list(verify(checks(), catalog())) == []


def test_every_place_a_check_looks_at_can_change_its_finding() -> None:
    dead = []
    for check in checks().values():
        for words, wanted in leaves(check.expect):
            alive = any(
                decide(check, put(sample.document, words, value), NOW)[0] is not sample.state
                for sample in check.examples
                if sample.state in (State.PASS, State.FAIL, State.PARTIAL)
                for value in values(wanted)
            )
            if not alive:
                dead.append(f"{check.id}: {'.'.join(words)}")
    assert dead == []


def test_what_could_not_be_seen_is_unknown_for_every_check() -> None:
    everything = {**recorded(), "gaps": [{"path": "", "why": "denied"}]}
    for check in checks().values():
        assert decide(check, {}, NOW)[0] is State.UNKNOWN, check.id
        assert decide(check, everything, NOW)[0] is State.UNKNOWN, check.id
        for sample in check.examples:
            if sample.state is State.PASS:
                blind = sample.document
                for words, _ in leaves(check.expect):
                    if "*" not in words:
                        blind = put(blind, words, None)
                state = decide(check, blind, NOW)[0]
                assert state is not State.PASS or check.expect.op in ("each", "some"), check.id


def test_every_check_speaks_of_a_place_that_a_recorded_host_has() -> None:
    document = recorded()
    seen = Evidence(
        id="e", target="t", probe="linux", method="m", taken=NOW, dated=NOW, document=document
    )
    unknown = {
        check.id
        for check in checks().values()
        if check.probe == seen.probe
        and judge(check, seen, target="t", now=NOW).state is State.UNKNOWN
    }
    assert unknown == {"linux-time-synchronised"}  # the recording has no time service


def test_both_counts() -> None:
    third = coverage(checks().values(), catalog())
    second = coverage(checks().values(), catalog(), level=2)
    assert (third.items, second.items) == (211, 135)
    assert len(third.decided) >= 7
    assert third.either >= 68
    assert second.either >= 38


def test_faults_are_told() -> None:
    good = checks()["linux-empty-passwords"]
    assert list(faults(good)) == []
    wrong = {
        "no probe": replace(good, probe="guess"),
        "no platform": replace(good, platforms=("beos",)),
        "serves no control": replace(good, serves=()),
        "remains": replace(good, serves=(Serves(control="x", link=Link.CONTRIBUTES),)),
        "no operator": replace(good, expect=Expectation(op="looks_good", path="a")),
        "wants a value": replace(good, expect=Expectation(op="ge", path="a", value="8")),
        "without `op`": replace(good, expect=Expectation()),
        "top of": replace(
            good, expect=Expectation(all=(replace(good.expect, when=(good.expect,)),))
        ),
        "items": replace(good, expect=Expectation(op="each", path="a")),
        "takes no value": replace(good, expect=Expectation(op="exists", path="a", value=1)),
        "no example comes to `fail`": replace(good, examples=good.examples[:1]),
        "`partial`": replace(good, partial=good.expect),
        "comes to": replace(
            good, examples=(*good.examples, replace(good.examples[0], state=State.FAIL))
        ),
    }
    for said, check in wrong.items():
        assert any(said in one for one in faults(check)), said
    lost = replace(good, serves=(Serves(control="GBT22239-2019:3:9.9.9", link=Link.DECIDES),))
    assert "no control" in "".join(verify({good.id: lost}, catalog()))
    twice = replace(good, serves=(good.serves[0], good.serves[0]))
    assert "twice" in "".join(verify({good.id: twice}, catalog()))


def test_a_folder_tells_all_that_is_wrong(tmp_path: Path) -> None:
    text = (Path("audit/checks/linux/accounts/linux-empty-passwords.yaml")).read_text("utf-8")
    (tmp_path / "other.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("id: broken\ntitel: x\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_checks(tmp_path)
    said = str(caught.value)
    assert "is not the file name" in said
    assert "did you mean `title`" in said
