"""What the user decides: options, the settings file, the key."""
