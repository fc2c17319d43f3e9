"""What is about a patient is sealed before it is written: a data key for each call and message, under a master key.

`keys` holds the master keys, which lie in files outside the database; `vault` makes data keys, wraps them, and seals
small values; `stream` seals audio. No other package encrypts.
"""
