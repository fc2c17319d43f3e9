"""Use cases: each joins the pure domain with the world through the small protocols in `ports`."""
