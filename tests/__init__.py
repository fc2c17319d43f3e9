"""Tests of Secondline; the real Asterisk, PostgreSQL, SIP clients and recogniser are used."""
