"""Ten chapters and ten annexes, each there even where there is nothing to say; always marked."""

from audit.reports.blocks import Heading, Para, Signatures, Table
from audit.reports.chapters import document
from audit.reports.model import MARK
from tests.audit.reports.made import report, small


def test_the_order() -> None:
    for one in (report(), small()):
        heads = [b.text for b in document(one).blocks if isinstance(b, Heading) and b.level == 1]
        assert heads[0] == "声明"
        assert [head.split()[0] for head in heads[1:11]] == [str(n) for n in range(1, 11)]
        assert [head[:3] for head in heads[11:]] == [f"附录{letter}" for letter in "ABCDEFGHIJ"]


def test_it_claims_no_assessment() -> None:
    made = document(report())
    said = " ".join(b.text for b in made.blocks if isinstance(b, Para))
    assert MARK.zh in said
    assert made.mark == MARK.zh
    lines = [line for b in made.blocks if isinstance(b, Signatures) for line in b.lines]
    assert "单位（盖章）" in lines
    assert not any("测评机构" in line for line in lines)
    assert not any("报告编号" in name for name, _ in made.facts)


def test_every_row_fits_its_columns() -> None:
    for block in document(report()).blocks:
        if isinstance(block, Table):
            assert block.caption
            assert all(len(row) == len(block.columns) for row in block.rows), block.caption


def test_a_masked_copy_says_so() -> None:
    from audit.reports.mask import mask

    said = " ".join(b.text for b in document(mask(report())).blocks if isinstance(b, Para))
    assert "脱敏副本" in said
