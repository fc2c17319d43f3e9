-- Swaps on a rota that were made by command, with who made them and why. They stay after they were undone: the record
-- says who was to be rung at any time.

CREATE TABLE oncall_swap (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rota       text NOT NULL,
    off_person text NOT NULL,
    on_person  text NOT NULL,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    made_by    text NOT NULL,
    reason     text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    undone_at  timestamptz,
    undone_by  text
);

COMMENT ON COLUMN oncall_swap.off_person IS 'Key of the person in the practice''s file who is replaced by on_person.';
COMMENT ON COLUMN oncall_swap.reason IS 'Of the staff, for the staff: not for anything about a patient.';

CREATE INDEX oncall_swap_by_rota ON oncall_swap (rota, id);
