-- All SQL of the store but the schema (migrations/) and the job queue's own (pgqueuer).
-- Loaded by queries.py; `name!` gives no rows, `name^` one row or None, `name$` one value, `name` all rows.

-- calls ---------------------------------------------------------------------------------------------------------------

-- name: open_call(id, direction, made_by, device, moved_from, moved_by, caller_kind, caller_sealed, caller_index, dialled, started_at, outcome, reason, decision)!
-- A row that a finished call made already takes the decision that arrives late; a decision is never replaced. It knows
-- more than whoever decided again for that row, who had neither swaps nor overrides; how the call went it does not know.
INSERT INTO call (id, direction, made_by, device, moved_from, moved_by, caller_kind, caller_sealed, caller_index, dialled,
                  started_at, outcome, reason, decision)
VALUES (:id, :direction, :made_by, :device, :moved_from, :moved_by, :caller_kind, :caller_sealed, :caller_index, :dialled,
        :started_at, :outcome,
        :reason,
        :decision::jsonb)
ON CONFLICT (id) DO UPDATE
    SET decision = excluded.decision,
        reason = CASE WHEN call.reason IN ('safe-mode', 'moved') THEN call.reason ELSE excluded.reason END
    WHERE call.decision IS NULL;

-- name: decision_of(id)$
SELECT decision FROM call WHERE id = :id;

-- name: ensure_call(id, direction, made_by, device, moved_from, moved_by, caller_kind, caller_sealed, caller_index, dialled, started_at, outcome, reason)!
INSERT INTO call (id, direction, made_by, device, moved_from, moved_by, caller_kind, caller_sealed, caller_index, dialled,
                  started_at, outcome, reason)
VALUES (:id, :direction, :made_by, :device, :moved_from, :moved_by, :caller_kind, :caller_sealed, :caller_index, :dialled,
        :started_at, :outcome,
        :reason)
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

-- name: calls(since, number, index, limit, until, direction, lines, made_by, ids, after_at, after_id)
-- `number` is one of the practice's, or that of somebody outside; `index` is its index.
SELECT call.id, direction, made_by, device, moved_from, moved_by, caller_kind, caller_number, caller_sealed, dialled, started_at, answered_at,
       ended_at, outcome, reason,
       decision -> 'why' AS why, answered_by, choices,
       (SELECT message.id FROM message WHERE call_id = call.id ORDER BY received_at, message.id LIMIT 1) AS message_id,
       (SELECT state FROM urgent_request WHERE call_id = call.id) AS urgent
FROM call
WHERE (:since::timestamptz IS NULL OR started_at >= :since)
  AND (:number::text IS NULL OR dialled = :number OR caller_index = :index OR caller_number = :number)
  AND (:until::timestamptz IS NULL OR started_at < :until)
  AND (:direction::text IS NULL OR direction = :direction)
  AND (:lines::text[] IS NULL OR dialled = ANY(:lines) OR made_by = :made_by::text)
  AND (:ids::uuid[] IS NULL OR call.id = ANY(:ids))
  AND (:after_at::timestamptz IS NULL OR started_at < :after_at
       OR (started_at = :after_at AND call.id > :after_id::uuid))
ORDER BY started_at DESC, call.id
LIMIT :limit;

-- name: callers_since(since, limit)
SELECT id, caller_kind, caller_number, caller_sealed, caller_index, started_at
FROM call
WHERE started_at >= :since AND direction = 'inbound' AND caller_kind IN ('e164', 'short')
  AND moved_from IS NULL AND reason IS DISTINCT FROM 'moved'
ORDER BY started_at DESC
LIMIT :limit;

-- name: last_called(index)$
SELECT dialled FROM call
WHERE caller_index = :index AND direction = 'inbound'
ORDER BY started_at DESC
LIMIT 1;

-- data keys -----------------------------------------------------------------------------------------------------------

-- name: data_key(subject)^
SELECT subject, kek, wrapped, fingerprint FROM data_key WHERE subject = :subject;

-- name: data_keys(subjects)
SELECT subject, kek, wrapped, fingerprint FROM data_key WHERE subject = ANY(:subjects::uuid[]);

-- name: add_data_key(subject, kek, wrapped, fingerprint)$
-- Gives the subject if it had no key. Whoever makes one at the same time waits here for the other's.
INSERT INTO data_key (subject, kek, wrapped, fingerprint) VALUES (:subject, :kek, :wrapped, :fingerprint)
ON CONFLICT (subject) DO NOTHING
RETURNING subject;

-- name: keys_by_kek()
SELECT kek, count(*) AS keys FROM data_key GROUP BY kek ORDER BY kek;

-- name: keys_under(kek)$
SELECT count(*) FROM data_key WHERE kek = :kek;

-- name: keys_not_under(kek, after, limit)
SELECT subject, kek, wrapped, fingerprint FROM data_key
WHERE kek <> :kek AND subject > :after
ORDER BY subject
LIMIT :limit
FOR UPDATE;

-- name: keep_rewrapped(kek, wrapped, subject, old)!
UPDATE data_key SET kek = :kek, wrapped = :wrapped WHERE subject = :subject AND kek = :old;

-- name: lock_data_keys()!
LOCK TABLE data_key IN EXCLUSIVE MODE;

-- name: rewrite_data_key()!
VACUUM (FULL) data_key;

-- name: lock_file(id)$
SELECT file FROM message WHERE id = :id FOR UPDATE;

-- name: file_of(id)$
SELECT file FROM message WHERE id = :id;

-- name: rename_file(file, id)!
UPDATE message SET file = :file WHERE id = :id;

-- what was written before there were keys ------------------------------------------------------------------------------

-- name: unsealed_calls(limit)
SELECT id, caller_number FROM call WHERE caller_number IS NOT NULL LIMIT :limit FOR UPDATE SKIP LOCKED;

-- name: seal_call(caller_sealed, caller_index, id)!
UPDATE call SET caller_number = NULL, caller_sealed = :caller_sealed, caller_index = :caller_index WHERE id = :id;

-- name: unsealed_transcripts(limit)
SELECT message_id, text, words FROM transcript WHERE text IS NOT NULL LIMIT :limit FOR UPDATE SKIP LOCKED;

-- name: seal_transcript(sealed, message_id)!
UPDATE transcript SET text = NULL, words = NULL, sealed = :sealed WHERE message_id = :message_id;

-- name: unsealed_callbacks(limit)
SELECT call_id, callback FROM urgent_request WHERE callback IS NOT NULL LIMIT :limit FOR UPDATE SKIP LOCKED;

-- name: seal_callback(callback_sealed, call_id)!
UPDATE urgent_request SET callback = NULL, callback_sealed = :callback_sealed WHERE call_id = :call_id;

-- name: unsealed_notes(limit)
SELECT id, message_id, text FROM inbox_event WHERE text <> '' LIMIT :limit FOR UPDATE SKIP LOCKED;

-- name: seal_note(sealed, id)!
UPDATE inbox_event SET text = '', sealed = :sealed WHERE id = :id;

-- name: rewrite_call()!
VACUUM (FULL) call;

-- name: rewrite_transcript()!
VACUUM (FULL) transcript;

-- name: rewrite_urgent_request()!
VACUUM (FULL) urgent_request;

-- name: rewrite_inbox_event()!
VACUUM (FULL) inbox_event;

-- messages ------------------------------------------------------------------------------------------------------------

-- name: add_message(id, call_id, mailbox, received_at, seconds, file, sha256, repaired, label)$
-- Gives the id if the message is new.
INSERT INTO message (id, call_id, mailbox, received_at, seconds, file, sha256, repaired, label)
VALUES (:id, :call_id, :mailbox, :received_at, :seconds, :file, :sha256, :repaired, :label)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: messages(mailbox, ids, limit)
SELECT message.id, call_id, mailbox, caller_kind, caller_number, caller_sealed, dialled, received_at, seconds, file,
       transcript_state, transcript_failure, label, read_at, held_at, made_at,
       engine, model, confidence, transcript.sealed, text, words
FROM message
JOIN call ON call.id = call_id
LEFT JOIN transcript ON message_id = message.id
WHERE (:mailbox::text IS NULL OR mailbox = :mailbox)
  AND (:ids::uuid[] IS NULL OR message.id = ANY(:ids))
ORDER BY received_at DESC, message.id
LIMIT :limit;

-- name: message(id)^
SELECT message.id, call_id, mailbox, caller_kind, caller_number, caller_sealed, dialled, received_at, seconds, file,
       transcript_state, transcript_failure, label, read_at, held_at, made_at,
       engine, model, confidence, transcript.sealed, text, words
FROM message
JOIN call ON call.id = call_id
LEFT JOIN transcript ON message_id = message.id
WHERE message.id = :id;

-- name: set_transcribed(state, id)$
-- Gives the id if there is such a message. A sound in which the recogniser heard no word is noise.
UPDATE message
SET transcript_state = :state,
    transcript_failure = NULL,
    label = CASE WHEN :state = 'no-speech' THEN coalesce(label, 'noise-only') ELSE label END
WHERE id = :id
RETURNING id;

-- name: set_read(id)!
UPDATE message SET read_at = now() WHERE id = :id AND read_at IS NULL;

-- name: keep_transcript(message_id, engine, model, confidence, sealed)!
INSERT INTO transcript (message_id, engine, model, confidence, sealed)
VALUES (:message_id, :engine, :model, :confidence, :sealed)
ON CONFLICT (message_id) DO UPDATE
    SET engine = excluded.engine, model = excluded.model, confidence = excluded.confidence, sealed = excluded.sealed,
        text = NULL, words = NULL, made_at = now();

-- name: set_transcription_failed(failure, id)$
-- Gives the id if the message had no transcript yet: a finished one is never called failed.
UPDATE message SET transcript_state = 'failed', transcript_failure = :failure
WHERE id = :id AND transcript_state = 'pending'
RETURNING id;

-- keeping messages ----------------------------------------------------------------------------------------------------

-- name: lock_message(id)^
-- Whoever would erase the message waits, or passes it by.
SELECT held_at FROM message WHERE id = :id FOR UPDATE;

-- name: place_hold(message_id, placed_by, reason)!
INSERT INTO legal_hold (message_id, placed_by, reason) VALUES (:message_id, :placed_by, :reason);

-- name: release_hold(message_id, released_by)!
UPDATE legal_hold SET released_at = now(), released_by = :released_by
WHERE message_id = :message_id AND released_at IS NULL;

-- name: set_held(held, id)!
UPDATE message SET held_at = CASE WHEN :held::boolean THEN now() END WHERE id = :id;

-- name: holds(message_id)
SELECT message_id, placed_at, placed_by, reason, released_at, released_by
FROM legal_hold
WHERE :message_id::uuid IS NULL OR message_id = :message_id
ORDER BY id;

-- name: erase_due(mailboxes, befores, otherwise, limit)
-- Erases messages with their keys: those received before their mailbox's time (null: never), but none that is on hold, that nobody has opened
-- or that waits for its words. A row that changes meanwhile is judged anew.
WITH due AS (
    SELECT message.id
    FROM message
    LEFT JOIN unnest(:mailboxes::text[], :befores::timestamptz[]) AS rule (box, before) ON box = mailbox
    WHERE received_at < CASE WHEN box IS NULL THEN :otherwise::timestamptz ELSE before END
      AND held_at IS NULL AND read_at IS NOT NULL AND transcript_state <> 'pending'
    ORDER BY received_at
    LIMIT :limit
    FOR UPDATE OF message SKIP LOCKED
), erased AS (
    DELETE FROM message USING due WHERE message.id = due.id
    RETURNING message.id, mailbox, file, sha256, received_at
), shredded AS (
    DELETE FROM data_key USING erased WHERE subject = erased.id RETURNING subject, fingerprint
), kept_in_mind AS (
    INSERT INTO erased_message (id, mailbox, file, received_at)
    SELECT id, mailbox, file, received_at FROM erased
    ON CONFLICT (id) DO UPDATE SET file_gone = false
)
SELECT id, mailbox, sha256, fingerprint FROM erased LEFT JOIN shredded ON subject = erased.id;

-- name: erased_with_file()
SELECT id, file FROM erased_message WHERE NOT file_gone;

-- name: file_gone(id)!
UPDATE erased_message SET file_gone = true WHERE id = :id;

-- name: known_messages(ids)
-- Those that are there, and those whose audio is yet to go.
SELECT id FROM message WHERE id = ANY(:ids::uuid[])
UNION SELECT id FROM erased_message WHERE id = ANY(:ids::uuid[]) AND NOT file_gone;

-- name: mailbox_counts(mailboxes, befores, otherwise)
SELECT mailbox, count(*) AS messages, count(*) FILTER (WHERE read_at IS NULL) AS unread,
       count(*) FILTER (WHERE held_at IS NOT NULL) AS held,
       count(*) FILTER (WHERE received_at < CASE WHEN box IS NULL THEN :otherwise::timestamptz ELSE before END
                          AND read_at IS NULL AND held_at IS NULL) AS overdue
FROM message
LEFT JOIN unnest(:mailboxes::text[], :befores::timestamptz[]) AS rule (box, before) ON box = mailbox
GROUP BY mailbox
ORDER BY mailbox;
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

-- name: message_boxes(ids)
SELECT id, mailbox FROM message WHERE id = ANY(:ids::uuid[]);

-- name: standings(mailboxes, owner, open, deleted, limit, after_at, after_id)
SELECT message.id, mailbox, received_at, to_jsonb(message) ->> 'held_at' IS NOT NULL AS held,
       state, owner, claimed_at, done_at, done_by, called_back_at, deleted_at, deleted_by
FROM message
LEFT JOIN inbox ON message_id = message.id
WHERE (:mailboxes::text[] IS NULL OR mailbox = ANY(:mailboxes))
  AND (:owner::text IS NULL OR owner = :owner)
  AND (NOT :open::boolean OR done_at IS NULL)
  AND (deleted_at IS NOT NULL) = :deleted::boolean
  AND (:after_at::timestamptz IS NULL OR received_at < :after_at
       OR (received_at = :after_at AND message.id > :after_id::uuid))
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

-- name: add_event(message_id, at, by_whom, how, deed, sealed, about)!
INSERT INTO inbox_event (message_id, at, by_whom, how, deed, text, sealed, about)
VALUES (:message_id, :at, :by_whom, :how, :deed, '', :sealed, :about::jsonb);

-- name: history(id)
-- Its own events, and the listings that showed its words.
SELECT at, by_whom, how, deed, text, sealed, about FROM inbox_event WHERE message_id = :id::uuid
UNION ALL
SELECT at, detail ->> 'by', detail ->> 'how', 'listed', '', NULL, '{}'
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

-- urgent calls --------------------------------------------------------------------------------------------------------

-- name: open_urgent(call_id, rota, mailbox, rounds, interval_seconds, ring_seconds, callback_sealed, opened_at, state, settled_by, settled_at)$
-- Gives the id if the request is new.
INSERT INTO urgent_request (call_id, rota, mailbox, rounds, interval_seconds, ring_seconds, callback_sealed, opened_at,
                            state, settled_by, settled_at)
VALUES (:call_id, :rota, :mailbox, :rounds, :interval_seconds, :ring_seconds, :callback_sealed, :opened_at,
        :state, :settled_by, :settled_at)
ON CONFLICT (call_id) DO NOTHING
RETURNING call_id;

-- name: keep_attempt(id, call_id, person, begun_at, live, result, ended_at)!
-- A second time only tells how it ended.
INSERT INTO urgent_attempt (id, call_id, person, begun_at, live, result, ended_at)
VALUES (:id, :call_id, :person, :begun_at, :live, :result, :ended_at)
ON CONFLICT (id) DO UPDATE
    SET result = coalesce(nullif(excluded.result, 'no-answer'), urgent_attempt.result),
        ended_at = coalesce(excluded.ended_at, urgent_attempt.ended_at);

-- name: lock_urgent(call_id)$
-- The state of a request; whoever settles the same one at the same time waits here.
SELECT state FROM urgent_request WHERE call_id = :call_id FOR UPDATE;

-- name: end_attempt(result, ended_at, id)$
-- Gives the call if the attempt had no result yet.
UPDATE urgent_attempt SET result = :result, ended_at = :ended_at WHERE id = :id AND result IS NULL RETURNING call_id;

-- name: settle_urgent(state, settled_by, settled_at, call_id)$
-- Gives the call if nobody had settled it before.
UPDATE urgent_request SET state = :state, settled_by = :settled_by, settled_at = :settled_at
WHERE call_id = :call_id AND state IN ('open', 'exhausted')
RETURNING call_id;

-- name: exhaust_urgent(call_id)$
UPDATE urgent_request SET state = 'exhausted' WHERE call_id = :call_id AND state = 'open' RETURNING call_id;

-- name: urgent_requests(call_id, unsettled, limit)
SELECT call_id, rota, urgent_request.mailbox, rounds, interval_seconds, ring_seconds, callback, callback_sealed,
       opened_at, state, settled_by, settled_at, dialled, caller_kind, caller_number, caller_sealed, first.id AS message_id
FROM urgent_request
JOIN call ON call.id = call_id
LEFT JOIN LATERAL (
    SELECT message.id FROM message WHERE message.call_id = urgent_request.call_id ORDER BY received_at, message.id LIMIT 1
) AS first ON true
WHERE (:call_id::uuid IS NULL OR call_id = :call_id)
  AND (NOT :unsettled::boolean OR state IN ('open', 'exhausted'))
ORDER BY opened_at DESC, call_id
LIMIT :limit;

-- name: urgent_attempts(ids)
SELECT id, call_id, person, begun_at, live, result, ended_at FROM urgent_attempt
WHERE call_id = ANY(:ids::uuid[])
ORDER BY begun_at, id;

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

-- name: give_name_back(name)!
-- A token that is over needs its name no more.
UPDATE api_token SET revoked_at = expires_at, revoked_by = 'system'
WHERE name = :name AND revoked_at IS NULL AND expires_at <= now();

-- name: add_token(name, scopes, sha256, made_by, person, mailboxes, numbers, expires_at)$
-- Null if a token of that name is in use.
INSERT INTO api_token (name, scopes, sha256, made_by, person, mailboxes, numbers, expires_at)
VALUES (:name, :scopes::text[], :sha256, :made_by, :person, :mailboxes::text[], :numbers::text[], :expires_at)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: revoke_token(name, revoked_by)$
UPDATE api_token SET revoked_at = now(), revoked_by = :revoked_by
WHERE name = :name AND revoked_at IS NULL
RETURNING id;

-- name: tokens()
SELECT id, name, scopes, sha256, made_at, made_by, revoked_at, person, mailboxes, numbers, expires_at
FROM api_token
ORDER BY id;

-- answers to programs -------------------------------------------------------------------------------------------------

-- name: forget_answers()!
DELETE FROM api_answer WHERE made_at < now() - interval '24 hours';

-- name: begin_answer(token_id, key, sha256)$
-- Gives the key if it is new.
INSERT INTO api_answer (token_id, key, sha256) VALUES (:token_id, :key, :sha256)
ON CONFLICT DO NOTHING
RETURNING key;

-- name: answer(token_id, key)^
SELECT sha256, status, body, location FROM api_answer WHERE token_id = :token_id AND key = :key;

-- name: keep_answer(status, body, location, token_id, key)!
UPDATE api_answer SET status = :status, body = :body, location = :location
WHERE token_id = :token_id AND key = :key AND status IS NULL;

-- name: drop_answer(token_id, key)!
DELETE FROM api_answer WHERE token_id = :token_id AND key = :key AND status IS NULL;

-- what happened, and whom it is told ----------------------------------------------------------------------------------

-- name: happened(id, kind, subject, about)!
INSERT INTO hook_event (id, kind, subject, about) VALUES (:id, :kind, :subject, :about::jsonb);

-- name: fresh_events(most)
SELECT id, kind, subject, about, at FROM hook_event
WHERE spread_at IS NULL
ORDER BY at, id
LIMIT :most
FOR UPDATE SKIP LOCKED;

-- name: spread(ids)!
UPDATE hook_event SET spread_at = now() WHERE id = ANY(:ids::uuid[]);

-- name: add_hook_delivery(id, event_id, hook, held)!
-- `held`: seconds for which nobody else is given it.
INSERT INTO hook_delivery (id, event_id, hook, taken_until)
VALUES (:id, :event_id, :hook, CASE WHEN :held > 0 THEN now() + make_interval(secs => :held) END)
ON CONFLICT DO NOTHING;

-- name: next_hook_delivery(hook)$
-- As with notices, one of a time that is yet to come is due.
SELECT id FROM hook_delivery
WHERE hook = :hook AND state = 'waiting' AND (due_at <= now() OR (failure = '' AND made_at > now()))
  AND (taken_until IS NULL OR taken_until < now())
ORDER BY due_at, id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: take_hook_delivery(seconds, id)^
UPDATE hook_delivery SET taken_until = now() + make_interval(secs => :seconds), attempts = attempts + 1
FROM hook_event
WHERE hook_delivery.id = :id AND hook_event.id = event_id
RETURNING hook_delivery.id, hook, attempts, made_at, event_id, kind, subject, about, at;

-- name: begin_hook_attempt(delivery_id)$
INSERT INTO hook_attempt (delivery_id) VALUES (:delivery_id) RETURNING id;

-- name: end_hook_attempt(result, why, id)!
UPDATE hook_attempt SET ended_at = now(), result = :result, why = :why WHERE id = :id;

-- name: settle_hook_delivery(state, failure, id)!
UPDATE hook_delivery SET state = :state, failure = :failure, settled_at = now(), taken_until = NULL WHERE id = :id;

-- name: put_hook_delivery_back(seconds, failure, counts, id)!
UPDATE hook_delivery
SET due_at = now() + make_interval(secs => :seconds), failure = :failure, taken_until = NULL,
    attempts = attempts - CASE WHEN :counts THEN 0 ELSE 1 END
WHERE id = :id;

-- name: let_hook_deliveries_go()!
UPDATE hook_delivery SET taken_until = NULL WHERE state = 'waiting' AND taken_until IS NOT NULL;

-- name: retry_deliveries(ids, hook)
-- Those that failed, or wait for a later time.
UPDATE hook_delivery
SET state = 'waiting', due_at = now(), made_at = now(), settled_at = NULL
WHERE state <> 'sent' AND (:ids::uuid[] IS NULL OR id = ANY(:ids)) AND (:hook::text IS NULL OR hook = :hook)
RETURNING id;

-- name: deliveries(hook, state, limit)
SELECT hook_delivery.id, hook, state, attempts, made_at, due_at, settled_at, failure, event_id, kind, subject, about, at,
       (SELECT coalesce(json_agg(json_build_object('at', begun_at, 'result', result, 'why', why) ORDER BY hook_attempt.id),
                        '[]')
        FROM hook_attempt WHERE delivery_id = hook_delivery.id)::text AS tries
FROM hook_delivery
JOIN hook_event ON hook_event.id = event_id
WHERE (:hook::text IS NULL OR hook = :hook) AND (:state::text IS NULL OR state = :state)
ORDER BY made_at DESC, hook_delivery.id
LIMIT :limit;

-- name: hook_backlogs()
SELECT hook, count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'failed') AS failed,
       coalesce((array_agg(failure ORDER BY coalesce(settled_at, due_at) DESC) FILTER (WHERE failure <> ''))[1], '')
           AS failure
FROM hook_delivery
WHERE state = 'waiting' OR (state = 'failed' AND settled_at > now() - interval '7 days')
GROUP BY hook
ORDER BY hook;

-- name: forget_events()!
DELETE FROM hook_event WHERE at < now() - interval '30 days';

-- notices -------------------------------------------------------------------------------------------------------------

-- name: follow_message(message_id)!
INSERT INTO notice_case (message_id) VALUES (:message_id) ON CONFLICT DO NOTHING;

-- name: followed()
-- Two weeks are enough: by then every step of every plan has come.
SELECT message.id AS message_id, mailbox, received_at, state AS inbox_state, owner, done_at, deleted_at
FROM notice_case
JOIN message ON message.id = notice_case.message_id
LEFT JOIN inbox ON inbox.message_id = message.id
WHERE received_at > now() - interval '14 days' AND done_at IS NULL AND deleted_at IS NULL
ORDER BY received_at, message.id;

-- name: add_notice(id, message_id, cause, step, person, channel, phone)*!
-- A message that is gone by now takes its notices with it. One that had no reason any more may have it again, such as
-- when somebody gives a message back.
INSERT INTO outbox (id, message_id, cause, step, person, channel, phone)
SELECT :id::uuid, message.id, :cause::text, :step::text, :person::text, :channel::text, :phone::text
FROM message
WHERE message.id = :message_id
ON CONFLICT (id) DO UPDATE
    SET state = 'waiting', bundle = NULL, attempts = 0, due_at = now(), settled_at = NULL
    WHERE outbox.state = 'dropped';

-- name: next_notice(channel)^
-- One that was never tried and is of a time that is yet to come is due: the clock was set back.
SELECT id, bundle, person, phone FROM outbox
WHERE channel = :channel AND state = 'waiting' AND (due_at <= now() OR (failure = '' AND made_at > now()))
  AND (taken_until IS NULL OR taken_until < now())
ORDER BY due_at, id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: bundle_up(bundle, channel, person, phone, most)!
-- Those that were bundled before stay in their bundle: it may have arrived already.
UPDATE outbox SET bundle = :bundle
WHERE id IN (SELECT id FROM outbox
             WHERE channel = :channel AND person = :person AND phone = :phone
               AND state = 'waiting' AND bundle IS NULL AND (due_at <= now() OR (failure = '' AND made_at > now()))
             ORDER BY due_at, id
             LIMIT :most
             FOR UPDATE SKIP LOCKED);

-- name: take_bundle(seconds, bundle)!
UPDATE outbox SET taken_until = now() + make_interval(secs => :seconds), attempts = attempts + 1
WHERE bundle = :bundle AND state = 'waiting';

-- name: bundle(bundle)
SELECT outbox.id, outbox.message_id, cause, step, person, channel, phone, outbox.attempts, made_at,
       mailbox, received_at, inbox.state AS inbox_state, owner, done_at, deleted_at
FROM outbox
JOIN message ON message.id = outbox.message_id
LEFT JOIN inbox ON inbox.message_id = outbox.message_id
WHERE bundle = :bundle AND outbox.state = 'waiting'
ORDER BY made_at, outbox.id;

-- name: settle_bundle(state, failure, bundle)
UPDATE outbox SET state = :state, failure = :failure, settled_at = now(), taken_until = NULL
WHERE bundle = :bundle AND state = 'waiting'
RETURNING message_id, cause, person, channel;

-- name: put_bundle_back(seconds, failure, counts, bundle)!
UPDATE outbox
SET due_at = now() + make_interval(secs => :seconds), failure = :failure, taken_until = NULL,
    attempts = attempts - CASE WHEN :counts THEN 0 ELSE 1 END
WHERE bundle = :bundle AND state = 'waiting';

-- name: drop_notices(ids)!
UPDATE outbox SET state = 'dropped', settled_at = now(), taken_until = NULL
WHERE id = ANY(:ids::uuid[]) AND state = 'waiting';

-- name: let_notices_go()!
UPDATE outbox SET taken_until = NULL WHERE state = 'waiting' AND taken_until IS NOT NULL;

-- name: backlogs()
SELECT channel, count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'failed') AS failed,
       coalesce((array_agg(failure ORDER BY coalesce(settled_at, due_at) DESC) FILTER (WHERE failure <> ''))[1], '')
           AS failure
FROM outbox
WHERE state = 'waiting' OR (state = 'failed' AND settled_at > now() - interval '7 days')
GROUP BY channel
ORDER BY channel;

-- name: lamp_counts()
SELECT mailbox, count(*) FILTER (WHERE coalesce(state, 'new') = 'new') AS fresh,
       count(*) FILTER (WHERE coalesce(state, 'new') <> 'new') AS old
FROM message
LEFT JOIN inbox ON inbox.message_id = message.id
WHERE deleted_at IS NULL
GROUP BY mailbox;

-- texts ---------------------------------------------------------------------------------------------------------------

-- name: one_patient_at_a_time(patient_index)!
-- What is decided of a conversation is decided by what went before, so two texts of a patient come one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('secondline.text.' || encode(:patient_index::bytea, 'hex'), 0));

-- name: known_text(id, ref)$
SELECT id FROM text_message WHERE id = :id OR ref = :ref LIMIT 1;

-- name: add_text(id, line, patient, patient_index, body, cause, state, at, person, phone, account, code_hash, ref, pictures, reason, why, failure)$
-- Gives the id if the text is new.
INSERT INTO text_message (id, line, patient, patient_index, body, cause, state, at, person, phone, account, code_hash,
                          ref, pictures, reason, why, failure)
VALUES (:id, :line, :patient, :patient_index, :body, :cause, :state, :at, :person, :phone, :account, :code_hash,
        :ref, :pictures, :reason, :why::jsonb, :failure)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: conversation(patient_index, line, now)^
SELECT (SELECT consent FROM text_consent WHERE patient_index = :patient_index ORDER BY id DESC LIMIT 1) AS consent,
       max(at) FILTER (WHERE cause IN ('auto-reply', 'missed-call')) AS last_automatic,
       max(at) FILTER (WHERE cause IN ('staff', 'link')) AS last_staff,
       count(*) FILTER (WHERE cause IN ('auto-reply', 'missed-call', 'keyword')
                          AND at > :now::timestamptz - interval '24 hours') AS automatic_today
FROM text_message
WHERE patient_index = :patient_index AND line = :line AND state <> 'refused';

-- name: add_consent(patient_index, consent, how, line, by_whom, note)!
INSERT INTO text_consent (patient_index, consent, how, line, by_whom, note)
VALUES (:patient_index, :consent, :how, :line, :by_whom, :note);

-- name: consents(patient_index)
SELECT at, consent, how, line, by_whom, note FROM text_consent WHERE patient_index = :patient_index ORDER BY id;

-- name: line_with(patient_index, lines)$
SELECT line FROM text_message
WHERE patient_index = :patient_index AND line = ANY(:lines::text[]) AND state <> 'refused'
ORDER BY at DESC
LIMIT 1;

-- name: texts(id, line, patient_index, limit, lines, since, until, after_at, after_id)
SELECT text_message.id, line, patient, body, cause, state, at, person, phone, account, failure, reason, why, pictures,
       settled_at,
       ARRAY(SELECT DISTINCT text_delivery.phone FROM text_delivery
             WHERE text_id = text_message.id AND kind = 'phone' AND showing = 'text' AND text_delivery.state = 'sent'
             ORDER BY 1) AS delivered_to
FROM text_message
WHERE (:id::uuid IS NULL OR text_message.id = :id)
  AND (:line::text IS NULL OR line = :line)
  AND (:patient_index::bytea IS NULL OR patient_index = :patient_index)
  AND (:lines::text[] IS NULL OR line = ANY(:lines))
  AND (:since::timestamptz IS NULL OR at >= :since)
  AND (:until::timestamptz IS NULL OR at < :until)
  AND (:after_at::timestamptz IS NULL OR at < :after_at
       OR (at = :after_at AND text_message.id > :after_id::uuid))
ORDER BY at DESC, text_message.id
LIMIT :limit;

-- name: next_text()$
-- It is marked before it is handed over, so whatever happens then, it is not handed over twice.
UPDATE text_message SET state = 'sending', attempts = attempts + 1
WHERE id = (SELECT id FROM text_message
            WHERE state = 'waiting' AND due_at <= now()
            ORDER BY due_at, at, id
            LIMIT 1
            FOR UPDATE SKIP LOCKED)
RETURNING id;

-- name: settle_text(state, ref, failure, seconds, id)$
-- A report of the carrier may have come before its answer did: what it said stays.
UPDATE text_message
SET state = :state, ref = coalesce(:ref, ref), failure = :failure,
    due_at = now() + make_interval(secs => :seconds),
    settled_at = CASE WHEN :state = 'waiting' THEN NULL ELSE now() END
WHERE id = :id AND state = 'sending'
RETURNING id;

-- name: keep_ref(ref, id)!
UPDATE text_message SET ref = :ref WHERE id = :id AND ref IS NULL;

-- name: reported_text(id, ref)^
-- By what the carrier calls it; by our own id only where it is not known yet what that is.
SELECT id, state, patient_index, line FROM text_message
WHERE (ref = :ref OR (ref IS NULL AND id = :id)) AND cause <> 'patient'
LIMIT 1
FOR UPDATE;

-- name: conversation_of_text(id)^
SELECT patient_index, line FROM text_message WHERE id = :id;

-- name: keep_report(state, ref, failure, id)!
UPDATE text_message SET state = :state, ref = coalesce(ref, :ref), failure = :failure, settled_at = now()
WHERE id = :id;

-- name: attempts_of_text(id)$
SELECT attempts FROM text_message WHERE id = :id;

-- name: doubt_texts()
UPDATE text_message SET state = 'unsure', settled_at = now(),
       failure = 'The program was stopped while the text was handed over.'
WHERE state = 'sending'
RETURNING id;

-- name: let_deliveries_go()!
UPDATE text_delivery SET taken_until = NULL WHERE state = 'waiting' AND taken_until IS NOT NULL;

-- name: doubtful_texts(before, besides)
SELECT id FROM text_message
WHERE id <> ALL(:besides::uuid[]) AND state = 'unsure' AND settled_at < :before AND cause IN ('staff', 'link')
  AND NOT EXISTS (SELECT FROM text_delivery WHERE text_id = text_message.id AND showing = 'trouble')
ORDER BY at
LIMIT 100;

-- name: unseen_texts(before, besides)
-- Only those that somebody was to see. Three days later it would be news to nobody.
SELECT id FROM text_message
WHERE id <> ALL(:besides::uuid[]) AND cause = 'patient' AND at < :before AND at > now() - interval '3 days'
  AND EXISTS (SELECT FROM text_delivery WHERE text_id = text_message.id AND kind = 'phone' AND showing = 'text')
  AND NOT EXISTS (SELECT FROM text_delivery
                  WHERE text_id = text_message.id
                    AND ((kind = 'phone' AND showing = 'text' AND state = 'sent') OR kind = 'notice'))
ORDER BY at
LIMIT 100;

-- name: add_delivery(id, text_id, kind, channel, person, phone, showing, note, event)*!
INSERT INTO text_delivery (id, text_id, kind, channel, person, phone, showing, note, event)
VALUES (:id, :text_id, :kind, :channel, :person, :phone, :showing, :note, :event)
ON CONFLICT (id) DO NOTHING;

-- name: next_delivery(kind, seconds)^
-- In their order, so that a phone shows a conversation as it went: none is taken while an earlier one of the same
-- phone waits.
UPDATE text_delivery SET taken_until = now() + make_interval(secs => :seconds), attempts = attempts + 1
WHERE id = (SELECT id FROM text_delivery AS one
            WHERE kind = :kind AND state = 'waiting' AND (due_at <= now() OR (failure = '' AND made_at > now()))
              AND (taken_until IS NULL OR taken_until < now())
              AND NOT EXISTS (SELECT FROM text_delivery AS earlier
                              WHERE earlier.kind = :kind AND earlier.state = 'waiting' AND earlier.phone <> ''
                                AND earlier.phone = one.phone AND earlier.place < one.place)
            ORDER BY place
            LIMIT 1
            FOR UPDATE SKIP LOCKED)
RETURNING id, text_id, kind, channel, person, phone, showing, note, event, attempts, made_at;

-- name: alike_deliveries(kind, channel, person)
SELECT text_delivery.id FROM text_delivery
JOIN text_message ON text_message.id = text_id AND cause = 'patient'
WHERE kind = :kind AND channel = :channel AND text_delivery.person = :person AND text_delivery.state = 'waiting'
  AND (taken_until IS NULL OR taken_until < now());

-- name: settle_delivery(state, failure, id)^
UPDATE text_delivery SET state = :state, failure = :failure, settled_at = now(), taken_until = NULL
WHERE id = :id AND state = 'waiting'
RETURNING text_id, kind, channel, person, phone, showing, event;

-- name: put_delivery_back(seconds, failure, counts, id)!
UPDATE text_delivery
SET due_at = now() + make_interval(secs => :seconds), failure = :failure, taken_until = NULL,
    attempts = attempts - CASE WHEN :counts THEN 0 ELSE 1 END
WHERE id = :id AND state = 'waiting';

-- name: erase_texts(before, limit)
-- Erases texts with their keys, but none that is on its way, and none that a phone was to show and has not.
WITH due AS (
    SELECT id FROM text_message
    WHERE at < :before AND state NOT IN ('waiting', 'sending')
      AND NOT EXISTS (SELECT FROM text_delivery
                      WHERE text_id = text_message.id AND kind = 'phone' AND text_delivery.state = 'waiting')
    ORDER BY at
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
), erased AS (
    DELETE FROM text_message USING due WHERE text_message.id = due.id RETURNING text_message.id
), shredded AS (
    DELETE FROM data_key USING erased WHERE subject = erased.id RETURNING subject, fingerprint
)
SELECT id, fingerprint FROM erased LEFT JOIN shredded ON subject = erased.id;

-- name: texts_waiting()^
SELECT count(*) FILTER (WHERE state IN ('waiting', 'sending')) AS waiting,
       count(*) FILTER (WHERE state = 'failed' AND settled_at > now() - interval '7 days') AS failed
FROM text_message
WHERE state IN ('waiting', 'sending', 'failed');

-- name: add_text_link(token_sha256, text_id, person, expires_at)!
INSERT INTO text_link (token_sha256, text_id, person, code_hash, expires_at)
SELECT :token_sha256, id, :person, CASE WHEN :person = '' THEN code_hash ELSE '' END, :expires_at
FROM text_message
WHERE id = :text_id;

-- name: text_link(token_sha256)^
SELECT text_id, person, code_hash, expires_at, wrong FROM text_link
WHERE token_sha256 = :token_sha256 AND expires_at > now();

-- name: count_link_try(token_sha256, most)$
UPDATE text_link SET wrong = wrong + 1
WHERE token_sha256 = :token_sha256 AND expires_at > now() AND wrong < :most
RETURNING text_id;

-- name: link_opened(token_sha256)$
UPDATE text_link SET wrong = 0, opened_at = coalesce(opened_at, now())
WHERE token_sha256 = :token_sha256
RETURNING text_id;

-- audit ---------------------------------------------------------------------------------------------------------------

-- name: append(actors, actions, objects, details)!
SELECT audit.append(:actors::text[], :actions::text[], :objects::text[], :details::jsonb[]);

-- name: head_of_chain()^
SELECT base_seq, base_hash, seq, hash FROM audit.head;

-- name: entries(after, upto, most)
SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') AS at, actor, action, object, detail,
       canon, hash
FROM audit.entry
WHERE seq > :after AND seq <= :upto
ORDER BY seq
LIMIT :most;

-- name: entries_about(since, until, actor, action, object, most)
-- The newest first.
SELECT seq, at, actor, action, object, detail
FROM audit.entry
WHERE (:since::timestamptz IS NULL OR at >= :since) AND (:until::timestamptz IS NULL OR at < :until)
  AND (:actor::text IS NULL OR actor = :actor) AND (:action::text IS NULL OR action = :action)
  AND (:object::text IS NULL OR object = :object)
ORDER BY seq DESC
LIMIT :most;

-- name: range_of_entries(since, until)^
SELECT min(seq) AS first, max(seq) AS last
FROM audit.entry
WHERE (:since::timestamptz IS NULL OR at >= :since) AND (:until::timestamptz IS NULL OR at < :until);

-- name: last_before(moment)$
-- The last row of the beginning that holds nothing younger than that.
SELECT coalesce(
    (SELECT min(seq) - 1 FROM audit.entry WHERE at >= :moment), (SELECT seq FROM audit.head));

-- name: forget_entries(upto)$
SELECT audit.forget(:upto);

-- name: tell_once(id)$
-- Gives the id if it was not told before.
INSERT INTO told_afterwards (id) VALUES (:id) ON CONFLICT DO NOTHING RETURNING id;

-- name: forget_told()!
DELETE FROM told_afterwards WHERE at < now() - interval '90 days';

-- name: audit_rights()^
-- Whether the role that asks could do more to the audit than append to it.
SELECT current_user::text AS role,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
       OR pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = 'audit.entry'::regclass), 'MEMBER')
       OR has_table_privilege('audit.entry', 'INSERT') OR has_table_privilege('audit.entry', 'UPDATE')
       OR has_table_privilege('audit.entry', 'DELETE') OR has_table_privilege('audit.entry', 'TRUNCATE') AS too_many;

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

-- name: make_roles()!
-- The audit's owner, who never signs in, and the application's role. Where the migrating role may not make roles, they
-- are the database administrator's to make (docs/audit.md); without them the migrating role owns the audit.
DO $$
BEGIN
    IF to_regrole('secondline_audit') IS NULL THEN
        CREATE ROLE secondline_audit NOLOGIN;
    END IF;
    IF to_regrole('secondline_app') IS NULL THEN
        CREATE ROLE secondline_app LOGIN;
    END IF;
    IF NOT pg_has_role(current_user, 'secondline_audit', 'MEMBER') THEN
        EXECUTE format('GRANT secondline_audit TO %I', current_user);
    END IF;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
        NULL;
END
$$;

-- name: settle_rights()!
-- Who owns what and who may do what; the same every time. What the application's role is not given here it cannot do.
DO $$
BEGIN
    IF to_regnamespace('audit') IS NOT NULL AND pg_has_role(current_user, to_regrole('secondline_audit'), 'SET') THEN
        ALTER SCHEMA audit OWNER TO secondline_audit;
        ALTER TABLE audit.entry OWNER TO secondline_audit;
        ALTER TABLE audit.head OWNER TO secondline_audit;
        ALTER FUNCTION audit.canon OWNER TO secondline_audit;
        ALTER FUNCTION audit.append OWNER TO secondline_audit;
        ALTER FUNCTION audit.forget OWNER TO secondline_audit;
        ALTER FUNCTION audit.stays OWNER TO secondline_audit;
        ALTER FUNCTION audit.stays_six_years OWNER TO secondline_audit;
        ALTER FUNCTION audit.goes_on OWNER TO secondline_audit;
    END IF;
    IF to_regrole('secondline_app') IS NOT NULL AND current_user <> 'secondline_app' THEN
        GRANT USAGE ON SCHEMA public, queue TO secondline_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, queue TO secondline_app;
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public, queue TO secondline_app;
        REVOKE INSERT, UPDATE, DELETE ON public.schema_migration FROM secondline_app;
        IF to_regnamespace('audit') IS NOT NULL THEN
            REVOKE INSERT, UPDATE, DELETE ON public.audit FROM secondline_app;
            GRANT USAGE ON SCHEMA audit TO secondline_app;
            GRANT SELECT ON audit.entry, audit.head TO secondline_app;
            GRANT EXECUTE ON FUNCTION audit.append TO secondline_app;
        END IF;
    END IF;
END
$$;

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

-- backups -------------------------------------------------------------------------------------------------------------

-- name: export_snapshot()$
-- The state that this transaction sees, for others to see the same (pg_dump --snapshot).
SELECT pg_export_snapshot();

-- name: counting_statement()$
-- A statement that counts the rows of every table: PostgreSQL itself quotes their names.
SELECT string_agg(format('SELECT %L AS name, count(*) AS rows FROM %I.%I',
                         nspname || '.' || relname, nspname, relname), ' UNION ALL ')
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_' AND nspname <> 'information_schema';

-- name: foreign_roles()
-- Roles that own something here or were granted something, besides the one that asks: a dump names them and has them not.
SELECT DISTINCT rolname AS name
FROM pg_shdepend JOIN pg_roles ON pg_roles.oid = refobjid
WHERE refclassid = 'pg_authid'::regclass
  AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND rolname <> current_user AND rolname !~ '^pg_'
ORDER BY name;

-- name: role_statement(name)$
-- A statement that makes a role which is not there yet.
SELECT format('CREATE ROLE %I NOLOGIN', :name::text)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :name::text);

-- name: is_empty()$
SELECT NOT EXISTS (
    SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
);

-- name: message_files()
SELECT id, file, sha256, kek, wrapped, fingerprint
FROM message LEFT JOIN data_key ON subject = message.id
ORDER BY id;

-- name: finished_calls(ids)
SELECT id FROM call WHERE id = ANY(:ids::uuid[]) AND ended_at IS NOT NULL;
