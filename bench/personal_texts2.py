"""A second set of texts with invented personal data, written without reading the recognisers.

Its words, forms, check digits and traps owe nothing to personal_texts.py: letters home, class
group chats, 接龙 lists, scanned forms, logs, exports, JSON and SQL; noise as scanners make it
(full width, spaces and line ends inside numbers, letters for digits); school-roll numbers with
G, J and L; values masked already; and numbers of other kinds as traps. Everything comes from
a seed; nobody's number is looked up or kept. bench/personal.py --texts 2 measures with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bench.personal_texts import Gold, Sample
from bench.personal_town import FULL, GOLD, LEADS, LOOKS, OTHER, Make, Town
from rules.recognise.personal.kinds import Kind

LINES = (
    "{nm}家长您好，孩子今天没到校，请速回电 {tel} 或 {ph}。",
    "【接龙】1. {nm} {ph}\n2. {nm} {ph}\n3. {nm} {ph}",
    "我是{nm}的妈妈，手机号换成{ph}了，麻烦老师改一下。",
    "班主任{nm}，办公电话{tel}，邮箱{em}",
    "学生姓名：{nm}\n证件类型：居民身份证\n证件号码：{id}\n监护人：{nm}\n联系电话：{ph}",
    "报名序号12 姓名 {nm} 性别 女 身份证号码 {id} 家庭住址 {ad}",
    "兹有我校学生{nm}（身份证号：{id}），因病休学一年，特此证明。",
    "{nm}，男，2011年生，身份证{id}，现住{ad}。",
    "老证件号码{id15}已换发为{id}，请更新档案。",
    "身份证号：{id15}（旧）",
    "港澳台居民居住证：{idi}，持证人{nm}",
    "录入员填的身份证号是{idw}，系统提示校验失败。",
    "家长{nm}，往来港澳通行证号码{hkc}，护照号{pp}",
    "护照：{ppa}，有效期至2031年",
    "passport no. {pp}",
    "港澳居民来往内地通行证 {hk} 姓名 {nm}",
    "台胞证号：{tw}，联系人{nm}",
    "大陆居民往来台湾通行证号：{twl}",
    "军人子女优待：父亲军官证号 {of}，姓名{nm}",
    "奖学金请打到银行卡 {bk}，户名{nm}",
    "开户行：建设银行城南支行，账号：{bk}",
    "卡号{bk}已绑定。",
    "我的工行卡是{bk}，别打错了",
    "供应商统一社会信用代码{cc}，联系人{nm}，{ph}",
    "纳税人识别号：{cc}  地址、电话：{ad} {tel}",
    "接送车辆 {pl}，司机{nm}，电话{ph}",
    "今天{pl}停在校门口堵路，请车主挪车",
    "投诉邮件发到{em}，抄送{em}。",
    "联系邮箱：{em}；微信号：{wx}；QQ：{qq}",
    "加我微信{wx}拉你进群",
    "vx:{wx} 备注班级",
    "QQ号{qq}，昵称晴天",
    "扣扣：{qq}",
    "{nm}，学号{sn}，数学92，语文88",
    "学号：{sn} 姓名：{nm} 班级：初二(3)班",
    "准考证号：{ex}\n姓名：{nm}\n考点：第一中学",
    "考号 {ex} 座位 07",
    "中考考生号：{ex}，密码请自行修改",
    "全国学籍号：{nsn}，姓名：{nm}",
    "学籍号{nsn}的学生申请转入我校",
    "学籍辅号 {nsn} 临时，待审核",
    "快递寄到：{ad}，{nm}收，{ph}",
    "收件人: {nm}\n收件地址: {ad}\n手机: {ph}",
    "户籍所在地：{ad}；现居住地：{ad}",
    "家访记录：{nm}，住{ad}，父亲在外务工。",
    "服务器{ip}无法登录，管理员{nm}",
    "src={ip} dst={ip} proto=tcp action=deny",
    "终端 MAC地址 {mac}，分配 {ip}",
    "ether {mac} inet {ip}",
    '{{"studentName":"{nm}","idCard":"{id}","mobile":"{ph}"}}',
    '{{"name": "{nm}", "guardian": {{"phone": "{ph}", "email": "{em}"}}, "studentNo": "{sn}"}}',
    "INSERT INTO t_stu (name, id_no, tel) VALUES ('{nm}', '{id}', '{ph}');",
    "{nm},{id},{ph},{ad}",
    "{nm}\t{sn}\t{ph}",
    "name={nm}&mobile={ph}&idcard={id}",
    "证件号 {id} ；银行卡 {bk} ；手机 {ph}",
    "值班表：周一{nm}、周二{nm}、周三{nm}",
    "昨天{nm}和{nm}在操场打架，{nm}去劝。",
    "参会：{nm}老师、{nm}主任、{nm}校长",
    "病假名单：{nm}（发烧）、{nm}（腹痛）",
    "{nm}同学的父亲电话是{ph}，母亲电话是{ph}",
    "如有疑问请联系{nm}（{ph}）",
    "经办人：{nm}  审核：{nm}  电话：{tel}",
    "From: {em}\nTo: {em}\nSubject: 成绩单\n\n{nm}的成绩见附件。",
    "短信发送成功 to {ph} 耗时 35ms",
    "身份证號：{id}，電話：{ph}",
    "緊急聯絡人{nm}，{ph}",
    "他说他叫{nm}，电话是{ph}。",
    "手机{ph}（微信同号）",
    "请于周五前把表交给{nm}，座机{tel}转801",
    "毕业生{nm}，{id}，毕业于我校。",
)  # fmt: skip

TRAPS = (
    "快递单号：{express}，请到传达室取件",
    "您的包裹{express}已到菜鸟驿站，取件码3-2-1017",
    "订单号 {order} 已付款",
    "交易流水号：{order}，金额{amount}元",
    "教材书号 {isbn}，定价38.00元",
    "校门坐标 {coord}，误差5米",
    "文件 sha/md5：{hash}",
    "commit {hash} 修复登录",
    "固件版本 {version}，请升级",
    "软件版本号：{version}，内核{version}",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Safari/537.36",
    "本年度预算{amount}元，已支出{amount}元",
    "备份时间 {date}，大小{amount}字节",
    "timestamp={millis} level=INFO cost=12ms",
    "1{millis}",
    "手机串号 IMEI {imei}",
    "SIM卡 ICCID：{iccid}",
    "商品条码{ean}，单价12.5",
    "发票号码：{invoice}，发票代码：{invoice}",
    "车架号：{vin}",
    "消息ID {snow} 已投递",
    "主键{snow}重复",
    "见标准第{clause}节和表{clause}",
    "详见 {clause} 条",
    "学校标识码：{school}",
    "市民热线{hotline}，银行客服{hotline}",
    "手机号 {mph} 的家长已确认",
    "身份证 {mid}，本人已核对",
    "银行卡 {mbk} 到账200元",
    "获奖名单：{mnm}、{mnm}",
    "设备序列号 {long}",
    "合同编号：HT-{date}-0093，档案号{invoice}",
    "国发〔2026〕12号文件第3条",
    "国药准字H20033456，批号{date}",
    "期号：202611{school}，中奖号码 03 11 17 22 29 31+09",
    "资产编号ZC-2026-{school}，存放于信息中心",
    "{word}时段播出，老师们的{word}很高",
    "用{word}的办法解决问题，看清{word}",
    "DOI: 10.1016/j.compedu.2026.{school}",
    "https://www.example.com/item?id={order}&t={millis}",
    "考试时间{date}，共120分钟，满分150分",
    "圆周率3.14159265358979323846，自然常数2.718281828459045",
    "端口映射 8080:80，子网掩码由系统分配",
    "课程编号{school}，学分2，周学时4",
    "身高体重 165 52 视力 4.9 5.0 肺活量 2800",
    "成绩 98 87 76 65 100 92 88 总分 606 名次 13",
    "邮编{invoice}前六位有效",
    "水表读数{amount}，电表读数{amount}",
    "第{invoice}批次试剂，效期至{date}",
    "各单位要提高{word}，把握{word}，不断前进。",
)  # fmt: skip


def spaced(value: str, town: Town) -> str:
    at = town.chance.randint(3, len(value) - 2)
    return value[:at] + " " + value[at:]


def looking(value: str, town: Town) -> str:
    places = [at for at, sign in enumerate(value) if sign in LOOKS and at > 2]
    if not places:
        return value
    at = town.chance.choice(places)
    return value[:at] + LOOKS[value[at]] + value[at + 1 :]


NOISE: dict[str, Callable[[str, Town], str]] = {
    "full": lambda value, _: value.translate(FULL),
    "space": spaced,
    "look": looking,
}
SCANS = (
    "身份证号码：{id}",
    "公民身份号码 {id}",
    "联系电话：{p11}",
    "监护人手机号码:{p11}",
    "银行卡号:{b}",
)
PLAIN: dict[str, tuple[Kind, Make]] = {
    "id": GOLD["id"],
    "p11": (Kind.PHONE, lambda town: town.chance.choice(LEADS) + town.digits(8)),
    "b": (Kind.BANK_CARD, lambda town: re.sub(" ", "", town.bank())),
}
SLOT = re.compile(r"\{(\w+)\}")


Tables = tuple[dict[str, tuple[Kind, Make]], dict[str, Make]]


def fill(template: str, town: Town, noise: str = "", tables: Tables = (GOLD, OTHER)) -> Sample:
    """The template with every slot filled and the places of what is personal."""
    text, gold, last = "", list[Gold](), 0
    table = PLAIN if noise else tables[0]
    template = template.replace("{{", "\x01").replace("}}", "\x02")
    for slot in SLOT.finditer(template):
        text += template[last : slot.start()]
        last = slot.end()
        word = slot[1]
        if word in table:
            kind, make = table[word]
            value = NOISE[noise](make(town), town) if noise else make(town)
            gold.append((kind, len(text), len(text) + len(value)))
        else:
            value = tables[1][word](town)
        text += value
    text += template[last:]
    return Sample(text=text.replace("\x01", "{").replace("\x02", "}"), gold=tuple(gold))


def samples(seed: int, count: int) -> Iterator[tuple[Sample, Town]]:
    """Single texts: six tenths with data, four tenths traps."""
    town = Town(seed)
    for _ in range(count):
        hard = town.chance.random() < 0.4
        made = fill(town.chance.choice(TRAPS if hard else LINES), town)
        yield Sample(text=made.text, gold=made.gold, hard=hard), town


def scans(seed: int, count: int, noise: str) -> list[Sample]:
    """Labelled numbers as a scanner writes them: `full`, `space` or `look`."""
    town = Town(seed, 1)
    return [fill(town.chance.choice(SCANS), town, noise) for _ in range(count)]
