"""Counts that hide whether anybody is in them: exact noise and a budget on record."""
