"""Speech to text, on the practice's own machine."""
