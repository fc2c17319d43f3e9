"""The people with telephones of the e2e tests call here too."""

from tests.e2e.conftest import a_patient, people

__all__ = ["a_patient", "people"]
