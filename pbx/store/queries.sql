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

-- name: calls(since, number, limit, until, direction, lines, ids, after_at, after_id)
SELECT call.id, direction, caller_kind, caller_number, dialled, started_at, answered_at, ended_at, outcome, reason,
       decision -> 'why' AS why, answered_by, choices,
       (SELECT message.id FROM message WHERE call_id = call.id ORDER BY received_at, message.id LIMIT 1) AS message_id,
       (SELECT state FROM urgent_request WHERE call_id = call.id) AS urgent
FROM call
WHERE (:since::timestamptz IS NULL OR started_at >= :since)
  AND (:number::text IS NULL OR dialled = :number OR caller_number = :number)
  AND (:until::timestamptz IS NULL OR started_at < :until)
  AND (:direction::text IS NULL OR direction = :direction)
  AND (:lines::text[] IS NULL OR dialled = ANY(:lines))
  AND (:ids::uuid[] IS NULL OR call.id = ANY(:ids))
  AND (:after_at::timestamptz IS NULL OR started_at < :after_at
       OR (started_at = :after_at AND call.id > :after_id::uuid))
ORDER BY started_at DESC, call.id
LIMIT :limit;

-- name: callers_since(since, limit)
SELECT caller_number, started_at
FROM call
WHERE started_at >= :since AND caller_number IS NOT NULL
ORDER BY started_at DESC
LIMIT :limit;

-- messages ------------------------------------------------------------------------------------------------------------

-- name: add_message(id, call_id, mailbox, received_at, seconds, file, sha256, repaired, label)$
-- Gives the id if the message is new.
INSERT INTO message (id, call_id, mailbox, received_at, seconds, file, sha256, repaired, label)
VALUES (:id, :call_id, :mailbox, :received_at, :seconds, :file, :sha256, :repaired, :label)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: messages(mailbox, ids, limit)
SELECT message.id, call_id, mailbox, caller_kind, caller_number, dialled, received_at, seconds, file,
       transcript_state, transcript_failure, label, read_at, held_at, made_at,
       engine, model, text, confidence, words
FROM message
JOIN call ON call.id = call_id
LEFT JOIN transcript ON message_id = message.id
WHERE (:mailbox::text IS NULL OR mailbox = :mailbox)
  AND (:ids::uuid[] IS NULL OR message.id = ANY(:ids))
ORDER BY received_at DESC, message.id
LIMIT :limit;

-- name: message(id)^
SELECT message.id, call_id, mailbox, caller_kind, caller_number, dialled, received_at, seconds, file,
       transcript_state, transcript_failure, label, read_at, held_at, made_at,
       engine, model, text, confidence, words
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
-- Erases messages received before their mailbox's time (null: never), but none that is on hold, that nobody has opened
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
), kept_in_mind AS (
    INSERT INTO erased_message (id, mailbox, file, received_at)
    SELECT id, mailbox, file, received_at FROM erased
    ON CONFLICT (id) DO UPDATE SET file_gone = false
)
SELECT id, mailbox, sha256 FROM erased;

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

-- urgent calls --------------------------------------------------------------------------------------------------------

-- name: open_urgent(call_id, rota, mailbox, rounds, interval_seconds, ring_seconds, callback, opened_at, state, settled_by, settled_at)$
-- Gives the id if the request is new.
INSERT INTO urgent_request (call_id, rota, mailbox, rounds, interval_seconds, ring_seconds, callback, opened_at, state,
                            settled_by, settled_at)
VALUES (:call_id, :rota, :mailbox, :rounds, :interval_seconds, :ring_seconds, :callback, :opened_at, :state,
        :settled_by, :settled_at)
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
SELECT call_id, rota, urgent_request.mailbox, rounds, interval_seconds, ring_seconds, callback, opened_at, state,
       settled_by, settled_at, dialled, caller_kind, caller_number, file
FROM urgent_request
JOIN call ON call.id = call_id
LEFT JOIN LATERAL (
    SELECT file FROM message WHERE message.call_id = urgent_request.call_id ORDER BY received_at, message.id LIMIT 1
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

-- name: add_delivery(id, event_id, hook, held)!
-- `held`: seconds for which nobody else is given it.
INSERT INTO hook_delivery (id, event_id, hook, taken_until)
VALUES (:id, :event_id, :hook, CASE WHEN :held > 0 THEN now() + make_interval(secs => :held) END)
ON CONFLICT DO NOTHING;

-- name: next_delivery(hook)$
SELECT id FROM hook_delivery
WHERE hook = :hook AND state = 'waiting' AND due_at <= now() AND (taken_until IS NULL OR taken_until < now())
ORDER BY due_at, id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: take_delivery(seconds, id)^
UPDATE hook_delivery SET taken_until = now() + make_interval(secs => :seconds), attempts = attempts + 1
FROM hook_event
WHERE hook_delivery.id = :id AND hook_event.id = event_id
RETURNING hook_delivery.id, hook, attempts, made_at, event_id, kind, subject, about, at;

-- name: begin_hook_attempt(delivery_id)$
INSERT INTO hook_attempt (delivery_id) VALUES (:delivery_id) RETURNING id;

-- name: end_hook_attempt(result, why, id)!
UPDATE hook_attempt SET ended_at = now(), result = :result, why = :why WHERE id = :id;

-- name: settle_delivery(state, failure, id)!
UPDATE hook_delivery SET state = :state, failure = :failure, settled_at = now(), taken_until = NULL WHERE id = :id;

-- name: put_delivery_back(seconds, failure, counts, id)!
UPDATE hook_delivery
SET due_at = now() + make_interval(secs => :seconds), failure = :failure, taken_until = NULL,
    attempts = attempts - CASE WHEN :counts THEN 0 ELSE 1 END
WHERE id = :id;

-- name: let_deliveries_go()!
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
SELECT id, bundle, person, phone FROM outbox
WHERE channel = :channel AND state = 'waiting' AND due_at <= now() AND (taken_until IS NULL OR taken_until < now())
ORDER BY due_at, id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: bundle_up(bundle, channel, person, phone, most)!
-- Those that were bundled before stay in their bundle: it may have arrived already.
UPDATE outbox SET bundle = :bundle
WHERE id IN (SELECT id FROM outbox
             WHERE channel = :channel AND person = :person AND phone = :phone
               AND state = 'waiting' AND bundle IS NULL AND due_at <= now()
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
