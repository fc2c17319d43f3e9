"""`secondline inventory`: what there is, what listens, what talks to whom, and what leaves the building."""
