"""Hostile SIP: the messages of RFC 4475, mutations of them, and what has to hold while they come."""
