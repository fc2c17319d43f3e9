-- Rules by caller have reasons of their own.

ALTER TABLE call DROP CONSTRAINT call_reason_closed;
ALTER TABLE call ADD CONSTRAINT call_reason_closed
    CHECK (reason IN ('always-open', 'in-hours', 'outside-hours', 'closed-date', 'unknown-number', 'safe-mode', 'override',
                      'priority', 'blocked', 'withheld', 'unknown-caller', 'repeated-call'));
