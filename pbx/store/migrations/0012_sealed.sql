-- What is about a patient is sealed: under a data key for each call and message, which lies here wrapped under a master
-- key that is not in the database. Rows of before are sealed by the program at its start; until then they stand as they
-- were in the columns that are empty for good afterwards.

CREATE TABLE data_key (
    subject     uuid PRIMARY KEY,
    kek         text NOT NULL,
    wrapped     bytea NOT NULL,
    fingerprint text NOT NULL
);

COMMENT ON TABLE data_key IS 'The key of each call and message. One that is gone leaves nothing of it readable.';
COMMENT ON COLUMN data_key.kek IS 'Id of the master key; the key itself is a file outside the database.';
COMMENT ON COLUMN data_key.fingerprint IS 'Tells keys apart; the audit names a destroyed one by it.';

CREATE INDEX data_key_by_kek ON data_key (kek, subject);

ALTER TABLE call
    ADD COLUMN caller_sealed bytea,
    ADD COLUMN caller_index bytea;

COMMENT ON COLUMN call.caller_number IS 'Empty: the number is sealed.';
COMMENT ON COLUMN call.caller_sealed IS 'The caller''s number, under the key of the call.';
COMMENT ON COLUMN call.caller_index IS 'A keyed hash (HMAC) by which calls of one number are found.';

DROP INDEX call_by_caller;
CREATE INDEX call_by_caller ON call (caller_index, started_at DESC);
CREATE INDEX call_unsealed ON call (id) WHERE caller_number IS NOT NULL;

ALTER TABLE transcript
    ADD COLUMN sealed bytea,
    ALTER COLUMN text DROP NOT NULL,
    ALTER COLUMN words DROP NOT NULL;

COMMENT ON COLUMN transcript.sealed IS 'Text and words, under the key of the message.';

CREATE INDEX transcript_unsealed ON transcript (message_id) WHERE text IS NOT NULL;

ALTER TABLE urgent_request ADD COLUMN callback_sealed bytea;

COMMENT ON COLUMN urgent_request.callback IS 'Empty: the number is sealed.';
COMMENT ON COLUMN urgent_request.callback_sealed IS
    'The number that the caller keyed, under the key of the call; null: the one that the call came from.';

ALTER TABLE inbox_event ADD COLUMN sealed bytea;

COMMENT ON COLUMN inbox_event.text IS 'Empty: what the staff wrote is sealed.';
COMMENT ON COLUMN inbox_event.sealed IS 'A note of the staff, under the key of the message; null where there is none.';

CREATE INDEX inbox_event_unsealed ON inbox_event (id) WHERE text <> '';

-- The one change that a row of the history may see: what it says is sealed.
CREATE OR REPLACE FUNCTION inbox_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.sealed IS NULL AND OLD.text <> '' AND NEW.sealed IS NOT NULL AND NEW.text = ''
       AND (NEW.id, NEW.message_id, NEW.at, NEW.by_whom, NEW.how, NEW.deed, NEW.about)
           IS NOT DISTINCT FROM (OLD.id, OLD.message_id, OLD.at, OLD.by_whom, OLD.how, OLD.deed, OLD.about) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the history of a message is never changed';
END
$$;

-- What is written from now on is sealed; the rows of before are not looked at.
ALTER TABLE call ADD CONSTRAINT call_caller_is_sealed CHECK (caller_number IS NULL) NOT VALID;
ALTER TABLE transcript ADD CONSTRAINT transcript_is_sealed CHECK (text IS NULL AND words IS NULL) NOT VALID;
ALTER TABLE urgent_request ADD CONSTRAINT urgent_request_callback_is_sealed CHECK (callback IS NULL) NOT VALID;
ALTER TABLE inbox_event ADD CONSTRAINT inbox_event_is_sealed CHECK (text = '') NOT VALID;
