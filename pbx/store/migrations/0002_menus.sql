-- Phone trees: what a caller chose in menus, and the outcome of one who hung up in a menu.

ALTER TABLE call DROP CONSTRAINT call_outcome_closed;
ALTER TABLE call ADD CONSTRAINT call_outcome_closed
    CHECK (outcome IN ('in-progress', 'answered', 'message', 'hung-up-while-ringing', 'hung-up-during-greeting',
                       'hung-up-in-menu', 'no-message', 'not-served', 'lost'));

ALTER TABLE call ADD COLUMN choices jsonb NOT NULL DEFAULT '[]';

COMMENT ON COLUMN call.choices IS 'Each choice in menus, in order: menu, key, and in short where the key led.';
