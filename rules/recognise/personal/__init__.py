"""Personal data in text and cells: which kind, where, how sure. Pure; values are never kept."""
