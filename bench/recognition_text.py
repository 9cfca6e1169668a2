"""What reading a page costs: bytes → Page, on one core, and what hostile ones cost at most.

    .venv/bin/python -O bench/recognition_text.py

CPU ms of this thread, best of seven rounds. The pages are made here, from a fixed seed: one
of 50 KiB with many tags (a portal's front page), one with few (an article), the article in
GB18030 and unlabelled, data as JSON, a script; then bodies built to be slow.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser

from rules.recognise.charset import decode
from rules.recognise.growing import Growing
from rules.recognise.markup import read_markup
from rules.recognise.page import read_page
from rules.recognise.shape import form

SIZE = 50 * 1024
HAN = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种"
    "面而方后多定行学法所民得经三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去"
)


class Writer:
    """Chinese words by a fixed seed."""

    def __init__(self) -> None:
        self._random = random.Random(4)

    def __call__(self, count: int) -> str:
        return "".join(self._random.choices(HAN, k=count))


def portal(write: Writer) -> str:
    """About 40 tags to the KiB of a front page: cards with links, pictures, lists."""
    out = [
        f"<!DOCTYPE html><html lang=zh><head><meta charset=utf-8><title>{write(12)}</title>"
        f"<meta name=description content='{write(40)}'><style>{'a{color:red;margin:0}' * 60}"
        f"</style><script>var a=[{'{k:1},' * 100}]</script></head><body>"
    ]
    size = len(out[0].encode())
    number = 0
    while size < SIZE:
        number += 1
        card = (
            f'<div class="item row c{number}" id="i{number}"><a href="/news/{number}.html" '
            f'target="_blank" title="{write(10)}"><img src="/img/{number}.jpg" alt="{write(8)}">'
            f'</a><h3 class="t"><a href="https://www.example{number % 9}.example/p/{number}">'
            f'{write(14)}</a></h3><p class="sum">{write(30)}<b>{write(3)}</b>{write(10)}</p>'
            f'<span class="d">2026-01-0{number % 9}</span>'
            f"<ul><li>{write(4)}</li><li>{write(4)}</li></ul></div>\n"
        )
        size += len(card.encode())
        out.append(card)
    return "".join([*out, "</body></html>"])


def article(write: Writer) -> str:
    """Paragraphs of 200 characters and nothing else."""
    out = [f"<!DOCTYPE html><html><head><title>{write(12)}</title></head><body><h1>x</h1>"]
    while sum(map(len, out)) * 3 < SIZE:
        out.append(f"<p>{write(200)}</p>\n")
    return "".join(out)


def hostile() -> dict[str, bytes]:
    """64 KiB each: what a parser without protection needs seconds or hundreds of MB for."""
    size = 64 * 1024
    return {
        "nested 13,000 deep": b"<div>" * (size // 5),
        "16,000 attributes": (b"<p " + b" ".join(b"a%d" % n for n in range(16_000)))[:size],
        "300 formats × 16,000 p": (
            b"<p>" + b"".join(b"<b i=%d>" % n for n in range(300)) + b"<p>x" * size
        )[:size],
        "hidden × 7,000": b"<p hidden>" * (size // 10),
        "JSON 64,000 deep": b"[" * size,
        "script of quotes": b"<script>" + b"\"'" * (size // 2),
        "base64 pieces": b"<script>" + b"QUJDREVGR0hJ " * (size // 13),
        "only <": b"<" * size,
    }


def best(run: Callable[[], object], rounds: int = 7, calls: int = 20) -> float:
    """CPU ms per call."""
    times = []
    for _ in range(rounds):
        begun = time.thread_time()
        for _ in range(calls):
            run()
        times.append((time.thread_time() - begun) / calls * 1e3)
    return min(times)


def stages(name: str, page: bytes) -> None:
    shape = form(page)
    print(f"{name} ({len(page) / 1024:.0f} KiB, {page.count(b'<')} tags)")
    print(f"  decode                         {best(lambda: decode(page, 'utf-8')):8.3f} ms")
    print(f"  is it safe to parse            {best(lambda: form(page)):8.3f} ms")
    print(f"  (the parser alone              {best(lambda: LexborHTMLParser(page)):8.3f} ms)")
    read = best(lambda: read_markup(page, limit=SIZE, links=256, commented=shape.commented))
    print(f"  parse and read                 {read:8.3f} ms")
    print(f"  bytes to Page                  {best(lambda: read_page(page, 'text/html')):8.3f} ms")


def grown(page: bytes) -> None:
    growing = Growing("text/html", "utf-8")
    for at in range(0, len(page), 8192):
        growing.feed(page[at : at + 8192])
        growing.look()
    growing.look(last=True)


def main() -> None:
    write = Writer()
    front, text = portal(write), article(write)
    stages("many tags", front.encode())
    stages("few tags", text.encode())
    legacy = text.encode("gb18030")
    labelled = best(lambda: read_page(legacy, "text/html", "gbk"))
    unlabelled = best(lambda: read_page(legacy, "text/html"), calls=5)
    print(f"few tags, GB18030, labelled      {labelled:8.3f} ms")
    print(f"few tags, GB18030, no label      {unlabelled:8.3f} ms")
    data = json.dumps([{"id": n, "title": write(30)} for n in range(280)]).encode()
    print(f"JSON, {len(data) / 1024:.0f} KiB, escaped           "
          f"{best(lambda: read_page(data, 'application/json')):8.3f} ms")  # fmt: skip
    script = ";".join(f"f{n}(a.b{n},'{write(4)}',function(e){{return e<{n}}})" for n in range(900))
    code = script.encode()
    print(f"script, {len(code) / 1024:.0f} KiB                   "
          f"{best(lambda: read_page(code, 'text/javascript'), calls=5):8.3f} ms")  # fmt: skip
    stream = front.encode()
    print(f"many tags, streamed in 8 KiB     {best(lambda: grown(stream), calls=5):8.3f} ms")
    line = memoryview(b"a" * 100_000_000)
    print(f"100 MB on one line               {best(lambda: read_page(line, ''), calls=3):8.3f} ms")
    print("hostile, 64 KiB each")
    for name, body in hostile().items():
        kind = "application/json" if name.startswith("JSON") else "text/html"
        cost = best(lambda body=body, kind=kind: read_page(body, kind), rounds=2, calls=1)
        print(f"  {name:30} {cost:8.3f} ms")


if __name__ == "__main__":
    main()
