"""Tests that place real calls through the whole product."""
