"""gateway.dns.ruling: the defaults of a ruling."""

from gateway.dns.ruling import Ruling, Treatment
from policies.model import Subject
from rules.model import Facts, Stage


def test_a_ruling_says_filtered_unless_told_otherwise():
    ruling = Ruling(Treatment.PAGE, Facts(stage=Stage.DNS, host="a.cn"), Subject(), None)
    assert (ruling.ede, ruling.label) == (17, "")
