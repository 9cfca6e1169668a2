# ruff: noqa: E501 - templates
"""A fifth set of texts with invented personal data: half of its values are Faker's.

Work orders of the 12345 line, couriers' and banks' messages, chats with times, forms with blanks,
CSV and TSV with their header, INI, HTTP, Windows events, medical checks, lists of exam rooms and
races, English letters, lost and found. Its author knew the recognisers; the values did not come
from him: Faker's zh_CN people, places, cards and plates. Written and committed before it was run;
its first figures (docs/data-find.md) were measured once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.personal_texts import Sample
from bench.personal_texts2 import fill
from bench.personal_town import GOLD, OTHER, Make, Town
from rules.recognise.personal.kinds import Kind

FAKER = "faker==40.*"


def faker_python() -> Path:
    """An environment with Faker, made once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qinglang"
    folder = cache / "peer-faker"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", FAKER], check=True)
        (folder / "ready").touch()
    return python


class Faked(Town):
    """Its people are Faker's."""

    def __init__(self, seed: int) -> None:
        script = Path(__file__).with_name("personal_faker.py")
        told = subprocess.run(
            [faker_python(), script, str(seed), "800"], capture_output=True, check=True, text=True
        )
        self.pools: dict[str, list[str]] = json.loads(told.stdout)
        super().__init__(seed)
        self.names = tuple(sorted(set(self.pools["name"])))

    def pool(self, word: str) -> str:
        return self.chance.choice(self.pools[word])

    def name(self) -> str:
        return self.chance.choice(self.names)


def of(word: str) -> Make:
    return lambda town: town.pool(word) if isinstance(town, Faked) else ""


def either(word: str, other: Make) -> Make:
    theirs = of(word)
    return lambda town: (theirs if town.chance.random() < 0.5 else other)(town)


def mac(town: Town) -> str:
    """In the ways of different makers."""
    pairs = [f"{town.chance.randrange(256):02x}" for _ in range(6)]
    whole = "".join(pairs)
    dotted = ".".join(whole[at : at + 4] for at in (0, 4, 8))
    return town.one(":".join(pairs), "-".join(pairs).upper(), dotted)


HERE: dict[str, tuple[Kind, Make]] = {
    **GOLD,
    "nm": (Kind.NAME, Town.name),
    "id": (Kind.ID_CARD, either("ssn", Town.id18)),
    "ph": (Kind.PHONE, either("phone_number", Town.phone)),
    "pl": (Kind.PLATE, either("license_plate", Town.plate)),
    "em": (Kind.EMAIL, either("email", Town.email)),
    "ip": (Kind.IP, either("ipv4", either("ipv6", Town.ip))),
    "mac": (Kind.MAC, either("mac_address", mac)),
    "bk": (Kind.BANK_CARD, Town.bank),
    "cd": (Kind.BANK_CARD, of("credit_card_number")),
    "ad": (Kind.ADDRESS, of("address")),
    "sn": (Kind.STUDENT_NUMBER, lambda t: t.one("24" + t.digits(6), "2024" + t.digits(6), "202409" + t.digits(4), "XS" + t.digits(7), "0" + t.digits(6), "C23" + t.digits(5))),
    "ex": (Kind.EXAM_NUMBER, lambda t: t.one(t.digits(8), t.digits(10), "26" + t.digits(10), "K" + t.digits(8))),
}  # fmt: skip
THERE: dict[str, Make] = {
    **OTHER,
    **{f"f_{word}": of(word) for word in ("company", "bban", "isbn13", "ean13", "uri", "user_agent", "job", "sentence", "user_name", "hex_color", "file_path", "md5", "uuid4", "date_time", "unix_time", "latitude", "longitude", "swift", "pricetag")},
    "score": lambda t: " ".join(str(t.chance.randint(59, 150)) for _ in range(6)),
    "gate": lambda t: t.one("A", "B", "3", "12") + "栋" + str(t.chance.randint(101, 2399)),
    "po": lambda t: t.one("PO", "SO", "WX", "TK") + t.digits(8),
    "sku": lambda t: f"{t.digits(3)}-{t.digits(5)}-{t.digits(2)}",
    "sec": lambda t: ".".join(str(t.chance.randint(1, 12)) for _ in range(t.chance.choice((2, 3)))),
    "std": lambda t: t.one("GB 50099-2011", "GB/T 36132-2018", "JY/T 0633-2022", "YD/T 1234.1-2020"),
}  # fmt: skip

LINES = (
    "【12345工单】来电人{nm}，联系电话{ph}，反映{ad}夜间噪音扰民，要求回复。",
    "工单编号略。诉求人：{nm}  回访号码：{ph}  事发地址：{ad}",
    "【某某速运】您的快件已到驿站，请联系快递员{nm}（{ph}）取件。",
    "【某某银行】您尾号略的账户转入学费，付款卡{bk}，户名{nm}。",
    "[08:12:33] {nm}: 老师今天请假\n[08:13:02] {nm}: 好的，把电话发我\n[08:13:40] {nm}: {ph}",
    "2026/11/20 19:03 {nm}\n我家地址是{ad}\n2026/11/20 19:05 {nm}\n收到",
    "姓　　名：{nm}　　　身份证号：{id}\n□走读 □住宿　　家长手机：{ph}",
    "申请人（签字）：{nm}____　证件号码：{id}　住所：{ad}",
    "姓名,身份证号,手机,住址\n{nm},{id},{ph},{ad}\n{nm},{id},{ph},{ad}",
    "学号\t姓名\t车牌\n{sn}\t{nm}\t{pl}\n{sn}\t{nm}\t{pl}",
    "考号,姓名,考场\n{ex},{nm},01\n{ex},{nm},01",
    "name,phone,email\n{nm},{ph},{em}\n{nm},{ph},{em}",
    "[contact]\nname = {nm}\nmobile = {ph}\nmail = {em}",
    "POST /api/visit HTTP/1.1\nX-Forwarded-For: {ip}\n\nname={nm}&phone={ph}",
    "事件 4625: 帐户登录失败。源网络地址: {ip}  工作站: LAB-12",
    "host {ip} lladdr {mac} REACHABLE",
    "无线终端 {mac} 漫游到 AP-3-2，地址 {ip}",
    "peer {ip} is down, hold timer expired",
    "体检单：{nm}，男，12岁，家长电话{ph}，视力4.8。",
    "过敏史：{nm}对青霉素过敏，家长{nm}，{ph}。",
    "疫苗接种登记：儿童姓名{nm}，儿童身份证号{id}，监护人姓名{nm}，监护人电话{ph}",
    "投保人：{nm}，被保险人：{nm}，被保险人身份证号码：{id}",
    "第07考场\n准考证号 {ex} {nm}\n准考证号 {ex} {nm}",
    "男子100米预赛：第三道{nm}，第四道{nm}，第五道{nm}。",
    "二等奖：{nm}、{nm}、{nm}（指导教师：{nm}）",
    "捡到饭卡一张，卡主{nm}，学号{sn}，请到保安室领取。",
    "出二手自行车，有意者加微信{wx}或打{ph}，找{nm}。",
    "闲置校服转让，QQ{qq}，可小刀。",
    "Dear Principal, I am the father of {nm}. Please email me at {em} or call {ph}.",
    "Applicant: {nm}; ID No.: {id}; Mobile: {ph}; Plate No.: {pl}",
    "Emergency contact: {nm} (mother), {ph}",
    "信用卡号：{cd}，有效期略",
    "刷卡记录：卡号 {cd}，金额 300.00",
    "银行卡号：{bk}；开户人：{nm}",
    "请将奖学金汇入{nm}的账户，账号{bk}，谢谢。",
    "来访车辆：{pl}，来访人：{nm}，被访人：{nm}，事由：开会",
    "黑色轿车（{pl}）占用消防通道，已通知车主{nm}挪车。",
    "班车 {pl} 7:10 发车，司机{nm} {ph}",
    "车牌号码 {pl}",
    "发票抬头信息 统一社会信用代码 {cc} 地址 {ad} 电话 {tel}",
    "供方：某某文具店（信用代码{cc}），经办人{nm}",
    "社会信用代码：{cc}",
    "总机{tel}转801，找{nm}",
    "招生办电话：{tel}，{tel}",
    "传真：{tel}",
    "联系邮箱:{em} 抄送:{em}",
    "账号 {em} 已被锁定，请联系管理员{nm}",
    "护照号码：{pp}，国籍：略，学生姓名：{nm}",
    "Passport Number: {pp}",
    "港澳居民来往内地通行证号：{hk}，姓名：{nm}",
    "台胞证号码：{tw}",
    "军官证号：{of}，子女{nm}申请优待入学",
    "学籍号：{nsn}，原就读学校略，学生{nm}",
    "全国学籍号 {nsn} 重复，请核对",
    "微信号：{wx}",
    "家长群主{nm}，微信{wx}，有事私聊。",
    "QQ：{qq}（{nm}）",
    "学生学号：{sn}，密码初始为略",
    "{nm}同学（学号{sn}）违反宿舍管理规定，予以批评。",
    "你好，我是{sn}班级学号查询不到".replace("{sn}班级学号", "学号{sn}，系统"),
    "考生号：{ex}",
    "准考证号：{ex}，身份证号：{id}，姓名：{nm}",
    "家庭住址：{ad}",
    "现住{ad}，房东{nm}，电话{ph}。",
    "送到{ad}，{nm}收。",
    "通讯地址：{ad}  收信人：{nm}",
    "我叫{nm}，今年上六年级，我的好朋友是{nm}和{nm}。放学后我们常去{nm}家写作业。",
    "昨晚{nm}没有回家，他妈妈{nm}很着急，打了{ph}也没人接。班主任{nm}随后联系了派出所。",
    "心理老师记录：{nm}自述与同桌{nm}有矛盾，已约谈双方家长（{ph}、{ph}）。",
    "家委会会长{nm}、副会长{nm}、财务{nm}",
    "接龙：1、{nm}爸爸 2、{nm}妈妈 3、{nm}奶奶",
    "{{\"students\": [{{\"name\": \"{nm}\", \"idNo\": \"{id}\"}}, {{\"name\": \"{nm}\", \"idNo\": \"{id}\"}}]}}",
    "students:\n  - name: {nm}\n    phone: '{ph}'\n  - name: {nm}\n    phone: '{ph}'",
    "<tr><th>姓名</th><th>电话</th></tr><tr><td>{nm}</td><td>{ph}</td></tr>",
    "| 姓名 | 学号 | 车牌 |\n| --- | --- | --- |\n| {nm} | {sn} | {pl} |",
    "INSERT INTO parents (stu, father, mobile, card) VALUES ('{nm}', '{nm}', '{ph}', '{bk}');",
    "证件类型：身份证  证件号：{id}",
    "旧证号{id15}，新证号{id}",
    "身份证{idw}校验不通过，请{nm}家长核对",
)  # fmt: skip

TRAPS = (
    "{f_sentence}{f_sentence}",
    "采购单位：{f_company}，{f_company}",
    "岗位：{f_job}，人数3",
    "{f_company}中标，中标价{f_pricetag}",
    "IBAN 参考 {f_bban}，SWIFT {f_swift}",
    "书号 {f_isbn13}",
    "商品码 {f_ean13}",
    "见 {f_uri}",
    "UA={f_user_agent}",
    "用户名 {f_user_name} 不存在",
    "背景色 {f_hex_color}",
    "文件 {f_file_path} 未找到",
    "md5={f_md5}",
    "trace={f_uuid4}",
    "创建于 {f_date_time}",
    "ts={f_unix_time}",
    "定位 {f_latitude},{f_longitude}",
    "语数英物化生 {score}",
    "{score}\n{score}",
    "宿舍{gate}漏水",
    "采购订单{po}已审批",
    "货号 {sku}",
    "见 {sec} 节与 {sec} 节",
    "执行{std}和{std}",
    "工单号 {order} 已派发",
    "取件码 8-2-3015，运单 {express}",
    "验证码 482913，5分钟内有效",
    "尾号 3327 的卡支出 120.50 元",
    "余额 13,800,138.00 元",
    "起止时间 2026-03-01 08:00:00 至 2026-06-30 18:00:00",
    "课程编号 20240901，学分 2",
    "班级代码 202403，人数 45",
    "图书馆座位 3-127-05",
    "水表读数 00318827",
    "合同编号 {po}，金额 {amount}",
    "发票号码 {invoice}",
    "固件 {version}",
    "手机号码：____________",
    "身份证号：□□□□□□□□□□□□□□□□□□",
    "手机{mph}，证件{mid}",
    "{mnm}的卡{mbk}",
    "人民路施工，解放大道、中山路绕行",
    "四川省、重庆市、湖北省等地将有暴雨",
    "北京路小学与上海路小学联合教研",
    "王者归来、张灯结彩、高山流水、周而复始、马到成功",
    "常温保存，许可证编号 {po}",
    "网速 100.25 Mbps，延迟 3.2 ms",
    "IMEI {imei}",
    "SIM {iccid}",
    "条码 {ean}",
    "序列 {snow}",
    "车架号 {vin}",
    "{date} 系统维护",
    "1024 2048 4096 8192 16384",
    "长度 {long}",
    "热线 {hotline}",
    "座位 12 排 07 号",
    "学校代码 {school}",
)  # fmt: skip


def samples(seed: int, count: int) -> Iterator[tuple[Sample, Town]]:
    """Single texts: six tenths with data, four tenths traps."""
    town = Faked(seed)
    for _ in range(count):
        hard = town.chance.random() < 0.4
        made = fill(town.chance.choice(TRAPS if hard else LINES), town, tables=(HERE, THERE))
        yield Sample(text=made.text, gold=made.gold, hard=hard), town
