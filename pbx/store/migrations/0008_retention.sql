-- What kind of recording a message is, whether somebody has opened it, how long it is kept, and legal holds.

ALTER TABLE message
    ADD COLUMN label text CONSTRAINT message_label_closed CHECK (label IN ('short', 'silent', 'noise-only')),
    ADD COLUMN read_at timestamptz,
    ADD COLUMN held_at timestamptz;

COMMENT ON COLUMN message.label IS 'What is unusual about the recording; null where it holds speech as most do.';
COMMENT ON COLUMN message.read_at IS 'When it was first opened: one that nobody has opened is never erased by rule.';
COMMENT ON COLUMN message.held_at IS 'Since when it is on legal hold; null where it is not. legal_hold tells more.';

UPDATE message SET read_at = opened.at
FROM (SELECT object, min(at) AS at FROM audit WHERE action IN ('show', 'export') GROUP BY object) AS opened
WHERE opened.object = 'message/' || message.id;

-- A hold outlives its message and its own end: it says what was kept from erasure, by whom and why.
CREATE TABLE legal_hold (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id  uuid NOT NULL,
    placed_at   timestamptz NOT NULL DEFAULT now(),
    placed_by   text NOT NULL,
    reason      text NOT NULL,
    released_at timestamptz,
    released_by text
);

COMMENT ON COLUMN legal_hold.reason IS 'Of the staff, for the staff: not for anything about a patient.';

CREATE UNIQUE INDEX legal_hold_in_force ON legal_hold (message_id) WHERE released_at IS NULL;

-- Messages that were erased by rule. Their audio goes after the commit; until it has gone, its name stands here.
CREATE TABLE erased_message (
    id          uuid PRIMARY KEY,
    mailbox     text NOT NULL,
    file        text NOT NULL,
    received_at timestamptz NOT NULL,
    erased_at   timestamptz NOT NULL DEFAULT now(),
    file_gone   boolean NOT NULL DEFAULT false
);

CREATE INDEX erased_message_with_file ON erased_message (id) WHERE NOT file_gone;
