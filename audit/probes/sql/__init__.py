"""Databases: a closed list of read-only queries per platform, and what their rows mean."""
