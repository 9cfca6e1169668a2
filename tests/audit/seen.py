"""Collections for tests: written in a line or two, or read from a recording."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from audit.probes.collect import Kind, allow_list
from audit.probes.collected import Collection, Seen, SeenFile, SeenSection, parse
from audit.probes.linux.facts import document

RECORDINGS = Path(__file__).parent / "recordings"
HOSTS = ("anolis8", "centos7", "debian12", "kylinv10", "openeuler2203", "ubuntu2204", "uos20")


def seen(**sections: str | dict[str, str]) -> Collection:
    """`name="output"` for a command, values or modes; `name={path: text}` for files."""
    kinds = {one.id: one.kind for one in allow_list().sections}
    found = {}
    for name, said in sections.items():
        if isinstance(said, dict):
            files = tuple(SeenFile(path=p, state=Seen.OK, text=t) for p, t in said.items())
            found[name] = SeenSection(id=name, state=Seen.OK, files=files)
            if kinds[name] is not Kind.FILES:
                raise ValueError(f"{name} has no files")
        else:
            found[name] = SeenSection(id=name, state=Seen.OK, text=said)
    return Collection(version="", whole=True, sections=found)


@cache
def recorded(name: str) -> Collection:
    return parse((RECORDINGS / f"{name}.txt").read_bytes())


@cache
def facts(name: str) -> dict[str, Any]:
    return document(recorded(name))


def published() -> Any:
    return json.loads((RECORDINGS / "debian12.json").read_text(encoding="utf-8"))
