"""Questionnaires: what no probe can find out, asked on a sheet, returned, read cell by cell."""
