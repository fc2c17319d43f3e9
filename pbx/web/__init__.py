"""The web edge: health, metrics and the API."""
