"""The data lifecycle: find, grade, mask, weigh, keep, share, destroy; each step leaves a record."""
