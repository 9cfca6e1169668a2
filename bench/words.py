"""The words step measured: speed of both engines, and hits on development corpora.

    python bench/words.py speed
    python bench/words.py corpora DIR [--tricks] [--half 0|1] [--phrases CLASS [--all]]

DIR holds harm-dev, wiki-dev, law-dev and everyday-dev (JSON lines, zstd). Only counts are
printed; `--phrases` adds which of our own phrases hit how often, `--tricks` bent pages.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import io
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import zstandard

from bench.tricks import TRICKS
from rules.lexicon import SHIPPED_LEXICONS, load_lexicons
from rules.phrases import Phrases, phrases
from rules.recognise.engines import AhoCorasick
from rules.recognise.normal import view
from rules.recognise.scoring import load_curves
from rules.recognise.words import Words
from rules.sources import load_categories
from rules.word_files import made, write

CERTAINTY = 0.9
FAMILIES = {
    "porn": ("porn", "sex-services", "exploitation"),
    "gambling": ("gambling",),
    "fraud": ("fraud", "fraud-jobs", "fraud-loans", "fraud-trade", "fraud-pyramid"),
    "abuse": ("vulgar-slang",),
}
SIGNAL_ONLY = ("vulgar-slang", "cyberbullying-venues")


def shipped() -> Phrases:
    return phrases(load_lexicons([SHIPPED_LEXICONS], load_categories()).values())


def rows(folder: Path) -> Iterator[tuple[str, str, int]]:
    """(class, text, half) of every row; the half by a hash of the text."""
    for path in sorted((folder / "text" if (folder / "text").is_dir() else folder).glob("*.zst")):
        with path.open("rb") as raw:
            stream = zstandard.ZstdDecompressor().stream_reader(raw)
            for line in io.TextIOWrapper(stream, encoding="utf-8"):
                row = json.loads(line)
                name = path.name.partition("-")[0]
                kind = row["label"] if name == "harm" else row.get("source", name)
                if name in ("wiki", "law") and row.get("hard"):
                    kind = f"{name}-hard"
                yield kind, row["text"], hashlib.sha256(row["text"].encode()).digest()[0] & 1


def pages(lines: list[str], seed: int, size: int = 900) -> list[str]:
    """Lines of one class put together to pages of about `size` characters."""
    order = lines[:]
    Random(seed).shuffle(order)
    found, page = [], ""
    for line in order:
        page += line + "\n"
        if len(page) >= size:
            found.append(page)
            page = ""
    return found


def corpora(options: argparse.Namespace) -> None:
    words = made(shipped(), load_curves())
    print(f"{len(words)} phrases")
    by: dict[str, list[str]] = collections.defaultdict(list)
    for kind, text, half in rows(options.folder):
        if options.half in (None, half):
            by[kind].append(text)
    for kind, lines in sorted(by.items()):
        report(kind, lines, words, options)
        if kind in ("porn", "gambling", "fraud", "ads", "abuse", "weibo", "peoples_daily"):
            report(f"{kind} pages", pages(lines, 1), words, options)
        if options.tricks and kind in ("porn", "gambling", "fraud", "ads"):
            tricked(kind, lines, words)


def tricked(kind: str, lines: list[str], words: Words) -> None:
    """What is kept of the found lines (probability .5), one by one: pages are too easy.

    `traditional` and `splits` are made from our own tables: they show that the tables are used,
    not that they are complete.
    """

    def found(text: str) -> bool:
        scores = words.find(text).scores
        return any(s.probability >= 0.5 and s.category not in SIGNAL_ONLY for s in scores)

    seen = [line for line in lines if found(line)]
    rest = [line for line in lines if not found(line)]
    for name, trick in TRICKS.items():
        rng = Random(7)
        kept = sum(found(trick(line, rng)) for line in seen)
        new = sum(found(trick(line, rng)) for line in rest)
        share = 100 * kept / (len(seen) or 1)
        print(f"    {kind:9} {name:12} kept {kept}/{len(seen)} = {share:.1f} %, newly found {new}")


def report(kind: str, lines: list[str], words: Words, options: argparse.Namespace) -> None:
    hits: collections.Counter[str] = collections.Counter()
    phrase: collections.Counter[str] = collections.Counter()
    blocked = own = half_sure = 0
    family = FAMILIES.get(kind.split(maxsplit=1)[0], ())
    for line in lines:
        found = words.find(line)
        sure = [s.category for s in found.scores if s.probability >= CERTAINTY]
        blocked += any(c not in SIGNAL_ONLY for c in sure)
        own += any(c in family for c in sure)
        half_sure += any(
            s.probability >= 0.5 and s.category not in SIGNAL_ONLY for s in found.scores
        )
        hits.update(sure)
        if options.phrases == kind and (options.all or sure):
            phrase.update(
                f"{h.phrase}/{h.category}/{h.weight:g}" for h in found.hits if h.part == "harm"
            )
    total = len(lines) or 1
    print(
        f"{kind:18} n={len(lines):5} blocked {blocked:4} {100 * blocked / total:6.2f} %  "
        f"own {100 * own / total:6.2f} %  >=.5 {100 * half_sure / total:6.2f} %  "
        + " ".join(f"{c}:{n}" for c, n in hits.most_common(6))
    )
    for text, count in phrase.most_common(60):
        print(f"      {count:4} {text}")


def speed() -> None:
    found = shipped()
    print(f"{found.written} written, {len(found.sayings)} phrases")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        write(Path(folder), found, load_curves())
        print(f"write {time.perf_counter() - begun:.2f} s")
        print({p.name: p.stat().st_size for p in Path(folder).iterdir()})
        begun = time.perf_counter()
        fast = Words.open(Path(folder))
        print(f"open {fast.engine.name} {time.perf_counter() - begun:.2f} s")
    begun = time.perf_counter()
    slow = AhoCorasick([text.encode() for text in found.sayings])
    print(f"build ahocorasick {time.perf_counter() - begun:.2f} s")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"peak memory so far +{grown / 1024:.0f} MiB")
    base = "学校通知：下周三下午召开家长会，请准时参加。同学们在操场上跑步、踢球，老师讲解了课文。"
    harmful = list(found.sayings)[:: max(1, len(found.sayings) // 300)]
    plain = (base * 400)[:17000]
    dense = plain
    for place, text in enumerate(harmful[:60]):
        at = place * 250
        dense = dense[:at] + text + dense[at:]
    for name, text in (("plain", plain), ("60 phrases", dense)):
        data = text.encode()
        seen = view(text)
        print(f"{name}: {len(text)} characters, {len(data)} bytes")
        for label, run in (
            ("read (normal.view)", lambda text=text: view(text)),
            ("hyperscan scan", lambda data=data: fast.engine.ends(data)),
            ("ahocorasick scan", lambda data=data: slow.ends(data)),
            ("find, read before", lambda seen=seen: fast.find(seen)),
            ("whole step", lambda text=text: fast.find(text)),
        ):
            times = []
            for _ in range(40):
                begun = time.perf_counter()
                run()
                times.append(time.perf_counter() - begun)
            middle, best = statistics.median(times) * 1000, min(times) * 1000
            print(f"   {label:20} median {middle:.3f} ms  best {best:.3f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("speed", "corpora"))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--phrases", default="")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--tricks", action="store_true", help="pages bent by each trick")
    options = parser.parse_args()
    if options.command == "speed":
        speed()
    else:
        corpora(options)


if __name__ == "__main__":
    main()
