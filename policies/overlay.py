"""Named groups of hosts (of policies and Orders) as extra bits above the categories.

Each group has two bits: *any* (one of the names claimed is in the group; enough to
tighten) and *all* (the real host and every claimed name are; needed to loosen).
A host covers its subdomains; `=host` means this name only. The memo is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rules.hosts import canonical, is_address

MAX_KNOWN = 8192


class Overlay:
    """Host → bits of the groups it belongs to. `first` is the first free bit.

    Raises ValueError for what is not a host (`policies.check` finds these before).
    """

    __slots__ = ("_any", "_exact", "_known", "_places", "_suffix", "addresses")

    def __init__(self, first: int, groups: Mapping[str, Sequence[str]]) -> None:
        self._places = {name: first + 2 * n for n, name in enumerate(sorted(groups))}
        self._any = 0
        self._exact: dict[str, int] = {}
        self._suffix: dict[str, int] = {}
        self._known: dict[str, int] = {}
        for name, hosts in groups.items():
            both = 3 << self._places[name]
            self._any |= 1 << self._places[name]
            for host in hosts:
                table = self._exact if host.startswith("=") else self._suffix
                key = canonical(host.removeprefix("="))
                table[key] = table.get(key, 0) | both
        self.addresses = any(is_address(key) for key in (*self._suffix, *self._exact))

    def __bool__(self) -> bool:
        return bool(self._places)

    def bits(self, names: Iterable[str], *, loosens: bool) -> int:
        """The bits of these groups, for a rule that loosens or one that tightens."""
        mask = 0
        for name in names:
            mask |= (2 if loosens else 1) << self._places[name]
        return mask

    def host(self, host: str) -> int:
        """The bits of all groups in which a canonical host (or address) stands."""
        known = self._known.get(host)
        if known is not None:
            return known
        mask = self._exact.get(host, 0)
        rest = host
        while rest:
            mask |= self._suffix.get(rest, 0)
            _, dot, rest = rest.partition(".")
            if not dot:
                break
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[host] = mask
        return mask

    def exchange(self, host: str, names: Sequence[str], address: str) -> int:
        """The bits of one exchange: any over all names and the address, all over the names."""
        first = self.host(host)
        union = common = first
        for name in names:
            bits = self.host(name)
            union |= bits
            common &= bits
        if address and address != host:
            union |= self.host(address)
        return (union & self._any) | (common & ~self._any)
