-- The call log, the messages, what a recogniser made of them, and the audit.
--
-- Closed lists are CHECK constraints named <table>_<column>_closed; a test compares them with the enumerations in
-- pbx.domain. Nothing else is constrained that a damaged sidecar or a clock that jumped could break: a row that is
-- refused would be a patient's call that nobody sees.

CREATE TABLE call (
    id            uuid PRIMARY KEY,
    direction     text NOT NULL CONSTRAINT call_direction_closed CHECK (direction IN ('inbound')),
    caller_kind   text NOT NULL CONSTRAINT call_caller_kind_closed
                  CHECK (caller_kind IN ('e164', 'short', 'withheld', 'unusable')),
    caller_number text,
    dialled       text NOT NULL,
    started_at    timestamptz NOT NULL,
    answered_at   timestamptz,
    ended_at      timestamptz,
    outcome       text NOT NULL CONSTRAINT call_outcome_closed
                  CHECK (outcome IN ('in-progress', 'answered', 'message', 'hung-up-while-ringing',
                                     'hung-up-during-greeting', 'no-message', 'not-served', 'lost')),
    reason        text CONSTRAINT call_reason_closed
                  CHECK (reason IN ('always-open', 'in-hours', 'outside-hours', 'closed-date', 'unknown-number',
                                    'safe-mode')),
    answered_by   text,
    decision      jsonb
);

COMMENT ON COLUMN call.answered_by IS 'The SIP endpoint that took the call.';
COMMENT ON COLUMN call.decision IS 'What was decided and why, as pbx.domain.serial writes it; null if nobody decided.';

CREATE INDEX call_newest ON call (started_at DESC, id);
CREATE INDEX call_by_dialled ON call (dialled, started_at DESC);
CREATE INDEX call_by_caller ON call (caller_number, started_at DESC);
CREATE INDEX call_in_progress ON call (started_at) WHERE ended_at IS NULL;

CREATE TABLE message (
    id                 uuid PRIMARY KEY,
    call_id            uuid NOT NULL REFERENCES call (id),
    mailbox            text NOT NULL,
    received_at        timestamptz NOT NULL,
    seconds            double precision NOT NULL,
    file               text NOT NULL,
    sha256             text NOT NULL,
    repaired           boolean NOT NULL,
    transcript_state   text NOT NULL DEFAULT 'pending' CONSTRAINT message_transcript_state_closed
                       CHECK (transcript_state IN ('pending', 'done', 'failed', 'no-speech')),
    transcript_failure text,
    attempts           smallint NOT NULL DEFAULT 0
);

COMMENT ON COLUMN message.file IS 'Name in the message folder.';
COMMENT ON COLUMN message.transcript_failure IS 'One sentence for people, without patient data.';
COMMENT ON COLUMN message.attempts IS 'How often a transcription was begun and neither finished nor given back.';

CREATE INDEX message_newest ON message (received_at DESC, id);
CREATE INDEX message_by_mailbox ON message (mailbox, received_at DESC);
CREATE INDEX message_by_call ON message (call_id);

CREATE TABLE transcript (
    message_id uuid PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
    engine     text NOT NULL,
    model      text NOT NULL,
    text       text NOT NULL,
    confidence double precision,
    words      jsonb NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN transcript.confidence IS 'The engine''s own figure in 0..1; null where it gives none.';

CREATE TABLE audit (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL DEFAULT now(),
    actor  text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
);

COMMENT ON TABLE audit IS 'Who did what to which call or message. Ids only: no number, no name, no word of a message.';

CREATE INDEX audit_by_object ON audit (object, at);
