"""Files of every kind as one stream of pieces of text. `files.open_pieces` is the way in."""
