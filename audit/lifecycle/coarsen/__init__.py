"""Coarser values until everybody has company: ladders, search, local recoding, the job."""
