"""PostgreSQL: the pool, the migrations and one module an aggregate."""
