"""The controller: what happens to a call, and everything around it."""

__version__ = "0.1.0"
