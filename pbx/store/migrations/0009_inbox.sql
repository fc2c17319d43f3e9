-- What people make of messages: how each stands now, and for good who did what with it, when and how.

CREATE TABLE inbox (
    message_id     uuid PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
    state          text NOT NULL CONSTRAINT inbox_state_closed CHECK (state IN ('new', 'heard', 'saved')),
    owner          text,
    claimed_at     timestamptz,
    done_at        timestamptz,
    done_by        text,
    called_back_at timestamptz,
    deleted_at     timestamptz,
    deleted_by     text
);

COMMENT ON TABLE inbox IS 'How a message stands. One without a row is new and nobody''s.';
COMMENT ON COLUMN inbox.owner IS 'Who takes care of it: person/<key of the practice''s file>, or an operator''s name.';
COMMENT ON COLUMN inbox.called_back_at IS 'When the patient was called; null for one that is done and needed no call.';

CREATE INDEX inbox_by_owner ON inbox (owner) WHERE owner IS NOT NULL;

CREATE TABLE inbox_event (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    at         timestamptz NOT NULL,
    by_whom    text NOT NULL,
    how        text NOT NULL CONSTRAINT inbox_event_how_closed CHECK (how IN ('command', 'phone', 'api')),
    deed       text NOT NULL CONSTRAINT inbox_event_deed_closed
               CHECK (deed IN ('listed', 'read', 'listened', 'exported', 'saved', 'claimed', 'released', 'done',
                               'reopened', 'noted', 'forwarded', 'deleted', 'undeleted')),
    text       text NOT NULL,
    about      jsonb NOT NULL
);

COMMENT ON TABLE inbox_event IS 'Rows are added and never changed; they go with their message only.';
COMMENT ON COLUMN inbox_event.text IS 'A note of the staff. It may be about the patient, so it stands nowhere else.';

CREATE INDEX inbox_event_by_message ON inbox_event (message_id, id);

CREATE FUNCTION inbox_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of a message is never changed';
END
$$;

-- At depth 0 it is a statement of somebody's; deeper it is the deletion of the message itself.
CREATE TRIGGER inbox_event_stays BEFORE UPDATE OR DELETE ON inbox_event
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION inbox_event_stays();

-- Which listings showed a message's words: one row of the audit names many messages.
CREATE INDEX audit_listed ON audit USING gin ((detail -> 'messages')) WHERE action = 'listed';

-- What was shown and copied before there was a history.
INSERT INTO inbox_event (message_id, at, by_whom, how, deed, text, about)
SELECT message.id, at, actor, 'command', CASE action WHEN 'show' THEN 'read' ELSE 'exported' END, '', '{}'
FROM audit
JOIN message ON object = 'message/' || message.id
WHERE action IN ('show', 'export')
ORDER BY audit.id;

INSERT INTO inbox (message_id, state) SELECT DISTINCT message_id, 'heard' FROM inbox_event;
