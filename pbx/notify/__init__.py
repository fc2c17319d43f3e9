"""How notices leave this machine, one module a channel."""
