"""What the tests share: real parts to run, and strict peers where a real part cannot be made to fail."""
