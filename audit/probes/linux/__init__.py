"""Linux hosts: pure parsers from what the collector printed to the document of facts."""
