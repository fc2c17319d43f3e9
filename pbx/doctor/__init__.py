"""`secondline doctor`: one module a subject, each looks and judges, and says what to do."""
