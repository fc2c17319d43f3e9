"""The HTTP interface for programs.

One module a resource; each has models, functions that answer, and a `ROUTES` of what it serves. `routes.py` joins them
into the one table, from which the server's routes and the OpenAPI document are both made.
"""
