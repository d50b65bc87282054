"""The edge: the only room that knows mitmproxy. Its hooks guard and delegate."""
