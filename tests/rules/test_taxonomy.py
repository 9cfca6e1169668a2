"""The taxonomy as a population: what must exist, and what every member must have.

Also holds the data that names categories (help list, tips, alternatives, the
documentation page) to the ids that exist. It parses the list lines itself, so
that a fault of an importer cannot hide a fault of the data.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rules.load import load, load_folder
from rules.model import MARKER_ZONE, Category, Layer, Status, Text

ROOT = Path(__file__).parents[2]
TAXONOMY = load_folder(Category, ROOT / "rules/categories")


def _words(text: str) -> list[str]:
    return text.split()


HARMFUL = _words(
    """
    porn porn-minors violence cult superstition gambling self-harm terrorism separatism
    extremism drugs weapons fraud phishing malware
    """
)
AFFECT = ["affect-imitation", "affect-values", "affect-minor-image", "affect-minor-privacy"]
FUNCTIONAL = _words(
    """
    games live short-video social shopping novels comics anime dating ai ai-companion vpn
    proxy encrypted-dns ads trackers search video music education homework-answers
    government news netdisk payment banking medical updates system app-store portal forum
    blog mail messaging jobs travel maps sports finance real-estate automotive food weather
    reference library kids translation developer cdn cloud url-shortener file-sharing p2p
    remote-control iot photo design office meeting lottery crypto game-platform
    game-accelerator esports live-shopping
    """
)
HELP = _words(
    """
    help crisis anti-bullying legal-aid sex-education medical-help child-protection
    reporting
    """
)
STAGES = {"kindergarten", "primary-lower", "primary-upper", "junior", "senior"}
ARTICLE_22 = _words(
    """
    淫秽 色情 暴力 邪教 迷信 赌博 自残 恐怖主义 分裂主义 极端主义
    """
)

EVERY = pytest.mark.parametrize("category", TAXONOMY.values(), ids=TAXONOMY)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tip:
    id: str
    categories: tuple[str, ...]
    stages: tuple[str, ...]
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alternative:
    id: str
    categories: tuple[str, ...]
    title: Text
    url: str
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tips:
    tips: tuple[_Tip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alternatives:
    alternatives: tuple[_Alternative, ...]


TIPS = load(_Tips, ROOT / "gateway/page/tips.yaml").tips
ALTERNATIVES = load(_Alternatives, ROOT / "gateway/page/alternatives.yaml").alternatives


def test_there_are_enough_categories_in_every_layer() -> None:
    sizes = Counter(category.layer for category in TAXONOMY.values())
    assert len(TAXONOMY) >= 60
    assert set(sizes) == set(Layer) - {Layer.APP}  # apps: tests/rules/test_app_files.py
    assert sizes[Layer.HARMFUL] >= 20


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (Layer.HARMFUL, HARMFUL),
        (Layer.AFFECT, AFFECT),
        (Layer.FUNCTIONAL, FUNCTIONAL),
        (Layer.HELP, HELP),
    ],
    ids=str,
)
def test_required_ids_stand_in_their_layer(layer: Layer, wanted: list[str]) -> None:
    assert [name for name in wanted if name not in TAXONOMY] == []
    assert [name for name in wanted if TAXONOMY[name].layer is not layer] == []


def test_every_class_of_article_22_has_a_harmful_category() -> None:
    titles = "".join(
        category.title.zh
        for category in TAXONOMY.values()
        if category.layer is Layer.HARMFUL
        and any(
            basis.source == "未成年人网络保护条例" and basis.clause.startswith("第二十二条")
            for basis in category.basis
        )
    )
    assert [name for name in ARTICLE_22 if name not in titles] == []


@EVERY
def test_a_harmful_category_can_never_be_loosened(category: Category) -> None:
    assert category.loosen is (category.layer is not Layer.HARMFUL)


@EVERY
def test_every_category_rests_on_a_basis(category: Category) -> None:
    assert category.basis
    assert all(basis.source for basis in category.basis)
    if category.layer in (Layer.HARMFUL, Layer.AFFECT):
        assert any(basis.clause for basis in category.basis)


@EVERY
def test_nothing_but_the_law_read_in_full_is_called_confirmed(category: Category) -> None:
    for basis in category.basis:
        if basis.status is Status.CONFIRMED:
            assert basis.clause.startswith("第"), basis
        if "分类办法" in basis.source:  # only press reports were seen
            assert basis.status is not Status.CONFIRMED, basis


@EVERY
def test_every_category_speaks_both_languages(category: Category) -> None:
    for text in (category.title, category.harm, *filter(None, [category.limits])):
        assert text.zh.strip()
        assert text.en.strip()
        assert any("\u4e00" <= char <= "\u9fff" for char in text.zh)
        assert text.en.isascii()


@EVERY
def test_every_category_has_a_marker_and_a_miss(category: Category) -> None:
    assert category.marker == f"{category.id}.{MARKER_ZONE}"
    assert category.examples.hit[0] == category.marker
    assert category.examples.miss
    assert category.marker not in category.examples.miss


@EVERY
def test_a_marker_in_the_examples_belongs_to_a_category(category: Category) -> None:
    for host in (*category.examples.hit, *category.examples.miss):
        if host.endswith(MARKER_ZONE):
            assert host.removesuffix(f".{MARKER_ZONE}") in TAXONOMY


def test_an_id_is_one_dns_label() -> None:
    label = re.compile(r"[a-z](-?[a-z0-9])*")
    assert [name for name in TAXONOMY if not label.fullmatch(name) or len(name) > 63] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_titles_are_unique(language: str) -> None:
    titles = Counter(getattr(category.title, language) for category in TAXONOMY.values())
    assert [title for title, count in titles.items() if count > 1] == []


def test_promoting_self_harm_is_not_seeking_help() -> None:
    assert TAXONOMY["self-harm"].layer is Layer.HARMFUL
    assert TAXONOMY["crisis"].layer is Layer.HELP
    assert TAXONOMY["crisis"].marker in TAXONOMY["self-harm"].examples.miss
    assert TAXONOMY["self-harm"].marker in TAXONOMY["crisis"].examples.miss


def _help_lines() -> list[list[str]]:
    text = (ROOT / "rules/lists/help/hosts.txt").read_text(encoding="utf-8")
    return [
        [*line.partition("#")[0].split(), line.partition("#")[2].strip()]
        for line in text.splitlines()
        if line and not line.startswith("#")
    ]


def test_the_help_list_holds_exact_hosts_with_a_purpose() -> None:
    lines = _help_lines()
    hosts = [line[0] for line in lines]
    assert len(hosts) >= 60
    assert len(set(hosts)) == len(hosts)
    for host, *categories, purpose in lines:
        assert re.fullmatch(r"=([a-z0-9-]+\.)+[a-z]+", host)
        assert purpose, host
        assert categories, host
        assert {TAXONOMY[name].layer for name in categories} == {Layer.HELP}, host


def test_every_help_category_has_hosts() -> None:
    used = {name for _, *categories, _ in _help_lines() for name in categories}
    helping = {name for name, item in TAXONOMY.items() if item.layer is Layer.HELP}
    assert used == helping


def test_tips_name_existing_categories_and_stages() -> None:
    assert len({tip.id for tip in TIPS}) == len(TIPS)
    assert {name for tip in TIPS for name in tip.categories} <= set(TAXONOMY)
    assert {name for tip in TIPS for name in tip.stages} <= STAGES
    assert all(tip.text.zh and tip.text.en for tip in TIPS)


def test_a_tip_fits_on_a_block_page() -> None:
    assert [tip.id for tip in TIPS if len(tip.text.zh) > 80 or len(tip.text.en) > 180] == []


@EVERY
def test_blocked_content_teaches_and_leads_elsewhere(category: Category) -> None:
    if category.layer not in (Layer.HARMFUL, Layer.AFFECT):
        return
    assert sum(category.id in tip.categories for tip in TIPS) >= 3
    assert sum(category.id in item.categories for item in ALTERNATIVES) >= 1


@pytest.mark.parametrize(
    "name",
    _words("games live short-video social shopping novels dating ai vpn proxy encrypted-dns ads"),
)
def test_often_limited_apps_have_two_tips(name: str) -> None:
    assert sum(name in tip.categories for tip in TIPS) >= 2


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_stage_finds_a_tip_for_everything(stage: str) -> None:
    general = [tip for tip in TIPS if not tip.categories and not tip.stages]
    fitting = [tip for tip in TIPS if not tip.stages or stage in tip.stages]
    assert general
    assert {name for tip in fitting for name in tip.categories} >= set(HARMFUL)


def test_alternatives_are_https_places_of_their_own() -> None:
    assert len({item.id for item in ALTERNATIVES}) == len(ALTERNATIVES)
    assert {name for item in ALTERNATIVES for name in item.categories} <= set(TAXONOMY)
    assert all(
        item.url.startswith("https://") and urlsplit(item.url).hostname for item in ALTERNATIVES
    )
    assert any(not item.categories for item in ALTERNATIVES)


def test_the_page_of_the_taxonomy_lists_every_category() -> None:
    page = (ROOT / "docs/taxonomy.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    assert set(rows) == set(TAXONOMY)
    for name, category in TAXONOMY.items():
        assert f"| {category.title.zh} | {category.title.en} |" in rows[name]
