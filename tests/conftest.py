"""Fixtures that every test may ask for; each kit module says what it gives."""

pytest_plugins = ["tests.kit.database", "tests.kit.programs", "tests.kit.tls"]
