"""Sources → RuleBase: reads every list, builds one directory, swaps it in atomically.

A door: it reads lists and writes `<data>/rulebase/<hash>/` with the link `current`.
Work is skipped while categories, sidecars, mappings and data are unchanged. A list
whose file is empty, cut short or a tenth of its last size is refused; its last good
copy (`<data>/good/<id>/`) stands in, and without one the RuleBase in force stays.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rules.app_files import APPS, APPS_LIST, App, add_apps, apps_document, load_apps
from rules.asking import ASKED, asking
from rules.base import CURRENT, FORMAT, MANIFEST, RuleBase
from rules.contents import Contents, read_contents, write_contents
from rules.fingerprint import file_digest, inputs_digest, json_digest, path_digest
from rules.harvest import harvest, new_rows
from rules.importers.rows import Rows
from rules.importers.streams import RefusedError
from rules.load import DataError
from rules.model import Category, Layer
from rules.report import BuildReport, Collision, ListReport, list_report
from rules.shelf import GOOD, REPORT, adopt, locked, put_in_force, read_report
from rules.sources import (
    SHIPPED_LISTS,
    Placed,
    Translation,
    check_words,
    list_folders,
    load_categories,
    load_labels,
    load_mappings,
    load_sources,
    translator,
)
from rules.suffixes import Suffixes, load_suffixes
from rules.table import (
    BOUNDS,
    MOST_CATEGORIES,
    MOST_LISTS,
    NAMES,
    PATHS,
    PATTERNS,
    ROWS,
    SLOTS,
    TAGS,
    TableBuilder,
    tag,
)
from rules.words import Words

SHRINK = 10  # a list with less than a tenth of its last rows is refused


@dataclass(frozen=True, slots=True, kw_only=True)
class _Knowledge:
    """Everything a build reads, loaded and checked."""

    categories: tuple[Category, ...]
    labels: Mapping[str, tuple[str, ...]]
    mappings: Mapping[str, Translation]
    sources: Mapping[str, Placed]
    contents: Contents | None = None  # phrases and model
    asking: str = ""  # the document of search engines, terms, wrappers and AI services
    apps: tuple[App, ...] = ()


def build(
    data: Path,
    extra: Sequence[Path] = (),
    *,
    accept: Sequence[str] = (),
    force: bool = False,
    shipped: Path = SHIPPED_LISTS,
    say: Callable[[str], None] = lambda _: None,
) -> BuildReport:
    """Bring `<data>/rulebase/current` up to date and say what was done.

    `extra` are folders of a district's own sources; `accept` names lists whose sudden
    shrinking is meant; `shipped` are our own lists (others: no names of our apps either);
    `say` is told the list being read.
    Raises DataError where sidecars, categories or mappings are wrong; nothing changes then.
    """
    begun = time.monotonic()
    knowledge = load_knowledge(data, extra, shipped)
    root = data / "rulebase"
    root.mkdir(parents=True, exist_ok=True)
    with locked(root):
        inputs = inputs_digest(
            json_digest(
                [asdict(one) for one in knowledge.categories],
                dict(knowledge.labels),
                [asdict(one) for one in knowledge.mappings.values()],
                list(accept),
                knowledge.asking,
                knowledge.contents.digest if knowledge.contents else "",
                [asdict(one) for one in knowledge.apps],
            ),
            knowledge.sources.values(),
        )
        old = read_report(root / CURRENT)
        if old is not None and old.inputs == inputs and not force:
            return replace(old, rebuilt=False, seconds=time.monotonic() - begun)
        fresh = root / f".new-{os.getpid()}"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        try:
            run = _Build(knowledge, data, fresh, old, accept, say)
            with closing(run.table):
                report = run.run(inputs)
            if report.kept and old is not None:
                return replace(report, seconds=time.monotonic() - begun)
            report = replace(report, seconds=time.monotonic() - begun, rebuilt=True)
            (fresh / REPORT).write_text(report.to_json(), encoding="utf-8")
            put_in_force(root, fresh, report.hash)
            return replace(report, path=root / report.hash)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def load_knowledge(
    data: Path, extra: Sequence[Path] = (), shipped: Path = SHIPPED_LISTS
) -> _Knowledge:
    """Categories, labels, mappings and sources, checked against each other."""
    categories = load_categories(extra)
    mappings = load_mappings()
    sources = load_sources(list_folders(data, extra, shipped), data)
    labels = load_labels(categories)
    problems = check_words(sources, mappings, categories)
    if problems:
        raise DataError(problems)
    if len(categories) >= MOST_CATEGORIES or len(sources) + 2 >= MOST_LISTS:
        raise ValueError("more categories or lists than a tag can hold")
    return _Knowledge(
        categories=tuple(categories.values()),
        labels=labels,
        mappings=mappings,
        sources=sources,
        contents=read_contents(data, extra, categories),
        asking=asking(tuple(extra), categories=frozenset(categories)),
        apps=tuple(load_apps(extra).values()) if shipped == SHIPPED_LISTS else (),
    )


def report_in_force(data: Path) -> BuildReport | None:
    """The report of the RuleBase in force, or None where there is none."""
    return read_report(data / "rulebase" / CURRENT)


class _Build:
    """One run: the table under construction and what is known of each list."""

    def __init__(
        self,
        knowledge: _Knowledge,
        data: Path,
        fresh: Path,
        old: BuildReport | None,
        accept: Sequence[str],
        say: Callable[[str], None],
    ) -> None:
        self.knowledge = knowledge
        self.good = data / GOOD
        self.fresh = fresh
        self.old = {one.id: one for one in old.lists} if old else {}
        self.accept = frozenset(accept)
        self.say = say
        self.table = TableBuilder(fresh)
        self.suffixes: Suffixes = load_suffixes()
        self.index = {category.id: place for place, category in enumerate(knowledge.categories)}
        self.layers = {category.id: category.layer for category in knowledge.categories}
        self.patterns: dict[str, list[tuple[str, int]]] = {}
        self.lengths: tuple[set[int], set[int]] = (set(), set())
        self.helpers: set[bytes] = set()

    def run(self, inputs: str) -> BuildReport:
        """Read all lists and write the directory; `kept` where that must not happen."""
        self._markers()
        add_apps(self.table, len(self.knowledge.sources) + 1, self.knowledge.apps, self.index)
        reports, digests = [], {}
        for number, placed in enumerate(self.knowledge.sources.values(), 1):
            self.say(placed.source.id)
            report, used = self._list(number, placed)
            reports.append(report)
            digests[report.id] = path_digest(used) if report.rows else ""
        kept = any(one.refused and not one.rows and self._was_good(one.id) for one in reports)
        if kept:
            return BuildReport(inputs=inputs, lists=tuple(reports), kept=True)
        (self.fresh / ASKED).write_text(self.knowledge.asking, encoding="utf-8")
        (self.fresh / APPS).write_text(apps_document(self.knowledge.apps), encoding="utf-8")
        contents = self.knowledge.contents
        made = write_contents(self.fresh, contents) if contents is not None else {}
        manifest = self._manifest(digests, made)
        (self.fresh / MANIFEST).write_text(
            json.dumps(manifest, ensure_ascii=False, sort_keys=True), encoding="utf-8"
        )
        return BuildReport(
            hash=manifest["hash"],
            inputs=inputs,
            rows=manifest["shape"]["rows"],
            sets=manifest["shape"]["sets"],
            lists=tuple(reports),
            collisions=self._collisions(),
        )

    def _was_good(self, name: str) -> bool:
        return name in self.old and self.old[name].rows > 0

    def _markers(self) -> None:
        categories = self.knowledge.categories
        words = [self.table.word((tag(place, 0, 0),)) for place in range(len(categories))]
        self.table.add([category.marker.encode() for category in categories], words)

    def _list(self, number: int, placed: Placed) -> tuple[ListReport, tuple[Path, ...]]:
        """Read a list, or its last good copy, or nothing of it."""
        try:
            rows = self._read(number, placed)
            adopt(self.good, placed.source.id, placed.paths)
            return list_report(placed.source, rows), placed.paths
        except RefusedError as error:
            reason = str(error)
        kept = tuple(self.good / placed.source.id / path.name for path in placed.paths)
        try:
            rows = self._read(number, replace(placed, paths=kept))
        except RefusedError:
            return ListReport(id=placed.source.id, refused=reason), ()
        return replace(list_report(placed.source, rows), refused=reason, stale=True), kept

    def _read(self, number: int, placed: Placed) -> Rows:
        mark = self.table.mark()
        translate = translator(placed.source, self.knowledge.mappings, self.index)
        words = Words(self.table, number, translate, self.index, self.layers)
        helped: list[set[bytes]] = [set()]

        def drain(keys: list[bytes], marks: list[int]) -> None:
            self.table.add(keys, marks)
            self._look(keys, marks, words.helps, helped[0], rows)

        rows = new_rows(placed.source, words, drain, self.suffixes)
        try:
            harvest(placed, rows, self.knowledge.mappings)
            self._demand_size(placed.source.id, rows.tally.rows)
        except RefusedError:
            self.table.rollback(mark)
            raise
        rows.tally.unmapped.update(words.unknown)
        self.helpers |= helped[0]
        self._special(rows)
        return rows

    def _demand_size(self, name: str, rows: int) -> None:
        last = self.old[name].rows if name in self.old else 0
        if rows * SHRINK < last and name not in self.accept:
            raise RefusedError(
                f"{rows} rows, but {last} last time: less than a tenth; "
                f"if this is meant: --accept {name}"
            )

    def _look(
        self, keys: list[bytes], marks: list[int], helps: set[int], found: set[bytes], rows: Rows
    ) -> None:
        """What the build wants to know of the rows besides storing them."""
        if helps:
            found.update(key for key, word in zip(keys, marks, strict=True) if word in helps)
        for name in self.suffixes.private.intersection(keys):
            rows.tally.notes[f"private suffix listed whole: {name.decode()}"] += 1
        for key in keys:
            if key[0] == 47:
                self.lengths[b":" in key].add(int(key.rpartition(b"/")[2]))

    def _special(self, rows: Rows) -> None:
        """The marks on hosts that have path rules or anchored expressions."""
        anchors = {pattern.anchor.encode() for pattern in rows.patterns if pattern.anchor}
        for names, mark in ((rows.paths, PATHS), (anchors, PATTERNS)):
            if names:
                self.table.add(sorted(names), [self.table.word((mark,))] * len(names))
        known = list(self.table.sets)
        for pattern in rows.patterns:
            for one in known[pattern.word]:
                self.patterns.setdefault(pattern.anchor, []).append((pattern.text, one))

    def _manifest(self, digests: Mapping[str, str], made: Mapping[str, str]) -> dict[str, Any]:
        shape = self.table.finish()
        lists = [{"id": "", "title": {}, "licence": "", "source": "", "sha256": ""}]
        for placed in self.knowledge.sources.values():
            source = placed.source
            lists.append(
                {
                    "id": source.id,
                    "title": asdict(source.title),
                    "licence": source.licence,
                    "source": source.source,
                    "sha256": digests[source.id],
                }
            )
        if self.knowledge.apps:
            lists.append(dict(APPS_LIST))
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "shape": asdict(shape),
            "categories": [asdict(category) for category in self.knowledge.categories],
            "lists": lists,
            "labels": {name: list(ids) for name, ids in self.knowledge.labels.items()},
            "networks": [sorted(found, reverse=True) for found in self.lengths],
            "patterns": {name: sorted(set(found)) for name, found in self.patterns.items()},
            "files": {
                name: file_digest(self.fresh / name)
                for name in (SLOTS, ROWS, NAMES, TAGS, BOUNDS, ASKED, APPS)
            }
            | dict(made),
        }
        manifest["hash"] = json_digest(manifest)[:32]
        return manifest

    def _collisions(self) -> tuple[Collision, ...]:
        """Help hosts that other lists name too: help wins, and the report says so."""
        if not self.helpers:
            return ()
        base = RuleBase.open(self.fresh)
        found = []
        for key in sorted(self.helpers):
            host, slash, path = key.decode("ascii").partition("/")
            signals = base.explain(host, slash + path)
            others = [one for one in signals if self.layers[one.category] is not Layer.HELP]
            helps = [one for one in signals if self.layers[one.category] is Layer.HELP]
            if helps and others:
                found.append(
                    Collision(
                        host=host + slash + path,
                        help=helps[0].category,
                        others=tuple(f"{one.category} ({one.list})" for one in others),
                        harmful=any(self.layers[one.category] is Layer.HARMFUL for one in others),
                    )
                )
        base.close()
        return tuple(found)
