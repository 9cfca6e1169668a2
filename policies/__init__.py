"""DECIDE: what should happen?

This floor turns (Subject, Signals, moment, usage) into a Verdict. It is pure:
no clock, no socket, no store. Only rules may be imported here.
"""
