-- How people hear of messages: which messages are followed, and every notice, written down before it is sent.

CREATE TABLE notice_case (
    message_id uuid PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE
);

COMMENT ON TABLE notice_case IS 'Messages that are followed: made with the message, so those of before have none.';

CREATE TABLE outbox (
    id           uuid PRIMARY KEY,
    message_id   uuid NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    cause        text NOT NULL CONSTRAINT outbox_cause_closed
                 CHECK (cause IN ('new', 'reminder', 'escalation', 'overdue')),
    step         text NOT NULL,
    person       text NOT NULL,
    channel      text NOT NULL,
    phone        text NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CONSTRAINT outbox_state_closed
                 CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
    bundle       uuid,
    attempts     integer NOT NULL DEFAULT 0,
    made_at      timestamptz NOT NULL DEFAULT now(),
    due_at       timestamptz NOT NULL DEFAULT now(),
    taken_until  timestamptz,
    settled_at   timestamptz,
    failure      text NOT NULL DEFAULT ''
);

COMMENT ON COLUMN outbox.id IS 'Follows from what the notice is: written twice it is the same row.';
COMMENT ON COLUMN outbox.bundle IS 'Sent as one, under this id at every attempt.';
COMMENT ON COLUMN outbox.failure IS 'One sentence for people, without patient data.';

CREATE INDEX outbox_waiting ON outbox (channel, due_at) WHERE state = 'waiting';
CREATE INDEX outbox_bundle ON outbox (bundle) WHERE state = 'waiting';
CREATE INDEX outbox_failed ON outbox (settled_at) WHERE state = 'failed';
CREATE INDEX outbox_by_message ON outbox (message_id);
