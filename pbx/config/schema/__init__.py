"""The practice's file: which tables and keys it has. Every key says what it is for; `secondline describe` prints that.

A new table or key is a new field here; `people`, `schedules` and `numbers` turn it into the domain's values, `machine`
into settings.
"""
