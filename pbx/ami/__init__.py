"""The Asterisk Manager Interface, guarded: protocol, client, typed events."""
