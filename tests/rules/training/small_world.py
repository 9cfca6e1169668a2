"""A folder of a few own texts and tiny corpora: enough for a training run of a second."""

from __future__ import annotations

import json
from pathlib import Path

import zstandard

HARM = {
    "porn": ("同城约炮上门服务", "看片资源加我", "成人直播福利姬", "裸聊视频私聊"),
    "gambling": ("注册送彩金百家乐", "时时彩计划群回血", "真人荷官龙虎斗", "棋牌上下分找我"),
    "fraud": ("刷单返利日结三百", "黑户秒批贷款", "领取补贴点击链接", "投资导师带单稳赚"),
    "ads": ("代开发票先验后付", "办证刻章加微信", "外挂透视自瞄出售", "代写论文包过"),
    "abuse": ("你这个废物闭嘴吧", "脑子有病就去治", "菜得要命还嘴硬", "真是垃圾队友"),
}
BENIGN = (
    "今天食堂的番茄炒蛋真好吃", "数学作业还差最后一题", "周末一起去图书馆看书吧",
    "明天要下雨记得带伞", "妈妈给我买了新书包", "体育课跑了八百米好累",
)  # fmt: skip
MARKS = "甲乙丙丁戊己庚辛壬癸"


def texts(folder: Path) -> Path:
    """Own texts, each a few times with another ending so that there are enough of them."""
    for label, lines in (*HARM.items(), ("benign", BENIGN)):
        room = folder / ("benign" if label == "benign" else f"harm/{label}")
        room.mkdir(parents=True)
        varied = [f"{line}{mark}" for line in lines for mark in MARKS]
        (room / "some.txt").write_text("# written for a test\n" + "\n".join(varied) + "\n")
    return folder


def corpora(folder: Path) -> Path:
    """The four corpora, of our own words."""
    folder.mkdir(parents=True, exist_ok=True)
    harm = [
        {"text": f"{t}{m}来", "label": k} for k, many in HARM.items() for t in many for m in MARKS
    ]
    everyday = [
        {"text": f"{t}{m}呢", "label": "benign", "source": s}
        for s in ("weibo", "peoples_daily")
        for t in BENIGN
        for m in MARKS
    ]
    book = [
        {
            "text": f"第{m}条 {'学校应当组织学生参加体育锻炼和劳动。' * 20}{m}",
            "label": "benign",
            "hard": False,
        }
        for m in MARKS * 2
    ]
    for name, rows in (("harm", harm), ("everyday", everyday), ("wiki", book), ("law", book)):
        data = "\n".join(json.dumps(row) for row in rows).encode()
        (folder / f"{name}-dev.jsonl.zst").write_bytes(zstandard.compress(data))
    return folder
