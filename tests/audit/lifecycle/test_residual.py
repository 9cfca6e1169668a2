"""The residual scan: source values and verified hits are found, fakes are known, nothing kept."""

from audit.lifecycle.residual import Scan, Seen, hashed, pieces, spellings
from policies.masks_fake import FAKERS, Dice
from rules.personal_files import load_finder
from rules.recognise.personal.kinds import Kind

FINDER = load_finder()


def scan(seen: Seen | None = None) -> Scan:
    return Scan(FINDER, seen or Seen(10))


def test_bits_remember_values_and_show_none() -> None:
    seen = Seen(1000)
    seen.add([f"F{place:08}" for place in range(1000)], Kind.STUDENT_NUMBER)
    assert len(seen.candidates(hashed(["F00000001", "F00000999"]))) == 2
    assert len(seen.candidates(hashed([f"G{place:08}" for place in range(1000)]))) < 3
    assert repr(seen) == "Seen(1000)"


def test_a_source_value_is_settled_by_reading_again() -> None:
    seen = Seen(10)
    seen.add(["赵甲壬", None, "", "***"], Kind.NAME)
    one = scan(seen)
    one.column("t", "xm", ["赵甲壬", "某安北", None], kept=False, declared=False)
    assert len(one.candidates) == 1
    one.settle(["赵甲壬"], Kind.NAME)
    assert one.found.sources == 1
    assert not one.found.clean
    one.settle(["赵甲壬"], Kind.NAME)
    assert one.found.sources == 1


def test_a_name_inside_a_kept_text_is_found() -> None:
    seen = Seen(10)
    seen.add(["赵甲壬"], Kind.NAME)
    one = scan(seen)
    one.column("t", "说明", ["请通知赵甲壬的家长到校谈话"], kept=True, declared=False)
    one.settle(["赵甲壬"], Kind.NAME)
    assert one.found.sources == 1


def test_what_a_source_faked_is_nobody() -> None:
    seen = Seen(10)
    seen.add(["16900001234"], Kind.PHONE)
    one = scan(seen)
    one.column("t", "p", ["16900001234"], kept=False, declared=False)
    one.settle(["16900001234"], Kind.PHONE)
    assert one.found.clean


def test_verified_hits_are_counted_by_place_and_fakes_apart() -> None:
    one = scan()
    one.column("t", "手机号", ["19900001234"], kept=False, declared=False)
    assert one.found.verified == {"t.手机号: phone": 1}
    assert "1990000" not in repr(one.found.told())
    fake = FAKERS[Kind.BANK_CARD].make(Dice(b"\x05" * 32), "0" * 16)
    other = scan()
    other.column("t", "银行卡号", [fake], kept=False, declared=False)
    assert other.found.clean
    third = scan()
    third.column("t", "手机号", ["19900001234"], kept=False, declared=True)
    assert third.found.clean
    assert third.found.declared == 1


def test_pieces_and_spellings() -> None:
    assert pieces("学号F00000001的某某某") == ["F00000001", "的某某", "某某某", "的某某某"]
    assert set(spellings(["169-0000-1234", "x", "***", 12345], Kind.PHONE)) == {
        "169-0000-1234", "16900001234", "12345",
    }  # fmt: skip


def test_many_candidates_are_unsettled() -> None:
    one = scan()
    one.found.unsettled = True
    assert not one.found.clean
