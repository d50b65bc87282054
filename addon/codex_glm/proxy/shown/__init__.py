"""What is kept of a turn and shown: flows, rows, views, commands, recordings."""
