"""Personal data in text: precision and recall per kind, speed, memory, Presidio beside it.

    python bench/personal.py [--seed N] [--lines N] [--texts 1|2|3|4|5] [--peer] [--json]
    QINGLANG_CORPORA=DIR python bench/personal.py     # and verified hits in law and news text

Texts come from bench/personal_texts.py, and personal_texts2.py to personal_texts5.py.
Exit: 0 every bar holds, 1 one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import zstandard

from bench import personal_texts2, personal_texts3, personal_texts4, personal_texts5
from bench.personal_texts import Gold, Sample, paragraphs, samples
from rules.personal_files import load_knowledge
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.kinds import Confidence, Kind
from rules.recognise.personal.names import Roster
from rules.recognise.personal.triggers import Linear, Plain, Vector

CONTEXT = {Kind.NAME, Kind.ADDRESS}
BARS = {"dense": 5.0, "sparse": 60.0}
PEER = "presidio-analyzer==2.2.*"
Score = dict[str, dict[str, float]]


def scores(pairs: Iterable[tuple[Sample, list[tuple[str, int, int, bool]]]]) -> Score:
    """Exact spans: precision and recall of every kind, of all finds and of the verified."""
    right: Counter[tuple[str, bool]] = Counter()
    wrong: Counter[tuple[str, bool]] = Counter()
    gold: Counter[str] = Counter()
    for sample, hits in pairs:
        places: set[Gold] = set(sample.gold)
        gold.update(str(kind) for kind, _, _ in sample.gold)
        for kind, low, high, sure in hits:
            (right if (kind, low, high) in places else wrong)[kind, sure] += 1
    made: Score = {}
    for kind in sorted({*gold, *(kind for kind, _ in wrong)}):
        row: dict[str, float] = {"count": gold[kind]}
        for word, sure in (("verified", True), ("all", False)):
            good = right[kind, True] + (0 if sure else right[kind, False])
            bad = wrong[kind, True] + (0 if sure else wrong[kind, False])
            row[f"{word}_p"] = good / (good + bad) if good + bad else 1.0
            row[f"{word}_r"] = good / gold[kind] if gold[kind] else 1.0
        made[kind] = row
    return made


def ours(finder: Finder, made: list[Sample]) -> Score:
    def hits(text: str) -> list[tuple[str, int, int, bool]]:
        return [
            (str(one.kind), one.start, one.end, one.confidence is Confidence.VERIFIED)
            for one in finder.find(text)
        ]

    return scores((sample, hits(sample.text)) for sample in made)


def speed(finder: Finder, texts: list[str], rounds: int = 5) -> float:
    """Megabytes of UTF-8 a second of processor time, the best of some rounds."""
    size = sum(len(text.encode()) for text in texts)
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in finder.find_many(texts):
            pass
        best = min(best, time.process_time() - began)
    return size / best / 1e6


def corpus(folder: Path, name: str) -> list[str]:
    data = zstandard.ZstdDecompressor().stream_reader((folder / "text" / name).open("rb")).read()
    return [json.loads(line)["text"] for line in data.decode().splitlines()]


def peer_python() -> Path:
    """An environment with Presidio, made once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qinglang"
    folder = cache / "peer-presidio"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", PEER], check=True)
        (folder / "ready").touch()
    return python


def peer(made: list[Sample]) -> tuple[Score, float]:
    """Presidio's scores and megabytes a second."""
    script = Path(__file__).with_name("personal_peer.py")
    done = subprocess.run(
        [peer_python(), "-W", "ignore", script],
        input=json.dumps([one.text for one in made]),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    pairs = zip(made, ([(*hit, True) for hit in hits] for hits in answer["hits"]), strict=True)
    size = sum(len(one.text.encode()) for one in made)
    return scores(pairs), size / answer["seconds"] / 1e6


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=20261123)
    options.add_argument("--lines", type=int, default=12_000)
    options.add_argument(
        "--texts", type=int, choices=(1, 2, 3, 4, 5), default=1, help="whose texts"
    )
    options.add_argument("--peer", action="store_true", help="Presidio beside it")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    knowledge = load_knowledge()
    if chosen.texts > 1:
        source = (personal_texts2, personal_texts3, personal_texts4, personal_texts5)[
            chosen.texts - 2
        ]
        other = list(source.samples(chosen.seed, chosen.lines))
        lines, names = [sample for sample, _ in other], other[0][1].names
    else:
        made = list(samples(chosen.seed, chosen.lines))
        lines, names = [sample for sample, _ in made], made[0][1].names
    finder = Finder(knowledge, Roster(names))
    report: dict[str, object] = {"kinds": ours(finder, lines)}
    missed = []
    for kind, row in ours(finder, lines).items():
        p, r = (0.98, 0.95) if kind in CONTEXT else (0.99, 0.99)
        p = 0.98 if kind == Kind.BANK_CARD else p
        if row["all_p"] < p or row["all_r"] < r:
            missed.append(f"{kind}: P {row['all_p']:.4f} R {row['all_r']:.4f}")
    dense = [one.text for one in paragraphs(3, 2000)]
    sparse = [one.text for one in paragraphs(4, 6000, 0.05)]
    clean = [one.text for one in paragraphs(5, 6000, 0.0)]
    rates: dict[str, dict[str, float]] = {}
    for engine in (Plain, Linear, Vector):
        one = Finder(knowledge, None, engine)
        rates[engine.name] = {
            "dense": speed(one, dense),
            "dense_long": speed(one, ["\n".join(dense)]),
            "sparse": speed(one, sparse),
            "clean": speed(one, clean),
        }
    report["mb_per_second"] = rates
    if rates["re"]["dense"] < BARS["dense"]:
        missed.append(f"re, dense: {rates['re']['dense']:.1f} MB/s")
    if rates["hyperscan"]["sparse"] < BARS["sparse"]:
        missed.append(f"hyperscan, 5 %: {rates['hyperscan']['sparse']:.1f} MB/s")
    if folder := os.environ.get("QINGLANG_CORPORA"):
        plain = Finder(knowledge)
        sure: dict[str, dict[str, int]] = {}
        for name in ("law-dev.jsonl.zst", "everyday-dev.jsonl.zst", "wiki-dev.jsonl.zst"):
            counts: Counter[str] = Counter()
            texts = corpus(Path(folder), name)
            for text in texts:
                counts.update(f"{hit.confidence}:{hit.kind}" for hit in plain.find(text))
            sure[name] = {"characters": sum(map(len, texts)), **dict(sorted(counts.items()))}
        report["corpora"] = sure
    report["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if chosen.peer:
        few = paragraphs(6, 300)
        score, rate = peer(few)
        report["presidio"] = {
            "kinds": score,
            "dense_mb_per_second": rate,
            "ours_kinds": ours(finder, few),
            "times": rates["re"]["dense"] / rate,
        }
        if rates["re"]["dense"] < 15 * rate:
            missed.append(f"{rates['re']['dense'] / rate:.1f} times Presidio's speed")
    if chosen.texts == 2:
        report["scans"] = {
            noise: ours(finder, personal_texts2.scans(chosen.seed + 1, 1500, noise))
            for noise in personal_texts2.NOISE
        }
    report["missed"] = missed
    print(json.dumps(report, ensure_ascii=False, indent=None if chosen.json else 1))
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
