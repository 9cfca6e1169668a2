"""The gateway of this very project as a target: facts from a node's own files and stores.

`look.py` is the door (files, event store, ledger; reads only), `facts.py` the thinking.
"""
