-- The interface for programs: tokens of people with scopes and an end, answers that are given again for the same key,
-- and what happens here told to programs of the practice.

ALTER TABLE api_token
    ADD COLUMN scopes     text[] NOT NULL DEFAULT '{}',
    ADD COLUMN person     text,
    ADD COLUMN mailboxes  text[],
    ADD COLUMN numbers    text[],
    ADD COLUMN expires_at timestamptz;

-- Tokens of before could do one thing, for the whole practice, and go on doing it.
UPDATE api_token SET scopes = ARRAY['overrides:read', 'overrides:write'];

ALTER TABLE api_token DROP COLUMN scope;
ALTER TABLE api_token
    ADD CONSTRAINT api_token_scopes_closed
    CHECK (scopes <@ ARRAY['calls:read', 'calls:place', 'messages:read', 'messages:write', 'audio:read', 'overrides:read',
                           'overrides:write', 'oncall:read', 'oncall:write', 'status:read', 'texts:read', 'texts:send']);

COMMENT ON COLUMN api_token.person IS 'Key of the person in the practice''s file whose it is; null: a program''s.';
COMMENT ON COLUMN api_token.mailboxes IS 'It sees no others. Null: all of the person''s, or all.';
COMMENT ON COLUMN api_token.numbers IS 'Numbers of the practice; it sees no others. Null: those that its mailboxes belong to.';

-- A row is there before the request is carried out, so that nothing is done twice, whatever ends in between.
CREATE TABLE api_answer (
    token_id bigint NOT NULL REFERENCES api_token (id) ON DELETE CASCADE,
    key      text NOT NULL,
    sha256   bytea NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now(),
    status   smallint,
    body     text,
    location text,
    PRIMARY KEY (token_id, key)
);

COMMENT ON COLUMN api_answer.key IS 'Keyed hash of the Idempotency-Key.';
COMMENT ON COLUMN api_answer.sha256 IS 'Of method, path and body of the request, keyed: they may hold a number.';
COMMENT ON COLUMN api_answer.status IS 'Null while it is not known how the request ended.';
COMMENT ON COLUMN api_answer.body IS 'Answers to POST hold nothing of a patient.';

CREATE INDEX api_answer_by_age ON api_answer (made_at);

CREATE TABLE hook_event (
    id        uuid PRIMARY KEY,
    kind      text NOT NULL,
    subject   text NOT NULL,
    about     jsonb NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    spread_at timestamptz
);

COMMENT ON TABLE hook_event IS 'What happened, written down with the deed. Every module has kinds of its own.';
COMMENT ON COLUMN hook_event.subject IS 'The id of what it happened to.';
COMMENT ON COLUMN hook_event.about IS 'Keys and ids beside it. Nothing of a patient.';
COMMENT ON COLUMN hook_event.spread_at IS 'When the hooks that want it were given it.';

CREATE INDEX hook_event_fresh ON hook_event (at) WHERE spread_at IS NULL;
CREATE INDEX hook_event_by_age ON hook_event (at);

CREATE TABLE hook_delivery (
    id          uuid PRIMARY KEY,
    event_id    uuid NOT NULL REFERENCES hook_event (id) ON DELETE CASCADE,
    hook        text NOT NULL,
    state       text NOT NULL DEFAULT 'waiting' CONSTRAINT hook_delivery_state_closed
                CHECK (state IN ('waiting', 'sent', 'failed')),
    made_at     timestamptz NOT NULL DEFAULT now(),
    due_at      timestamptz NOT NULL DEFAULT now(),
    taken_until timestamptz,
    attempts    integer NOT NULL DEFAULT 0,
    settled_at  timestamptz,
    failure     text NOT NULL DEFAULT '',
    UNIQUE (event_id, hook)
);

COMMENT ON COLUMN hook_delivery.id IS 'The same at every attempt: the webhook-id.';

CREATE INDEX hook_delivery_due ON hook_delivery (hook, due_at) WHERE state = 'waiting';
CREATE INDEX hook_delivery_newest ON hook_delivery (made_at DESC, id);

CREATE TABLE hook_attempt (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES hook_delivery (id) ON DELETE CASCADE,
    begun_at    timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    result      text CONSTRAINT hook_attempt_result_closed CHECK (result IN ('sent', 'held', 'temporary', 'permanent')),
    why         text NOT NULL DEFAULT ''
);

COMMENT ON TABLE hook_attempt IS 'A row is written before anything is sent.';

CREATE INDEX hook_attempt_by_delivery ON hook_attempt (delivery_id, id);
