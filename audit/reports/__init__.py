"""Reports: one value (`Report`) and a renderer for each format; all of it marked and cleaned."""
