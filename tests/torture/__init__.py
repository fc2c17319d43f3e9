"""Real calls while things break at random moments, and the account of every call afterwards."""
