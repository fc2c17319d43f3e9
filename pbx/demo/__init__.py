"""Patients, physicians' phones and their voices, all real SIP: for the demonstration, the tests and the figures."""
