"""Readers of other people's lists: UT1, hosts, plain, Adblock, v2fly, RPZ, CSV, our starter form.

Every importer reads lines or a tree and hands canonical keys to a `Rows`; it keeps no
state, opens nothing itself (`streams` does) and decides nothing about categories.
A bad line costs that line and is counted and sampled; a broken file is refused whole.
"""
