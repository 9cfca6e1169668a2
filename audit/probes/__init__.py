"""Ways of looking: each probe turns a target into one JSON document, and changes nothing there."""
