"""The rules of the practice as pure values: no clock, no I/O, no globals. Everything else depends on this package."""
