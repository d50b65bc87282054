"""Starting mitmproxy with this addon, and what it says then."""
