"""What GLM demands of a request, one subject per module; each yields violations."""
