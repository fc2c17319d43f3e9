"""Tests that start one real part: PostgreSQL, Asterisk, the recogniser."""
