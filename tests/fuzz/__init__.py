"""What takes bytes from outside, fed with anything: by hypothesis in the tests, by atheris in `make fuzz`."""
