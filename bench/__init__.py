"""Figures side by side with a peer measured in the same run; never a timed test."""
