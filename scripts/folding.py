"""Write rules/recognise/folding.txt: which character is read as which, for `normal.py`.

`python scripts/folding.py TSCharacters.txt` with the character table of OpenCC (Apache-2.0; the
file lies in the package opencc-python-reimplemented). The rest comes from Unicode's own
compatibility and decomposition data and from the look-alikes below. Nobody needs this at run time.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "rules" / "recognise" / "folding.txt"
LAST = 0x1FFFE

HEADER = """\
# Which character is read as which: `hex TAB characters`, nothing after TAB: left out.
# Written by scripts/folding.py. Traditional → simplified: character table of OpenCC,
# https://github.com/BYVoid/OpenCC, Copyright 2010-2020 BYVoid and others, Apache License 2.0.
# Compatibility forms: Unicode Character Database. Look-alikes and radicals: our own table.
"""

LOOK_ALIKES = """
аАa сСc еЕёЁe оОo рРp хХx уУy іІїЇi јЈj ѕЅs ԁd һh кКk мМm тТt вВb нНh ӏl ԛq ԝw ɡg гr
αΑa οΟσo ρΡp νv υΥy χΧx κΚk ιΙi τΤt βΒb ηn ωw εΕe γy ΖzΜmΝnΗh
ʀr ʙb ɢg ʜh ɪi ʟl ɴn ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz ꜱs ꜰf ʏy ıi ɑa ɐa
ɔo ǝe ƨs ƅb ƙk ɩi ʋv ɯm ʌv øØo łŁl đĐd ħh ŧt ɓb ɗd ɠg ƒf ŋn ßs æa œo þp ðd ʃs ʒz
""".split()  # noqa: SIM905

RADICALS = "⺅亻⺆冂⺈刀⺉刂⺊卜⺋㔾⺌小⺍小⺎兀⺏尣⺐尢⺒巳⺓幺⺔彑⺕彐⺖忄⺗忄⺘扌⺙攵⺛旡⺜日⺝月⺞歹⺠民⺡氵⺢氺⺣灬⺤爫⺥爫⺦丬⺧牛⺨犭⺪疋⺫罒⺬礻⺭礻⺮竹⺯纟⺰纟⺱罒⺲罒⺳罒⺴罒⺵罒⺶羊⺷羊⺸羊⺹耂⺺聿⺻聿⺼月⺽臼⺾艹⺿艹⻀艹⻁虎⻂衤⻃西⻄西⻅见⻆角⻇角⻈讠⻉贝⻊足⻋车⻌辶⻍辶⻎辶⻏阝⻐钅⻑长⻒长⻓长⻔门⻕阜⻖阝⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻞食⻟饣⻠饣⻡首⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫齐⻬齐⻭齿⻮齿⻯龙⻰龙⻱龟⻲龟"  # noqa: E501

SIGNS = {
    "➕": "加", "✚": "加", "✖": "x", "✕": "x", "❌": "x", "㊙": "秘", "🈲": "禁", "🈚": "无",
    "🈶": "有", "🈵": "满", "🈳": "空", "🉐": "得", "🔞": "18禁", "🐔": "鸡", "ⓥ": "v", "🅰": "a",
    "🅱": "b", "🅾": "o", "🅿": "p", "🆎": "ab", "🆑": "cl", "🆕": "new", "🆓": "free", "🆔": "id",
    "🆚": "vs", "⓪": "0", "🄋": "0", "⓿": "0", "乂": "x",
}  # fmt: skip
DROPPED = (
    (0x0, 0x8), (0xB, 0x1F), (0x7F, 0x84), (0x86, 0x9F), (0xAD, 0xAD), (0x300, 0x36F),
    (0x483, 0x489),
    (0x591, 0x5BD), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F),
    (0x20D0, 0x20FF), (0x302A, 0x302D), (0x3099, 0x309A), (0x3164, 0x3164), (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1D173, 0x1D17A),
    (0x1F3FB, 0x1F3FF),
)  # fmt: skip
KEPT = ((0x3131, 0x318E), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC), (0xFFA1, 0xFFDC), (0xAC00, 0xD7FF))
LATIN_MARKS = ((0x80, 0x24F), (0x370, 0x52F), (0x1E00, 0x1FFF))
REGIONAL = 0x1F1E6  # regional indicator letters, and other enclosed letters without a mapping
ENCLOSED = ((0x1F1E6, 26), (0x1F150, 26), (0x1F170, 26), (0x1F130, 26))


def within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def own() -> dict[str, str]:
    """Look-alikes, radicals and signs that say something."""
    found = dict(zip(RADICALS[::2], RADICALS[1::2], strict=True)) | SIGNS
    for group in LOOK_ALIKES:
        source, target = group[:-1], group[-1]
        if group == "ΖzΜmΝnΗh":
            found |= {"Ζ": "z", "Μ": "m", "Ν": "n", "Η": "h"}
            continue
        found |= dict.fromkeys(source, target)
    for start, count in ENCLOSED:
        found |= {chr(start + place): chr(97 + place) for place in range(count)}
    found |= {chr(0x2776 + n): str(n + 1) for n in range(10)}
    found |= {chr(0x2780 + n): str(n + 1) for n in range(10)}
    found |= {chr(0x278A + n): str(n + 1) for n in range(10)}
    found |= {chr(0x24EB + n): str(n + 11) for n in range(10)}
    return found


def simplified(path: Path) -> dict[str, str]:
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {row[0]: row[1].split()[0] for row in rows if len(row) > 1 and len(row[0]) == 1}


def folded(char: str, ours: dict[str, str], simple: dict[str, str]) -> str:
    code = ord(char)
    if char in ours:
        return ours[char]
    if within(code, DROPPED):
        return ""
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if within(code, KEPT):
        return char
    text = unicodedata.normalize("NFKC", char).lower()
    if within(code, LATIN_MARKS) or any(within(ord(one), LATIN_MARKS) for one in text):
        apart = unicodedata.normalize("NFKD", text)
        text = "".join(one for one in apart if not unicodedata.combining(one))
    text = "".join(simple.get(ours.get(one, one), ours.get(one, one)) for one in text)
    return "" if not text.strip("\u0300\u0301") else text


def main() -> None:
    simple = simplified(Path(sys.argv[1]))
    simple = {source: simple.get(target, target) for source, target in simple.items()}
    ours = own()
    lines = []
    for code in range(LAST + 1):
        char = chr(code)
        if unicodedata.category(char) in ("Co", "Cn") and char not in ours:
            continue
        text = folded(char, ours, simple)
        if char.isspace() and char != "\n":
            text = "\n" if code in (0x85, 0x2028, 0x2029) else " "
        text = " " if text.isspace() and text != "\n" else text
        if text != char and all(ord(one) <= LAST or len(text) == 1 for one in text):
            lines.append(f"{code:04X}\t{text}\n".replace("\t\n\n", "\t\\n\n"))
    TARGET.write_text(HEADER + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
