"""The only room that knows mitmproxy: a lean engine around its I/O-free layers.

flow → Facts, Enforcement → flow, TLS, and the worker process. No judgement is
made here: it asks gateway.pipeline and acts on the value it gets back.
"""
