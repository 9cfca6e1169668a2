"""What each kind of personal data is called in reports."""

from __future__ import annotations

from collections.abc import Mapping

from rules.model import Text
from rules.recognise.personal.kinds import Kind

_NAMES = """
id_card 居民身份证号 identity card number
phone 手机号 mobile number
landline 固定电话 landline
bank_card 银行卡号 bank card
credit_code 统一社会信用代码 credit code
plate 车牌号 number plate
email 电子邮箱 e-mail address
passport 护照号 passport
hk_macau_permit 港澳通行证 Hong Kong or Macau permit
taiwan_permit 台湾通行证 Taiwan permit
officer_id 军官证 officer's card
ip IP地址 IP address
mac MAC地址 MAC address
wechat 微信号 WeChat name
qq QQ号 QQ number
student_number 学号 student number
exam_number 考号 examination number
national_student_number 全国学籍号 national student number
name 姓名 name
address 地址 address
uuid 通用唯一标识 UUID
secret 密钥或令牌 key or token
birth_date 出生日期 date of birth
age 年龄 age
sex 性别 sex
ethnicity 民族 ethnicity
religion 宗教信仰 religion
political_status 政治面貌 political status
native_place 籍贯 native place
health 健康状况 health
disability 残疾信息 disability
family_economy 家庭经济 family economy
score 成绩 score
punishment 处分 punishment
biometric 生物特征 biometric template
photo 照片 photo
guardian_name 监护人姓名 guardian's name
guardian_phone 监护人电话 guardian's phone
guardian_id 监护人证件号 guardian's identity number
kinship 亲属关系 kinship
location 位置轨迹 location
school 学校 school
class 班级 class
postcode 邮政编码 postcode
password 密码 password
"""


def _read() -> Mapping[Kind, Text]:
    made: dict[Kind, Text] = {}
    for part in _NAMES.replace("\n", ";").split(";"):
        if part.strip():
            kind, zh, en = part.split(None, 2)
            made[Kind(kind)] = Text(zh=zh, en=en)
    return made


WORDS: Mapping[Kind, Text] = _read()
