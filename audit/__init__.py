"""VERIFY: show me. In this version: only the command line door (`qinglang`)."""
