"""RECOGNISE: what is this?

This floor turns what was observed of an exchange (Facts) into recognitions
(Signals) of categories. It knows no person, no hour and no action: nothing
from policies, gateway or audit may be imported here.
"""
