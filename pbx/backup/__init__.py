"""Backups: the whole practice in one encrypted file, and back."""
