-- Urgent calls: what each asks for, and everybody who was asked. A request stays open until somebody has taken it.

CREATE TABLE urgent_request (
    call_id          uuid PRIMARY KEY REFERENCES call (id),
    rota             text NOT NULL,
    mailbox          text NOT NULL,
    rounds           integer NOT NULL,
    interval_seconds integer NOT NULL,
    ring_seconds     integer NOT NULL,
    callback         text,
    opened_at        timestamptz NOT NULL,
    state            text NOT NULL CONSTRAINT urgent_request_state_closed
                     CHECK (state IN ('open', 'exhausted', 'accepted', 'connected')),
    settled_by       text,
    settled_at       timestamptz
);

COMMENT ON COLUMN urgent_request.callback IS 'The number that the caller keyed; null: the one that the call came from.';
COMMENT ON COLUMN urgent_request.settled_by IS 'Key of the person who took it, or who an operator says did.';

CREATE INDEX urgent_request_open ON urgent_request (opened_at) WHERE state IN ('open', 'exhausted');

CREATE TABLE urgent_attempt (
    id       uuid PRIMARY KEY,
    call_id  uuid NOT NULL REFERENCES urgent_request (call_id),
    person   text NOT NULL,
    begun_at timestamptz NOT NULL,
    live     boolean NOT NULL,
    result   text CONSTRAINT urgent_attempt_result_closed
             CHECK (result IN ('no-answer', 'passed-on', 'wrong-pin', 'no-pin', 'taken', 'connected')),
    ended_at timestamptz
);

COMMENT ON TABLE urgent_attempt IS 'A row is written before anybody is rung, so that a restart rings nobody twice.';
COMMENT ON COLUMN urgent_attempt.live IS 'Whether the caller waited on the line.';

CREATE INDEX urgent_attempt_by_call ON urgent_attempt (call_id, begun_at);
