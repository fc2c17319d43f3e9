-- PINs of the practice's people, as Argon2 hashes. Wrong tries are counted in the data folder, because that must work
-- while the database is away; a lock-out is noted in the audit.

CREATE TABLE pin (
    person text PRIMARY KEY,
    hash   text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now(),
    set_by text NOT NULL
);

COMMENT ON COLUMN pin.person IS 'Key of the person in the practice''s file.';
