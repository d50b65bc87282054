"""Readable turns: what a flow keeps of one, as text for people. Reads and changes nothing."""
