"""Models for the recognisers: which there are, how they are installed, how one is tried."""
