"""Ways to patients' phones for texts, one module a carrier's format."""
