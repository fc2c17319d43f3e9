-- Overrides of the hours, each with its end and with who set it and why. They stay after their end: the record says
-- what held at any time. And the tokens with which programs set them over HTTP, each as a hash alone.

CREATE TABLE line_override (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope     text NOT NULL CONSTRAINT line_override_scope_closed CHECK (scope IN ('practice', 'number', 'person')),
    target    text NOT NULL,
    mode      text NOT NULL CONSTRAINT line_override_mode_closed
              CHECK (mode IN ('closed', 'open', 'voicemail', 'snow-day')),
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    made_by   text NOT NULL,
    reason    text NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now(),
    ended_at  timestamptz,
    ended_by  text
);

COMMENT ON COLUMN line_override.target IS 'A number of the practice (E.164), a person''s key in its file, or empty.';
COMMENT ON COLUMN line_override.ends_at IS 'When it ends by itself; ended_at is set where somebody ended it before.';
COMMENT ON COLUMN line_override.reason IS 'Of the staff, for the staff: not for anything about a patient.';

CREATE INDEX line_override_by_end ON line_override (ends_at) WHERE ended_at IS NULL;

CREATE TABLE api_token (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    scope        text NOT NULL CONSTRAINT api_token_scope_closed CHECK (scope IN ('overrides')),
    sha256       bytea NOT NULL UNIQUE,
    made_at    timestamptz NOT NULL DEFAULT now(),
    made_by      text NOT NULL,
    revoked_at   timestamptz,
    revoked_by   text
);

COMMENT ON COLUMN api_token.sha256 IS 'Of the token, which is 32 random bytes and kept nowhere.';

CREATE UNIQUE INDEX api_token_name ON api_token (name) WHERE revoked_at IS NULL;

ALTER TABLE call DROP CONSTRAINT call_reason_closed;
ALTER TABLE call ADD CONSTRAINT call_reason_closed
    CHECK (reason IN ('always-open', 'in-hours', 'outside-hours', 'closed-date', 'unknown-number', 'safe-mode',
                      'override'));
