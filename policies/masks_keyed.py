"""Masks with a key: pseudonym, fake, FF1, sealed fields, shift, noise, shuffle. Pure.

Each maker takes a mask's parameters and the column's Context and returns a function of one
value (shift, noise and shuffle: of a batch). Keys are derived per purpose and domain, so the
same value is the same in every table of a purpose and another in every other purpose.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as Ciphers
from cryptography.hazmat.primitives.ciphers import algorithms, modes

from policies import masks_digest, masks_ff1
from policies.masks_fake import FAKERS, Dice
from policies.masks_model import (
    SAME,
    Cipher,
    Context,
    Ff1,
    Format,
    Letters,
    Noise,
    Pseudonym,
    Seal,
    Shift,
    Trouble,
)
from policies.masks_plain import canonical, day, number, written

type One = Callable[[Any], Any]
type Many = Callable[[Sequence[Any]], list[Any]]

READ = 16_384  # dates a shift remembers
TRIES = 64  # digests tried until one does not hold the original by chance
_SEALED = "qm1"
_TAG, _NONCE = 16, 12


def pseudonyms(told: Pseudonym, context: Context) -> Many:
    """HMAC of the canonical values, written in hex, base32 or digits."""
    key = context.keys.derive(context.purpose, f"pseudonym:{told.hash}:{context.domain}")
    kind, size, prefix, spelled = context.kind, told.length, told.prefix, _SPELLED[told.format]
    digest = masks_digest.keyed(key, told.hash.value)

    def again(text: str) -> str | Trouble:
        """A pseudonym held its original by chance: the next digest is taken."""
        message = text.encode("utf-8", "surrogatepass")
        for count in range(1, TRIES):
            found = prefix + spelled([digest(message + b"\x00%d" % count)], size)[0]
            if text.lower() not in found:
                return found
        return Trouble.WRONG_SHAPE

    def many(values: Sequence[Any]) -> list[Any]:
        texts: list[Any] = [canonical(value, kind) for value in values]
        good = [text for text in texts if text.__class__ is str]
        made = spelled([digest(text.encode("utf-8", "surrogatepass")) for text in good], size)
        found = [
            name if text.lower() not in (name := prefix + one) else again(text)
            for text, one in zip(good, made, strict=True)
        ]
        if len(good) == len(texts):
            return found
        left = iter(found)
        return [next(left) if text.__class__ is str else text for text in texts]

    return many


def pseudonym(told: Pseudonym, context: Context) -> One:
    """The same of one value."""
    many = pseudonyms(told, context)
    return lambda value: many([value])[0]


_SPELLED: dict[Format, Callable[[Sequence[bytes], int], list[str]]] = {
    Format.HEX: masks_digest.hexed,
    Format.BASE32: masks_digest.base32,
    Format.DIGITS: masks_digest.digits,
}


def fake(context: Context) -> One:
    """A value of the same format that belongs to nobody; kinds without one are a ValueError."""
    kind = SAME.get(context.kind, context.kind) if context.kind is not None else None
    if kind is None or kind not in FAKERS:
        raise ValueError(f"no fake is known of {kind}")
    faker = FAKERS[kind]
    key = context.keys.derive(context.purpose, f"fake:{context.domain}")

    digest, shaped, make = masks_digest.keyed(key), faker.of.fullmatch, faker.make

    def one(value: Any) -> Any:
        text = canonical(value, kind)
        if text.__class__ is Trouble:
            return text
        if shaped(text) is None:  # type: ignore[arg-type]
            return Trouble.WRONG_SHAPE
        message = text.encode("utf-8", "surrogatepass")  # type: ignore[union-attr]
        for count in range(TRIES):
            found = make(Dice(digest(message + bytes(count))), text)  # type: ignore[arg-type]
            if text not in found:  # type: ignore[operator]
                return found
        return Trouble.WRONG_SHAPE

    return one


def ff1(told: Ff1, context: Context) -> One:
    """Encryption into the same letters. Names have no such alphabet and are refused."""
    cipher = _ff1(told, context)
    kind = context.kind

    def one(value: Any) -> Any:
        text = canonical(value, kind)
        if isinstance(text, Trouble):
            return text
        return _encrypted(cipher, text.lower(), told.letters)

    return one


def _encrypted(cipher: masks_ff1.Ff1, text: str, letters: Letters) -> str | Trouble:
    alphabet = masks_ff1.DIGITS if letters is Letters.DIGITS else masks_ff1.ALNUM
    if not text or any(letter not in alphabet for letter in text):
        return Trouble.WRONG_SHAPE
    try:
        return cipher.encrypt(text)
    except ValueError:
        return Trouble.SMALL_DOMAIN


def unff1(told: Ff1, context: Context) -> One:
    """The way back."""
    cipher = _ff1(told, context)

    def one(value: Any) -> Any:
        try:
            return cipher.decrypt(str(value))
        except ValueError:
            return Trouble.WRONG_SHAPE

    return one


def _ff1(told: Ff1, context: Context) -> masks_ff1.Ff1:
    key = context.keys.derive(context.purpose, "ff1")[: told.bits // 8]
    letters = masks_ff1.DIGITS if told.letters is Letters.DIGITS else masks_ff1.ALNUM
    return masks_ff1.Ff1(key, letters, context.domain.encode()[:64])


def seal(told: Seal, context: Context) -> One:
    """`qm1:KEYID:…`: AES-GCM or SM4-GCM; dataset and column are bound to the value."""
    key = context.keys.derive(context.purpose, f"seal:{told.cipher}")
    bound = f"{context.dataset}\x00{context.column}".encode()
    algorithm: Any = algorithms.AES(key) if told.cipher is Cipher.AES else algorithms.SM4(key[:16])
    head = f"{_SEALED}:{context.keys.id}:"

    def one(value: Any) -> Any:
        text = written(value)
        if isinstance(text, Trouble):
            return text
        nonce = context.fresh(_NONCE)
        made = Ciphers(algorithm, modes.GCM(nonce)).encryptor()
        made.authenticate_additional_data(bound)
        sealed = made.update(text.encode("utf-8", "surrogatepass")) + made.finalize()
        return head + base64.urlsafe_b64encode(nonce + sealed + made.tag).decode("ascii")

    return one


def unseal(told: Seal, context: Context) -> One:
    """What was sealed, by the key its value names; a Trouble for anything else."""
    bound = f"{context.dataset}\x00{context.column}".encode()

    def one(value: Any) -> Any:
        parts = str(value).split(":")
        if len(parts) != 3 or parts[0] != _SEALED:
            return Trouble.WRONG_SHAPE
        try:
            key = context.keys.derive(context.purpose, f"seal:{told.cipher}", parts[1])
            raw = base64.urlsafe_b64decode(parts[2])
            algorithm: Any = (
                algorithms.AES(key) if told.cipher is Cipher.AES else algorithms.SM4(key[:16])
            )
            mode = modes.GCM(raw[:_NONCE], raw[-_TAG:])
            opened = Ciphers(algorithm, mode).decryptor()
            opened.authenticate_additional_data(bound)
            plain = opened.update(raw[_NONCE:-_TAG]) + opened.finalize()
            return plain.decode("utf-8", "surrogatepass")
        except (KeyError, ValueError, InvalidTag, binascii.Error):
            return Trouble.WRONG_SHAPE

    return one


def shift(told: Shift, context: Context) -> Callable[[Any, Any], Any]:
    """A date moved by a subject's own number of days, never by none."""
    digest = masks_digest.keyed(context.keys.derive(context.purpose, "shift"))
    read: dict[str, date | Trouble] = {}  # texts that stand for dates: there are not many

    def one(value: Any, subject: Any) -> Any:
        who = canonical(subject, None) if subject not in (None, "") else Trouble.NO_SUBJECT
        if isinstance(who, Trouble):
            return Trouble.NO_SUBJECT
        found = read.get(value) if value.__class__ is str else day(value)
        if found is None:
            if len(read) > READ:
                read.clear()
            found = read[value] = day(value)
        if isinstance(found, Trouble):
            return found
        made = digest(who.encode("utf-8", "surrogatepass"))
        days = int.from_bytes(made[:8], "big") % (2 * told.days) - told.days
        days += days >= 0  # -n to -1, 1 to n
        try:
            if isinstance(value, datetime):
                return value + timedelta(days=days)
            moved = found + timedelta(days=days)
        except OverflowError:
            return Trouble.WRONG_SHAPE
        return moved if isinstance(value, date) else moved.isoformat()

    return one


def noise(told: Noise, context: Context) -> Callable[[Sequence[Any], int], list[Any]]:
    """Numbers moved by at most `most`; keyed by column and batch, so a run can be repeated."""
    key = context.keys.derive(context.purpose, f"noise:{context.dataset}:{context.column}")

    def many(values: Sequence[Any], batch: int) -> list[Any]:
        dice = random.Random(hmac.digest(key, b"%d" % batch, "sha256"))
        return [_moved(value, told, dice) for value in values]

    return many


def _moved(value: Any, told: Noise, dice: random.Random) -> Any:
    if value is None or value == "":
        return value
    found = number(value)
    if isinstance(found, Trouble):
        return found
    whole = found == int(found) and told.most >= 1
    moved = found + (
        dice.choice([-1, 1]) * dice.randint(1, int(told.most))
        if whole
        else dice.uniform(-told.most, told.most)
    )
    moved = max(moved, told.low) if told.low is not None else moved
    moved = min(moved, told.high) if told.high is not None else moved
    text = str(int(moved)) if whole and moved == int(moved) else f"{moved:.2f}"
    if isinstance(value, str):
        return text
    if isinstance(value, Decimal):
        return Decimal(text)
    return int(moved) if isinstance(value, int) else float(text)


def shuffle(context: Context) -> Callable[[Sequence[Any], int], list[Any]]:
    """The values of a batch in another order; fewer than three different ones are a Trouble."""
    key = context.keys.derive(context.purpose, f"shuffle:{context.dataset}:{context.column}")

    def many(values: Sequence[Any], batch: int) -> list[Any]:
        if len(set(map(repr, values))) < 3:
            return [Trouble.TOO_FEW if one not in (None, "") else one for one in values]
        dice = random.Random(hmac.digest(key, b"%d" % batch, "sha256"))
        mixed = list(values)
        dice.shuffle(mixed)
        return mixed

    return many
