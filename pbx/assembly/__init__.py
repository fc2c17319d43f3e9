"""The only place where parts are put together: all of them in `server`, those of one subject beside it."""
