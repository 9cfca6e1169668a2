"""ENFORCE: make it so, now.

The doors of this floor touch the wire, the store and the clock; its heart,
pipeline.py, does not. mitmproxy is imported in gateway/mitm alone.
"""
