"""What stands behind the audit outside of the database: the key, the signed checkpoints, the verifier, exports."""
