"""What may come in: who, under which name, of which size."""
