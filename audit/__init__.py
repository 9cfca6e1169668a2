"""VERIFY: show me. Catalogs, checks, probes, judging, reports; and the `qinglang` command."""
