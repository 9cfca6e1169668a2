"""Write rules/spellings/pinyin.txt: the first reading of every common character, without tones.

`python scripts/pinyin.py`, needs pypinyin (MIT; its data: pinyin-data, MIT). Not used at run time.
"""

from __future__ import annotations

from pathlib import Path

from pypinyin import Style, pinyin

TARGET = Path(__file__).resolve().parent.parent / "rules" / "spellings" / "pinyin.txt"
HEADER = """\
# `syllable characters`: the commonest reading of each character of GB 2312.
# Written by scripts/pinyin.py from pypinyin (MIT, Copyright 2016 mozillazg and others).
"""


def main() -> None:
    found: dict[str, list[str]] = {}
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                char = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            syllable = pinyin(char, style=Style.NORMAL)[0][0].replace("ü", "v")
            if syllable.isascii() and syllable.isalpha():
                found.setdefault(syllable, []).append(char)
    lines = [f"{name} {''.join(chars)}\n" for name, chars in sorted(found.items())]
    TARGET.write_text(HEADER + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
