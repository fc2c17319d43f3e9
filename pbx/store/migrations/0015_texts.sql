-- Texts with patients: each text, who of the practice is told of it, what numbers said about texts, and links.
-- What a patient's number is and what was written is sealed; a number is found again by its index.

CREATE TABLE text_message (
    id            uuid PRIMARY KEY,
    line          text NOT NULL,
    patient       bytea NOT NULL,
    patient_index bytea NOT NULL,
    body          bytea NOT NULL,
    cause         text NOT NULL CONSTRAINT text_message_cause_closed
                  CHECK (cause IN ('patient', 'staff', 'link', 'auto-reply', 'missed-call', 'keyword')),
    state         text NOT NULL CONSTRAINT text_message_state_closed
                  CHECK (state IN ('received', 'waiting', 'sending', 'sent', 'delivered', 'failed', 'unsure',
                                   'refused')),
    at            timestamptz NOT NULL,
    person        text NOT NULL DEFAULT '',
    phone         text NOT NULL DEFAULT '',
    account       text NOT NULL DEFAULT '',
    code_hash     text NOT NULL DEFAULT '',
    ref           text UNIQUE,
    pictures      integer NOT NULL DEFAULT 0,
    reason        text NOT NULL DEFAULT '',
    why           jsonb NOT NULL DEFAULT '[]',
    attempts      integer NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL DEFAULT now(),
    settled_at    timestamptz,
    failure       text NOT NULL DEFAULT ''
);

COMMENT ON COLUMN text_message.line IS 'The practice number (E.164).';
COMMENT ON COLUMN text_message.ref IS 'What its carrier calls it, after the name of the carrier: so one is taken once.';
COMMENT ON COLUMN text_message.account IS 'Who was at the keyboard, where it was sent by command.';
COMMENT ON COLUMN text_message.code_hash IS 'Of one that goes as a link: what opens the page.';
COMMENT ON COLUMN text_message.failure IS 'One sentence for people, without patient data.';

CREATE INDEX text_message_waiting ON text_message (due_at) WHERE state = 'waiting';
CREATE INDEX text_message_open ON text_message (settled_at) WHERE state IN ('sending', 'unsure', 'failed');
CREATE INDEX text_message_conversation ON text_message (patient_index, line, at);
CREATE INDEX text_message_newest ON text_message (at);

CREATE TABLE text_delivery (
    id          uuid PRIMARY KEY,
    text_id     uuid NOT NULL REFERENCES text_message (id) ON DELETE CASCADE,
    kind        text NOT NULL CONSTRAINT text_delivery_kind_closed CHECK (kind IN ('phone', 'notice', 'event')),
    channel     text NOT NULL,
    person      text NOT NULL,
    phone       text NOT NULL,
    showing     text NOT NULL CONSTRAINT text_delivery_showing_closed CHECK (showing IN ('text', 'copy', 'trouble')),
    note        text NOT NULL,
    event       text NOT NULL,
    state       text NOT NULL DEFAULT 'waiting' CONSTRAINT text_delivery_state_closed
                CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts    integer NOT NULL DEFAULT 0,
    made_at     timestamptz NOT NULL DEFAULT now(),
    place       bigint GENERATED ALWAYS AS IDENTITY,
    due_at      timestamptz NOT NULL DEFAULT now(),
    taken_until timestamptz,
    settled_at  timestamptz,
    failure     text NOT NULL DEFAULT ''
);

COMMENT ON TABLE text_delivery IS 'Who of the practice is told of a text: written down before anybody is.';
COMMENT ON COLUMN text_delivery.id IS 'Follows from what the telling is: written twice it is the same row.';
COMMENT ON COLUMN text_delivery.note IS 'What the staff is told beside the text, without patient data.';

CREATE INDEX text_delivery_waiting ON text_delivery (kind, due_at) WHERE state = 'waiting';
CREATE INDEX text_delivery_of ON text_delivery (text_id);

CREATE TABLE text_consent (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient_index bytea NOT NULL,
    at            timestamptz NOT NULL DEFAULT now(),
    consent       text NOT NULL CONSTRAINT text_consent_consent_closed CHECK (consent IN ('none', 'given', 'revoked')),
    how           text NOT NULL CONSTRAINT text_consent_how_closed
                  CHECK (how IN ('texted', 'called', 'keyword', 'carrier', 'staff')),
    line          text NOT NULL,
    by_whom       text NOT NULL,
    note          text NOT NULL DEFAULT ''
);

COMMENT ON TABLE text_consent IS 'What a number said about texts; the newest row holds. Rows are added and never changed.';

CREATE INDEX text_consent_of ON text_consent (patient_index, id);

CREATE TABLE text_link (
    token_sha256 bytea PRIMARY KEY,
    text_id      uuid NOT NULL REFERENCES text_message (id) ON DELETE CASCADE,
    person       text NOT NULL,
    code_hash    text NOT NULL,
    expires_at   timestamptz NOT NULL,
    wrong        integer NOT NULL DEFAULT 0,
    made_at      timestamptz NOT NULL DEFAULT now(),
    opened_at    timestamptz
);

COMMENT ON COLUMN text_link.token_sha256 IS 'The address itself is kept nowhere.';
COMMENT ON COLUMN text_link.person IS 'Who opens it with the own PIN; empty: whoever has the code.';

CREATE INDEX text_link_of ON text_link (text_id);
