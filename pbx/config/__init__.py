"""The practice's file: its schema, reading it, checking it and describing it."""
