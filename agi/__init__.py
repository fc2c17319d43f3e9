"""The FastAGI edge: Asterisk asks what to do next and is answered here."""
