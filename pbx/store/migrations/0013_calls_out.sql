-- Calls that the practice's people make to numbers outside. The columns of the caller hold whoever is outside of either kind of
-- call, sealed and found by their index; `dialled` of one that goes out is the practice number that was shown.

ALTER TABLE call DROP CONSTRAINT call_direction_closed;
ALTER TABLE call ADD CONSTRAINT call_direction_closed CHECK (direction IN ('inbound', 'outbound'));

ALTER TABLE call DROP CONSTRAINT call_outcome_closed;
ALTER TABLE call ADD CONSTRAINT call_outcome_closed
    CHECK (outcome IN ('in-progress', 'answered', 'message', 'hung-up-while-ringing', 'hung-up-during-greeting',
                       'hung-up-in-menu', 'no-message', 'not-served', 'lost', 'no-answer', 'busy', 'unreachable',
                       'refused'));

ALTER TABLE call DROP CONSTRAINT call_reason_closed;
ALTER TABLE call ADD CONSTRAINT call_reason_closed
    CHECK (reason IN ('always-open', 'in-hours', 'outside-hours', 'closed-date', 'unknown-number', 'safe-mode', 'override',
                      'priority', 'blocked', 'withheld', 'unknown-caller', 'repeated-call',
                      'allowed', 'emergency', 'inbound-only', 'person-not-allowed', 'unknown-code', 'not-a-number',
                      'own-number', 'premium-number', 'refused-prefix', 'country-not-allowed', 'calls-used-up',
                      'minutes-used-up', 'too-many-at-once', 'all-lines-busy', 'controller-away'));

ALTER TABLE call ADD COLUMN made_by text;
ALTER TABLE call ADD COLUMN device text;

COMMENT ON COLUMN call.made_by IS 'Of a call that goes out: the key of the person who made it.';
COMMENT ON COLUMN call.device IS 'And by what: an endpoint''s name, or cell.';
