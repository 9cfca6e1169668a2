"""Personal data on its way out: a body read, weighed and, where policy wants it, masked."""
