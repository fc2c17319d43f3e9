"""Voicemail: spool, audio, ingest, transcription and the mailbox by phone."""
