"""JSON Schema from data classes: the golden files, the shipped data against them, typing errors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.policy import Policy
from rules.model import Category
from rules.schema import schema
from scripts.schemas import files

ROOT = Path(__file__).parents[2]
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,),
    "object": (dict,), "array": (list,), "null": (type(None),),
}  # fmt: skip


def fits(value: Any, part: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Validation by the few words of JSON Schema that we use."""
    if "$ref" in part:
        return fits(value, whole["$defs"][part["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in part:
        return any(fits(value, one, whole) for one in part["anyOf"])
    if "enum" in part:
        return value in part["enum"]
    kinds = part.get("type", [])
    wanted = tuple(t for k in ([kinds] if isinstance(kinds, str) else kinds) for t in TYPES[k])
    if wanted and (
        not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted)
    ):
        return False
    if isinstance(value, list):
        return all(fits(one, part.get("items", {}), whole) for one in value)
    if not isinstance(value, dict):
        return True
    if set(part.get("required", ())) - set(value):
        return False
    rest, known = part.get("additionalProperties", True), part.get("properties", {})
    return all(
        fits(one, known[name], whole) if name in known
        else rest is True or (isinstance(rest, dict) and fits(one, rest, whole))
        for name, one in value.items()
    )  # fmt: skip


def test_the_golden_files_are_made_from_the_code() -> None:
    for path, text in files().items():
        assert path.read_text(encoding="utf-8") == text, "run: python scripts/schemas.py"


def dateless(path: Path) -> Any:
    class Loader(yaml.SafeLoader):
        """YAML 1.2, as editors read it: no dates, and `off` is a word."""

    Loader.yaml_implicit_resolvers = {
        first: [
            pair
            for pair in pairs
            if pair[0] != "tag:yaml.org,2002:timestamp"
            and (pair[0] != "tag:yaml.org,2002:bool" or first in "tf")
        ]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)


@pytest.mark.parametrize("folder", ["stages", "schools", "groups", "."])
def test_the_shipped_policies_fit(folder: str) -> None:
    whole = schema(Policy, "policy")
    found = sorted((ROOT / "policies" / folder).glob("*.yaml"))
    assert found
    assert [path.name for path in found if not fits(dateless(path), whole, whole)] == []


def test_the_shipped_categories_fit() -> None:
    whole = schema(Category, "category")
    found = sorted((ROOT / "rules" / "categories").glob("*.yaml"))
    assert [path.name for path in found if not fits(dateless(path), whole, whole)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"scop": "school"},
        {"scope": "shool"},
        {"mode": 7},
        {"clauses": [{"id": "x"}]},
        {"inspection": {"depth": "deep"}},
        {"signatures": "many"},
    ],
    ids=str,
)
def test_typing_errors_do_not_fit(change: dict[str, Any]) -> None:
    whole = schema(Policy, "policy")
    good = {"id": "s1", "title": {"zh": "校", "en": "school"}, "scope": "school"}
    assert fits(good, whole, whole)
    assert not fits(good | change, whole, whole)


@dataclass(frozen=True)
class Odd:
    """Of a kind that no data file may hold."""

    field: complex


def test_a_kind_without_a_schema_is_said() -> None:
    with pytest.raises(TypeError, match="complex"):
        schema(Odd, "odd")
