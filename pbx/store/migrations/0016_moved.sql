-- Calls that one of the practice's people passes on to a colleague: each part is a call of its own.

ALTER TABLE call DROP CONSTRAINT call_outcome_closed;
ALTER TABLE call ADD CONSTRAINT call_outcome_closed
    CHECK (outcome IN ('in-progress', 'answered', 'message', 'hung-up-while-ringing', 'hung-up-during-greeting',
                       'hung-up-in-menu', 'no-message', 'not-served', 'lost', 'no-answer', 'busy', 'unreachable',
                       'refused', 'returned'));

ALTER TABLE call DROP CONSTRAINT call_reason_closed;
ALTER TABLE call ADD CONSTRAINT call_reason_closed
    CHECK (reason IN ('always-open', 'in-hours', 'outside-hours', 'closed-date', 'unknown-number', 'safe-mode', 'override',
                      'priority', 'blocked', 'withheld', 'unknown-caller', 'repeated-call', 'moved',
                      'allowed', 'emergency', 'inbound-only', 'person-not-allowed', 'unknown-code', 'not-a-number',
                      'own-number', 'premium-number', 'refused-prefix', 'country-not-allowed', 'calls-used-up',
                      'minutes-used-up', 'too-many-at-once', 'all-lines-busy', 'controller-away'));

-- No reference: the part before may be taken into the log later than this one.
ALTER TABLE call ADD COLUMN moved_from uuid;
ALTER TABLE call ADD COLUMN moved_by text;

COMMENT ON COLUMN call.moved_from IS 'Of a part of a call that was passed on: the call that is the part before.';
COMMENT ON COLUMN call.moved_by IS 'And the key of the person who passed it on.';
