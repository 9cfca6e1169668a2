"""The table of masks, and a Masker: one column's mask over batches of values. Pure.

Nothing that could not be masked comes through: it is a Trouble, which `Masker.many` counts and
replaces by a redaction. None and the empty text stay what they are. What a text mask finds is
redacted in place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from policies import masks_keyed as keyed
from policies.masks_fake import FAKERS
from policies.masks_model import DIRECT, SAME, Algorithm, Context, Keep, Mask, Trouble
from policies.masks_plain import REDACTED, STARS, canonical, generalise, keep
from rules.model import Text
from rules.recognise.personal.finder import Finder

MEMO = 16_384  # values remembered by one column


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a reader must know of an algorithm."""

    title: Text
    reversible: bool = False
    keyed: bool = False
    direct: bool = True  # fit for direct identifiers
    joins: bool = False  # equal values stay equal, different ones different
    parameters: str = ""


def _row(zh: str, en: str, **more: Any) -> Row:
    return Row(title=Text(zh=zh, en=en), **more)


TABLE: dict[Algorithm, Row] = {
    Algorithm.KEEP: _row("保留前 n 后 m 位", "first n and last m characters stay",
                         parameters="keep: {first, last, star}"),
    Algorithm.REDACT: _row("全部遮盖", "nothing stays"),
    Algorithm.NULL: _row("置空", "NULL, or an empty text"),
    Algorithm.FAKE: _row("同格式的虚构值（号段从未分配）", "like it, of ranges never given out",
                         keyed=True),
    Algorithm.PSEUDONYM: _row("带密钥的假名", "keyed pseudonym, one per value and purpose",
                              keyed=True, joins=True,
                              parameters="pseudonym: {format, length, hash, prefix}"),
    Algorithm.FF1: _row("保形加密 FF1", "format-preserving encryption", keyed=True, joins=True,
                        reversible=True, parameters="ff1: {letters, bits}"),
    Algorithm.TOKEN: _row("令牌（保险库）", "token; the vault keeps the original", keyed=True,
                          joins=True, reversible=True),
    Algorithm.SEAL: _row("字段加密 AES-GCM / SM4-GCM", "authenticated field encryption", keyed=True,
                         reversible=True, parameters="seal: {cipher}"),
    Algorithm.GENERALISE: _row("泛化", "bands of ages and numbers, regions, months, years",
                               direct=False, parameters="generalise: {to, width}"),
    Algorithm.SHIFT: _row("按人平移日期", "dates moved by days of their subject", keyed=True,
                          direct=False, parameters="shift: {days}"),
    Algorithm.SHUFFLE: _row("列内打乱", "another order within the column (per batch)", keyed=True,
                            direct=False),
    Algorithm.NOISE: _row("加噪", "numbers moved within bounds", keyed=True, direct=False,
                          parameters="noise: {most, low, high}"),
    Algorithm.TEXT: _row("自由文本中逐处遮盖", "what is found inside free text is redacted",
                         direct=False),
    Algorithm.PASS: _row("保留", "kept as it is", direct=False),
}  # fmt: skip


def fit(mask: Mask, context: Context) -> str:
    """Why a mask does not fit a column; empty where it does."""
    row = TABLE[mask.algorithm]
    if context.kind in DIRECT and not row.direct:
        return (
            f"`{mask.algorithm}` 不能用于直接标识符 is not for direct identifiers ({context.kind})"
        )
    kind = SAME.get(context.kind, context.kind) if context.kind else None
    if mask.algorithm is Algorithm.FAKE and (kind is None or kind not in FAKERS):
        return f"没有这一类的虚构值 no fake is known of {context.kind}"
    if mask.algorithm is Algorithm.FF1 and kind in (CHINESE | {None}):
        return (
            "FF1 只用于数字和字母 FF1 is for digits and letters, not for names or unknown columns"
        )
    if mask.algorithm is Algorithm.TOKEN and context.vault is None:
        return "令牌需要保险库 a token needs a vault"
    return ""


CHINESE = frozenset(kind for kind, faker in FAKERS.items() if faker.of.fullmatch("某某某"))
"""Kinds written in Chinese: no alphabet of FF1 holds them."""


class Masker:
    """One column's mask. `troubles` counts what was redacted instead."""

    def __init__(
        self,
        mask: Mask,
        context: Context,
        *,
        today: date,
        finder: Finder | None = None,
        one: keyed.One | None = None,
        batch: keyed.Many | None = None,
    ) -> None:
        """`one` or `batch` takes the place of the mask's own function.

        Raises ValueError for an unfit mask.
        """
        wrong = fit(mask, context) if one is None and batch is None else ""
        if wrong:
            raise ValueError(wrong)
        self.mask = mask
        self.context = context
        self.troubles: Counter[Trouble] = Counter()
        self._memo: dict[str, Any] = {}
        self._one = one if one is not None else _one(mask, context, today, finder)
        one_ = self._one
        self._many: keyed.Many = lambda texts: [one_(text) for text in texts]
        if one is None and mask.algorithm is Algorithm.PSEUDONYM:
            self._many = keyed.pseudonyms(mask.pseudonym, context)
        self._shift = keyed.shift(mask.shift, context)
        self._batch = {
            Algorithm.NOISE: keyed.noise(mask.noise, context),
            Algorithm.SHUFFLE: keyed.shuffle(context),
        }.get(mask.algorithm)
        if batch is not None:
            self._batch = lambda values, _batch: batch(values)

    def many(
        self, values: Sequence[Any], subjects: Sequence[Any] | None = None, batch: int = 0
    ) -> list[Any]:
        """The batch masked; what gave trouble is redacted and counted."""
        algorithm = self.mask.algorithm
        if algorithm is Algorithm.PASS:
            return list(values)
        if algorithm is Algorithm.SHIFT:
            who = subjects if subjects is not None else [None] * len(values)
            found = [
                value if value is None or value == "" else self._shift(value, subject)
                for value, subject in zip(values, who, strict=True)
            ]
        elif self._batch is not None:
            found = self._batch(values, batch)
        elif algorithm is Algorithm.TOKEN:
            found = self._tokens(values)
        else:
            found = self._each(values)
        if Trouble in set(map(type, found)):
            self.troubles.update(one for one in found if one.__class__ is Trouble)
            found = [REDACTED if one.__class__ is Trouble else one for one in found]
        return found

    def _each(self, values: Sequence[Any]) -> list[Any]:
        memo, one = self._memo, self._one
        if self.mask.algorithm is Algorithm.SEAL:  # every value has its own nonce
            return [value if value is None or value == "" else one(value) for value in values]
        texts = {value for value in values if value.__class__ is str}
        if len(memo) + len(texts) > 2 * MEMO:
            memo.clear()
        new = list(texts.difference(memo))
        memo.update(zip(new, self._many(new), strict=True))
        if "" in texts:
            memo[""] = ""
        if len(texts) > 2 * MEMO:  # a batch larger than what is remembered
            self._memo = {}
        return [
            memo[value] if value.__class__ is str else (None if value is None else one(value))
            for value in values
        ]

    def _tokens(self, values: Sequence[Any]) -> list[Any]:
        vault = self.context.vault
        if vault is None:
            raise ValueError("a token needs a vault")
        texts = [
            value if value is None or value == "" else canonical(value, self.context.kind)
            for value in values
        ]
        wanted = [text for text in texts if text and text.__class__ is str]
        made = iter(vault.tokens(self.context.domain, wanted))
        return [next(made) if text and text.__class__ is str else text for text in texts]


def _one(mask: Mask, context: Context, today: date, finder: Finder | None) -> keyed.One:
    match mask.algorithm:
        case Algorithm.KEEP:
            told: Keep = mask.keep
            return lambda value: keep(value, told)
        case Algorithm.NULL:
            return lambda _: None
        case Algorithm.FAKE:
            return keyed.fake(context)
        case Algorithm.PSEUDONYM:
            return keyed.pseudonym(mask.pseudonym, context)
        case Algorithm.FF1:
            return keyed.ff1(mask.ff1, context)
        case Algorithm.SEAL:
            return keyed.seal(mask.seal, context)
        case Algorithm.GENERALISE:
            return lambda value: generalise(value, mask.generalise, today)
        case Algorithm.TEXT if finder is not None:
            return _inside(finder)
        case _:
            return lambda _: REDACTED


def _inside(finder: Finder) -> Callable[[Any], Any]:
    """Everything found in a text, verified or suspected, is starred out."""

    def one(value: Any) -> Any:
        if not isinstance(value, str):
            return Trouble.WRONG_TYPE
        found, done = [], 0
        for hit in finder.find(value):
            found += [value[done : hit.start], REDACTED]
            done = hit.end
        return "".join((*found, value[done:]))

    return one


def half_masked(text: str) -> bool:
    """Whether somebody starred parts of a value before us."""
    return STARS.search(text) is not None
