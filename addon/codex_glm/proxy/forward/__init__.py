"""Forward mode: what is answered in OpenAI's place, and what may pass."""
