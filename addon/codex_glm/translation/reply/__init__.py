"""GLM's deltas to Responses items, events and the one end."""
