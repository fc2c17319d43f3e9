"""Find or install Asterisk, render its files, start, watch, reload and stop it."""
