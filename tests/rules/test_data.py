"""The shipped data as a whole: every category, list, mapping and label loads and holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.asking import HERE
from rules.base import RuleBase
from rules.compile import build, load_knowledge
from rules.hosts import split_url
from rules.load import load, load_folder
from rules.recognise.prompts import Service
from rules.recognise.search import Engine
from rules.report import BuildReport
from rules.sources import (
    SHIPPED_LABELS,
    SHIPPED_LISTS,
    SHIPPED_MAPPINGS,
    Labels,
    Source,
    Translation,
    load_categories,
)

CATEGORIES = load_categories()
SOURCES = {
    path.parent.name: load(Source, path) for path in sorted(SHIPPED_LISTS.glob("*/source.yaml"))
}
MAPPINGS = {path.stem: load(Translation, path) for path in SHIPPED_MAPPINGS.glob("*.yaml")}
UT1_NAMES = [
    "agressif",
    "ai",
    "arjel",
    "associations_religieuses",
    "astrology",
    "audio-video",
    "bank",
    "bitcoin",
    "blog",
    "catalogue-biu-toulouse",
    "celebrity",
    "chat",
    "child",
    "cleaning",
    "cooking",
    "cryptojacking",
    "dangerous_material",
    "dating",
    "ddos",
    "dialer",
    "doh",
    "download",
    "drogue",
    "dynamic-dns",
    "educational_games",
    "examen_pix",
    "exceptions_liste_bu",
    "fakenews",
    "filehosting",
    "financial",
    "forums",
    "gambling",
    "games",
    "good",
    "hacking",
    "indisponible",
    "jobsearch",
    "lingerie",
    "liste_blanche",
    "liste_bu",
    "local",
    "malware",
    "manga",
    "marketingware",
    "mixed_adult",
    "mobile-phone",
    "phishing",
    "press",
    "publicite",
    "radio",
    "reaffected",
    "redirector",
    "remote-control",
    "residential-proxies",
    "residential_proxies",
    "sect",
    "sexual_education",
    "shopping",
    "shortener",
    "social_networks",
    "special",
    "sports",
    "stalkerware",
    "strict_redirector",
    "strong_redirector",
    "translation",
    "tricheur",
    "tricheur_pix",
    "update",
    "verisign",
    "vpn",
    "warez",
    "webhosting",
    "webmail",
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    return build(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def base(report: BuildReport) -> Iterator[RuleBase]:
    opened = RuleBase.open(report.path or Path())
    yield opened
    opened.close()


def found(base: RuleBase, text: str) -> set[str]:
    host, _, path = split_url(text)
    return set(base.ids(base.url(host, path).mask if path else base.host(host).mask))


@pytest.mark.parametrize("name", CATEGORIES)
def test_examples_of_categories(name: str, base: RuleBase) -> None:
    category = CATEGORIES[name]
    assert category.examples.hit
    assert category.examples.miss
    for text in (category.marker, *category.examples.hit):
        assert name in found(base, text), text
    for text in category.examples.miss:
        assert name not in found(base, text), text


@pytest.mark.parametrize("name", SOURCES)
def test_examples_of_lists(name: str, base: RuleBase) -> None:
    """A list's examples speak of that list alone: others may name the same host."""
    source = SOURCES[name]
    assert source.id == name
    assert source.examples.hit
    assert source.examples.miss
    for text in source.examples.hit:
        host, _, path = split_url(text)
        assert name in {one.list for one in base.explain(host, path)}, text
    for text in source.examples.miss:
        host, _, path = split_url(text)
        assert name not in {one.list for one in base.explain(host, path)}, text


def test_every_list_is_whole(report: BuildReport) -> None:
    assert {one.id for one in report.lists} == set(SOURCES)
    assert not report.refused
    told = [f"{one.file}:{one.line} {one.reason}" for item in report.lists for one in item.samples]
    assert told == []
    assert [item.id for item in report.lists if item.unmapped] == []


def test_no_help_host_stands_in_a_harmful_list(report: BuildReport) -> None:
    assert [hit for hit in report.collisions if hit.harmful] == []


def test_there_are_enough_starter_hosts(report: BuildReport) -> None:
    assert sum(one.rows for one in report.lists) >= 1500


@pytest.mark.parametrize("name", MAPPINGS)
def test_mappings_name_our_categories(name: str) -> None:
    mapping = MAPPINGS[name]
    assert mapping.id == name
    assert {own for owns in mapping.map.values() for own in owns} <= set(CATEGORIES)
    assert not set(mapping.map) & set(mapping.dropped)
    assert all(mapping.dropped.values())


def test_every_ut1_name_is_mapped_or_dropped_with_a_reason() -> None:
    assert len(UT1_NAMES) == 74
    mapping = MAPPINGS["ut1"]
    assert set(UT1_NAMES) <= set(mapping.map) | set(mapping.dropped)


def test_a_foreign_list_never_means_help() -> None:
    helps = {name for name, one in CATEGORIES.items() if one.layer.value == "help"}
    for mapping in MAPPINGS.values():
        assert not helps & {own for owns in mapping.map.values() for own in owns}


def test_labels_are_known_to_both_sides() -> None:
    from rules.recognise import labels

    shipped = load(Labels, SHIPPED_LABELS).labels
    made = {"rta", "rsac-adult", "rsac-violence"}
    for table in (labels._ICRA_2000, labels._ICRA_2005):
        made |= set(table)
    made |= set(labels._RATINGS.values())
    assert set(shipped) == made
    assert load_knowledge(Path("nowhere")).labels == shipped


SERVICES = load_folder(Service, HERE / "ai")


@pytest.mark.parametrize("name", SERVICES)
def test_ai_services_stand_in_the_lists(name: str, base: RuleBase) -> None:
    """What a prompt is read of must be known by name too: DNS and TLS see nothing else."""
    service = SERVICES[name]
    assert [one for one in service.hosts if service.category not in found(base, one)] == []


def test_search_engines_stand_in_the_lists(base: RuleBase) -> None:
    engines = load_folder(Engine, HERE / "search/engines").values()
    hosts = {
        host.replace(".*", ".com") for one in engines for at in one.places for host in at.hosts
    }
    unknown = {"dict.cn", "huijiwiki.com"}  # one dictionary, one wiki farm: in no list of ours
    assert {host for host in hosts if found(base, host) == {"uncategorised"}} <= unknown
