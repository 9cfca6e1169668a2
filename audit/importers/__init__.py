"""Others' results, read as evidence: each file of a format becomes findings beside our own."""
