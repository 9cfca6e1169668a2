"""Who is behind an address: our look-up against the obvious ones, on the same table.

    python -O bench/identity.py [--rows N]

One run on one core, best of five, CPU time: µs per look-up of a remembered address, of a new one
(parsed, found, pseudonymised), and of the bare longest-prefix search; then the same
question to a scan of `ipaddress` networks and to one dictionary per prefix length through
`ipaddress`. All answers are compared first. RADIUS is packets decoded, verified, booked
and told, per second.
"""

from __future__ import annotations

import argparse
import gc
import io
import random
import resource
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network

from pyrad.dictionary import Dictionary
from pyrad.packet import AcctPacket

from gateway.identity.book import Book
from gateway.identity.feed import sessions_frame
from gateway.identity.known import Bound, Known, Tables
from gateway.identity.prefixes import Prefixes
from gateway.identity.pseudonyms import Ring
from gateway.identity.radius import Receiver, read_clients
from gateway.identity.resolve import Resolver, parse_address, placed
from gateway.identity.sessions import Sessions
from policies.model import Subject

KEY = b"k" * 32


def best(run: Callable[[], int], rounds: int = 5) -> float:
    """µs per call: `run` returns how many calls it made."""
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        calls = run()
        times.append((time.process_time() - begun) / calls * 1e6)
    return min(times)


def table(rows: int, dice: random.Random) -> list[tuple[str, Subject]]:
    """An address plan: nested IPv4 prefixes of many lengths, a tenth IPv6."""
    found: dict[str, Subject] = {}
    while len(found) < rows:
        subject = Subject(school=f"s{dice.randrange(800)}", stage="junior")
        if dice.random() < 0.1:
            length = dice.choice((48, 56, 60, 64))
            number = (0xFD00 << 112) | dice.getrandbits(112)
            shift = 128 - length
        else:
            length = dice.choice(range(12, 33))
            number = (10 << 24) | dice.getrandbits(24)
            shift = 32 - length
        found[f"{ip_address(number >> shift << shift)}/{length}"] = subject
    return list(found.items())


def scan(networks: Sequence[tuple[object, Subject]], text: str) -> Subject | None:
    """The naive way: look at every row, remember the longest that fits."""
    where, longest, found = ip_address(text), -1, None
    for network, subject in networks:
        if where in network and network.prefixlen > longest:
            longest, found = network.prefixlen, subject
    return found


class ByLength:
    """The usual way: one dictionary of `ipaddress` networks per prefix length."""

    def __init__(self, rows: Sequence[tuple[object, Subject]]) -> None:
        self.tables: dict[tuple[int, int], dict[object, Subject]] = {}
        for network, subject in rows:
            key = (network.version, network.prefixlen)
            self.tables.setdefault(key, {})[network] = subject
        self.lengths = sorted(self.tables, key=lambda key: -key[1])

    def find(self, text: str) -> Subject | None:
        where = ip_address(text)
        for version, length in self.lengths:
            if version == where.version:
                found = self.tables[version, length].get(
                    ip_network((int(where), length), strict=False)
                )
                if found is not None:
                    return found
        return None


def radius() -> tuple[float, float]:
    """(packets/s decoded and verified, packets/s decoded, booked, resolved and framed)."""
    words = "ATTRIBUTE User-Name 1 string\nATTRIBUTE Framed-IP-Address 8 ipaddr\n"
    words += "ATTRIBUTE Acct-Status-Type 40 integer\nATTRIBUTE Acct-Session-Id 44 string\n"
    dictionary = Dictionary(io.StringIO(words))
    packets = []
    for n in range(5000):
        one = AcctPacket(secret=b"a-good-secret", dict=dictionary)
        one["User-Name"], one["Acct-Status-Type"] = f"G{n:06}", 1
        one["Framed-IP-Address"], one["Acct-Session-Id"] = f"10.1.{n // 250}.{n % 250}", f"s{n}"
        packets.append(bytes(one.RequestPacket()))
    clients = read_clients("10.0.0.0/8 a-good-secret", "")

    def heard() -> int:
        here = Receiver(clients)
        for data in packets:
            here.receive(data, "10.0.0.1", 0.0)
        return len(packets)

    def whole() -> int:
        here, book = Receiver(clients), Book(Ring(KEY), Sessions(600))
        for data in packets:
            _, packet = here.receive(data, "10.0.0.1", 0.0)
            changed = book.sessions.hear(packet.accounting, 0.0)
            answers = {name: book.answer(name, 0.0) for name in changed}
            sessions_frame({n: a.bound for n, a in answers.items() if a}, first=False)
        return len(packets)

    return 1e6 / best(heard, 3), 1e6 / best(whole, 3)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=100_000)
    number = options.parse_args().rows
    dice = random.Random(7)
    rows = table(number, dice)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    prefixes = Prefixes(placed(rows))
    built = time.process_time() - begun
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    gc.freeze()  # as a worker does with what it has loaded
    known = Known(Ring(KEY))
    known.tables = Tables(prefixes=prefixes)
    here = Resolver((), Subject(), KEY, known)
    addresses = [str(ip_address((10 << 24) | dice.getrandbits(24))) for _ in range(45_000)]
    addresses += [str(ip_address((0xFD00 << 112) | dice.getrandbits(112))) for _ in range(5_000)]
    addresses = list(dict.fromkeys(addresses))
    dice.shuffle(addresses)
    for text in addresses[:10_000]:
        known.sessions[text] = Bound(subject=Subject(token="t", source="radius"), expires=9e9)
    in_session, elsewhere = addresses[:10_000], addresses[10_000:]
    networks = [(ip_network(prefix), subject) for prefix, subject in rows]
    usual = ByLength(networks)

    def school(found: Subject | None) -> str:
        return found.school if found is not None else ""

    for text in elsewhere[:5_000]:
        if school(usual.find(text)) != here.subject(text).school:
            raise SystemExit(f"{text}: the answers differ")
    for text in elsewhere[:5]:
        if school(scan(networks, text)) != here.subject(text).school:
            raise SystemExit(f"{text}: the answers differ")

    def asks(texts: Sequence[str], *, cold: bool = False) -> Callable[[], int]:
        def run() -> int:
            if cold:
                here._cache.clear()
            for text in texts:
                here.subject(text)
            return len(texts)

        return run

    numbers = [(parse_address(text).version, int(parse_address(text))) for text in elsewhere]

    def bare() -> int:
        for version, value in numbers:
            prefixes.find(version, value)
        return len(numbers)

    def usually() -> int:
        for text in four[:5_000]:
            usual.find(text)
        return 5_000

    def naive() -> int:
        for text in four[:5]:
            scan(networks, text)
        return 5

    print(f"rows                         {number:>10,}   build {built:.2f} s, {memory:.0f} MiB")
    four = [text for text in elsewhere if "." in text]
    six = [text for text in elsewhere if ":" in text]
    new, new6 = best(asks(four, cold=True)), best(asks(six, cold=True))
    print(f"session                      {best(asks(in_session)):>10.2f} µs")
    print(f"remembered address           {best(asks(elsewhere)):>10.2f} µs")
    print(f"new IPv4, with pseudonym     {new:>10.2f} µs")
    print(f"new IPv6, with pseudonym     {new6:>10.2f} µs")
    print(f"longest prefix alone         {best(bare):>10.2f} µs")
    per_length, scanning = best(usually), best(naive, 2)
    print(f"ipaddress, dict per length   {per_length:>10.2f} µs   {per_length / new:,.0f} ×")
    print(f"ipaddress, scan of all rows  {scanning:>10.0f} µs   {scanning / new:,.0f} ×")
    heard, whole = radius()
    print(f"RADIUS decoded and verified  {heard:>10,.0f} packets/s")
    print(f"RADIUS to the followers      {whole:>10,.0f} packets/s")


if __name__ == "__main__":
    main()
