-- All SQL of the store but the schema (migrations/) and the job queue's own (pgqueuer).
-- Loaded by queries.py; `name!` gives no rows, `name^` one row or None, `name$` one value, `name` all rows.

-- calls ---------------------------------------------------------------------------------------------------------------

-- name: open_call(id, direction, caller_kind, caller_number, dialled, started_at, outcome, reason, decision)!
-- A row that a finished call made already takes the decision that arrives late; a decision is never replaced.
INSERT INTO call (id, direction, caller_kind, caller_number, dialled, started_at, outcome, reason, decision)
VALUES (:id, :direction, :caller_kind, :caller_number, :dialled, :started_at, :outcome, :reason, :decision::jsonb)
ON CONFLICT (id) DO UPDATE
    SET decision = excluded.decision, reason = coalesce(call.reason, excluded.reason)
    WHERE call.decision IS NULL;

-- name: decision_of(id)$
SELECT decision FROM call WHERE id = :id;

-- name: ensure_call(id, direction, caller_kind, caller_number, dialled, started_at, outcome, reason)!
INSERT INTO call (id, direction, caller_kind, caller_number, dialled, started_at, outcome, reason)
VALUES (:id, :direction, :caller_kind, :caller_number, :dialled, :started_at, :outcome, :reason)
ON CONFLICT (id) DO NOTHING;

-- name: lock_call(id)$
-- Whoever finishes the same call at the same time waits here; true if the call is over already.
SELECT ended_at IS NOT NULL FROM call WHERE id = :id FOR UPDATE;

-- name: end_call(ended_at, outcome, reason, answered_by, answered_at, choices, id)!
-- A message that turns up after the call's end brings no choices with it: those that are known stay.
UPDATE call
SET ended_at = :ended_at,
    outcome = :outcome,
    reason = coalesce(reason, :reason),
    answered_by = :answered_by,
    answered_at = :answered_at,
    choices = coalesce(nullif(:choices::jsonb, '[]'::jsonb), choices)
WHERE id = :id;

-- name: known_calls(ids)
SELECT id FROM call WHERE id = ANY(:ids::uuid[]);

-- name: calls(since, number, limit)
SELECT call.id, direction, caller_kind, caller_number, dialled, started_at, answered_at, ended_at, outcome, reason,
       decision -> 'why' AS why, answered_by, choices,
       (SELECT message.id FROM message WHERE call_id = call.id ORDER BY received_at, message.id LIMIT 1) AS message_id
FROM call
WHERE (:since::timestamptz IS NULL OR started_at >= :since)
  AND (:number::text IS NULL OR dialled = :number OR caller_number = :number)
ORDER BY started_at DESC, call.id
LIMIT :limit;

-- name: callers_since(since, limit)
SELECT caller_number, started_at
FROM call
WHERE started_at >= :since AND caller_number IS NOT NULL
ORDER BY started_at DESC
LIMIT :limit;

-- messages ------------------------------------------------------------------------------------------------------------

-- name: add_message(id, call_id, mailbox, received_at, seconds, file, sha256, repaired)$
-- Gives the id if the message is new.
INSERT INTO message (id, call_id, mailbox, received_at, seconds, file, sha256, repaired)
VALUES (:id, :call_id, :mailbox, :received_at, :seconds, :file, :sha256, :repaired)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: messages(mailbox, ids, limit)
SELECT message.id, call_id, mailbox, caller_kind, caller_number, dialled, received_at, seconds, file,
       transcript_state, transcript_failure, engine, model, text, confidence, words
FROM message
JOIN call ON call.id = call_id
LEFT JOIN transcript ON message_id = message.id
WHERE (:mailbox::text IS NULL OR mailbox = :mailbox)
  AND (:ids::uuid[] IS NULL OR message.id = ANY(:ids))
ORDER BY received_at DESC, message.id
LIMIT :limit;

-- name: message(id)^
SELECT message.id, call_id, mailbox, caller_kind, caller_number, dialled, received_at, seconds, file,
       transcript_state, transcript_failure, engine, model, text, confidence, words
FROM message
JOIN call ON call.id = call_id
LEFT JOIN transcript ON message_id = message.id
WHERE message.id = :id;

-- name: set_transcribed(state, id)$
-- Gives the id if there is such a message.
UPDATE message SET transcript_state = :state, transcript_failure = NULL WHERE id = :id RETURNING id;

-- name: keep_transcript(message_id, engine, model, text, confidence, words)!
INSERT INTO transcript (message_id, engine, model, text, confidence, words)
VALUES (:message_id, :engine, :model, :text, :confidence, :words::jsonb)
ON CONFLICT (message_id) DO UPDATE
    SET engine = excluded.engine, model = excluded.model, text = excluded.text,
        confidence = excluded.confidence, words = excluded.words, made_at = now();

-- name: set_transcription_failed(failure, id)$
-- Gives the id if the message had no transcript yet: a finished one is never called failed.
UPDATE message SET transcript_state = 'failed', transcript_failure = :failure
WHERE id = :id AND transcript_state = 'pending'
RETURNING id;

-- inbox ---------------------------------------------------------------------------------------------------------------

-- `held` asks for the column by its name in text: it is false in a schema that knows no legal hold.

-- name: hold_still(id)!
-- Whoever changes the same message waits here. What is read with a statement of its own after it is then the latest.
SELECT id FROM message WHERE id = :id FOR UPDATE;

-- name: standing(id)^
SELECT message.id, mailbox, received_at, to_jsonb(message) ->> 'held_at' IS NOT NULL AS held,
       state, owner, claimed_at, done_at, done_by, called_back_at, deleted_at, deleted_by
FROM message
LEFT JOIN inbox ON message_id = message.id
WHERE message.id = :id;

-- name: standings(mailboxes, owner, open, deleted, limit)
SELECT message.id, mailbox, received_at, to_jsonb(message) ->> 'held_at' IS NOT NULL AS held,
       state, owner, claimed_at, done_at, done_by, called_back_at, deleted_at, deleted_by
FROM message
LEFT JOIN inbox ON message_id = message.id
WHERE (:mailboxes::text[] IS NULL OR mailbox = ANY(:mailboxes))
  AND (:owner::text IS NULL OR owner = :owner)
  AND (NOT :open::boolean OR done_at IS NULL)
  AND (deleted_at IS NOT NULL) = :deleted::boolean
ORDER BY received_at DESC, message.id
LIMIT :limit;

-- name: keep_standing(id, state, owner, claimed_at, done_at, done_by, called_back_at, deleted_at, deleted_by)!
INSERT INTO inbox (message_id, state, owner, claimed_at, done_at, done_by, called_back_at, deleted_at, deleted_by)
VALUES (:id, :state, :owner, :claimed_at, :done_at, :done_by, :called_back_at, :deleted_at, :deleted_by)
ON CONFLICT (message_id) DO UPDATE
    SET state = excluded.state, owner = excluded.owner, claimed_at = excluded.claimed_at, done_at = excluded.done_at,
        done_by = excluded.done_by, called_back_at = excluded.called_back_at, deleted_at = excluded.deleted_at,
        deleted_by = excluded.deleted_by;

-- name: move_message(mailbox, id)!
UPDATE message SET mailbox = :mailbox WHERE id = :id;

-- name: add_event(message_id, at, by_whom, how, deed, text, about)!
INSERT INTO inbox_event (message_id, at, by_whom, how, deed, text, about)
VALUES (:message_id, :at, :by_whom, :how, :deed, :text, :about::jsonb);

-- name: history(id)
-- Its own events, and the listings that showed its words.
SELECT at, by_whom, how, deed, text, about FROM inbox_event WHERE message_id = :id::uuid
UNION ALL
SELECT at, detail ->> 'by', detail ->> 'how', 'listed', '', '{}'
FROM audit WHERE action = 'listed' AND detail -> 'messages' ? :id::uuid::text
ORDER BY at;

-- name: waits(since, still_open)
SELECT message.id, mailbox, received_at, owner, called_back_at, coalesce(done_at, deleted_at) AS closed_at
FROM message
LEFT JOIN inbox ON message_id = message.id
WHERE (:since::timestamptz IS NULL OR received_at >= :since)
  AND (NOT :still_open::boolean OR coalesce(done_at, deleted_at) IS NULL)
ORDER BY received_at;

-- swaps on a rota -----------------------------------------------------------------------------------------------------

-- name: add_swap(rota, off_person, on_person, starts_at, ends_at, made_by, reason)$
INSERT INTO oncall_swap (rota, off_person, on_person, starts_at, ends_at, made_by, reason)
VALUES (:rota, :off_person, :on_person, :starts_at, :ends_at, :made_by, :reason)
RETURNING id;

-- name: undo_swap(id, undone_by)$
-- Gives the rota if there is such a swap and it was not undone before.
UPDATE oncall_swap SET undone_at = now(), undone_by = :undone_by
WHERE id = :id AND undone_at IS NULL
RETURNING rota;

-- name: swaps(rota, undone)
SELECT id, rota, off_person, on_person, starts_at, ends_at, made_by, reason, made_at, undone_at, undone_by
FROM oncall_swap
WHERE (:rota::text IS NULL OR rota = :rota) AND (:undone::boolean OR undone_at IS NULL)
ORDER BY id;

-- pins ----------------------------------------------------------------------------------------------------------------

-- name: keep_pin(person, hash, set_by)!
INSERT INTO pin (person, hash, set_by) VALUES (:person, :hash, :set_by)
ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, set_at = now(), set_by = excluded.set_by;

-- name: remove_pin(person)$
-- Gives the person if there was a PIN.
DELETE FROM pin WHERE person = :person RETURNING person;

-- name: pins()
SELECT person, hash, set_at, set_by FROM pin ORDER BY person;

-- overrides -----------------------------------------------------------------------------------------------------------

-- name: add_override(scope, target, mode, starts_at, ends_at, made_by, reason)$
INSERT INTO line_override (scope, target, mode, starts_at, ends_at, made_by, reason)
VALUES (:scope, :target, :mode, :starts_at, :ends_at, :made_by, :reason)
RETURNING id;

-- name: end_override(id, ended_by)^
-- Gives its row if there is such an override and it has not ended yet.
UPDATE line_override SET ended_at = now(), ended_by = :ended_by
WHERE id = :id AND ended_at IS NULL AND ends_at > now()
RETURNING id, scope, target, mode, starts_at, ends_at, made_by, reason, made_at, ended_at, ended_by;

-- name: overrides(over, most)
-- The newest first. `over`: those that have ended too.
SELECT id, scope, target, mode, starts_at, ends_at, made_by, reason, made_at, ended_at, ended_by
FROM line_override
WHERE :over::boolean OR (ended_at IS NULL AND ends_at > now())
ORDER BY id DESC
LIMIT :most;

-- tokens --------------------------------------------------------------------------------------------------------------

-- name: add_token(name, scope, sha256, made_by)$
-- Null if a token of that name is in use.
INSERT INTO api_token (name, scope, sha256, made_by) VALUES (:name, :scope, :sha256, :made_by)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: revoke_token(name, revoked_by)$
UPDATE api_token SET revoked_at = now(), revoked_by = :revoked_by
WHERE name = :name AND revoked_at IS NULL
RETURNING id;

-- name: tokens()
SELECT name, scope, sha256, made_at, made_by, revoked_at FROM api_token ORDER BY id;

-- audit ---------------------------------------------------------------------------------------------------------------

-- name: note(actor, action, object, detail)!
INSERT INTO audit (actor, action, object, detail) VALUES (:actor, :action, :object, :detail::jsonb);

-- jobs ----------------------------------------------------------------------------------------------------------------

-- name: begin_attempt(id)$
-- Counts the attempt and gives its number; null if nothing is left to do.
UPDATE message SET attempts = attempts + 1 WHERE id = :id AND transcript_state = 'pending' RETURNING attempts;

-- name: give_attempt_back(id)!
-- For an attempt that was cut short through no fault of the message.
UPDATE message SET attempts = attempts - 1 WHERE id = :id AND attempts > 0;

-- name: forget_old_jobs()!
-- pgqueuer notes each step of each job for good; the audit is ours, so a month of them is enough.
DELETE FROM queue.pgqueuer_log WHERE created < now() - interval '30 days';

-- server --------------------------------------------------------------------------------------------------------------

-- name: server_version()$
SELECT current_setting('server_version');

-- name: lock_schema()!
-- Held by the session: migrations of two programs that start at once come one after the other.
SELECT pg_advisory_lock(hashtextextended('secondline.schema', 0));

-- name: create_migration_table()!
CREATE TABLE IF NOT EXISTS schema_migration (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: applied_migrations()
SELECT version, name, sha256 FROM schema_migration ORDER BY version;

-- name: note_migration(version, name, sha256)!
INSERT INTO schema_migration (version, name, sha256) VALUES (:version, :name, :sha256);
