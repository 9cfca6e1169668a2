"""Masking: values a second of each algorithm, and a table of a million rows end to end.

`python bench/masking.py [--rows N]`. Values are invented. CPU seconds and peak memory of this
process; distinct values, and the same drawn from 10,000 distinct ones.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from audit.lifecycle.mask_job import Job, mask_file
from policies.masking import Masker
from policies.masks_files import load_headers, load_mask
from policies.masks_model import (
    Algorithm,
    Context,
    Hash,
    Keep,
    Keys,
    Mask,
    Pseudonym,
)
from rules.personal_files import load_finder
from rules.recognise.personal.kinds import Kind
from rules.recognise.personal.validators import id_card_digit

KEYS = Keys(id="bench", master=bytes(range(32)))
TODAY = date(2026, 11, 1)
BATCH = 10_000
HEADERS = (
    "学号",
    "姓名",
    "性别",
    "出生日期",
    "身份证号",
    "手机号",
    "家庭住址",
    "班级",
    "成绩",
    "备注",
)


def rate(mask: Mask, values: list[str]) -> int:
    context = Context(purpose="bench", keys=KEYS, kind=Kind.PHONE)
    masker = Masker(mask, context, today=TODAY)
    begin = time.process_time()
    for start in range(0, len(values), BATCH):
        masker.many(values[start : start + BATCH])
    return int(len(values) / (time.process_time() - begin))


def table(path: Path, rows: int) -> None:
    dice = random.Random(6)
    first, last = "赵钱孙李周吴郑王冯陈", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        for place in range(rows):
            born = f"20{dice.randrange(10, 19)}{dice.randrange(1, 13):02}{dice.randrange(1, 29):02}"
            body = f"8300{dice.randrange(100):02}{born}{dice.randrange(1000):03}"
            name = dice.choice(first) + dice.choice(last) + dice.choice(last)
            writer.writerow(
                [f"2026{place:07}", name, dice.choice("男女"), born, body + id_card_digit(body),
                 f"199{dice.randrange(10**8):08}",
                 f"某省某市{dice.choice(last)}区{dice.choice(last)}路{dice.randrange(900)}号",
                 f"{dice.randrange(1, 7)}班", dice.randrange(40, 100), "已交"]
            )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    distinct = [f"199{place:08}" for place in range(200_000)]
    dice = random.Random(1)
    repeated = [f"199{dice.randrange(10_000):08}" for _ in range(200_000)]
    found: dict[str, object] = {}
    for name, mask in {
        "keep": Mask(algorithm=Algorithm.KEEP, keep=Keep(first=3, last=4)),
        "hmac-sha256": Mask(algorithm=Algorithm.PSEUDONYM),
        "hmac-sm3": Mask(algorithm=Algorithm.PSEUDONYM, pseudonym=Pseudonym(hash=Hash.SM3)),
        "fake": Mask(algorithm=Algorithm.FAKE),
        "ff1": Mask(algorithm=Algorithm.FF1),
        "seal": Mask(algorithm=Algorithm.SEAL),
    }.items():
        found[name] = {"distinct": rate(mask, distinct), "repeated": rate(mask, repeated)}
    policy, digest = load_mask("test-copy")
    job = Job(policy=policy, digest=digest, keys=KEYS, finder=load_finder(),
              headers=load_headers(), today=TODAY)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "a.csv"
        table(source, rows)
        cpu, wall = time.process_time(), time.monotonic()
        done = mask_file(job, source, Path(folder) / "b.csv")
        found["table"] = {
            "rows": rows,
            "columns": len(HEADERS),
            "cpu_seconds": round(time.process_time() - cpu, 1),
            "seconds": round(time.monotonic() - wall, 1),
            "published": done.published,
            "residual": done.body["residual"],
        }
    found["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
