"""Tests that start no other program."""
