"""One module per way of recognising. Each is a function from Facts and data to Signals."""
