"""The DNS filter: its own process, its own wire format, the same decision as the proxy.

`wire`, `records`, `screen`, `special`, `safesearch`, `cache`, `rate`, `reply`,
`ruling`, `judge` and `core` are functions and tables without a socket; `upstream`,
`listen` and `server` are the doors. Nothing of mitmproxy comes in here.
"""
