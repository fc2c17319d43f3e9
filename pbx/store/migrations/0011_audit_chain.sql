-- The audit as a chain: each row's hash covers its bytes and the hash before, so none is changed, taken out, put in or
-- moved without every later hash being wrong. Who owns it and who may do what is settled at every start
-- (`settle_rights` in queries.sql), because roles belong to the server and not to this database.

CREATE SCHEMA audit;

CREATE TABLE audit.entry (
    seq    bigint PRIMARY KEY,
    at     timestamptz NOT NULL,
    actor  text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    detail jsonb NOT NULL,
    canon  bytea NOT NULL,
    hash   bytea NOT NULL
);

COMMENT ON TABLE audit.entry IS 'Who did what to what. Ids only: no number, no name, no word of a message.';
COMMENT ON COLUMN audit.entry.seq IS 'Without gaps, which a sequence cannot promise: it counts what is rolled back.';
COMMENT ON COLUMN audit.entry.canon IS 'The bytes that are hashed: the other columns as jsonb writes them, in UTF-8.';
COMMENT ON COLUMN audit.entry.hash IS 'sha256(hash of the row before || sha256(canon)).';

CREATE INDEX entry_by_object ON audit.entry (object, at);
CREATE INDEX entry_by_time ON audit.entry (at);
-- Which listings showed a message's words: one row names many messages.
CREATE INDEX entry_listed ON audit.entry USING gin ((detail -> 'messages')) WHERE action = 'listed';

CREATE TABLE audit.head (
    single    boolean PRIMARY KEY DEFAULT true CHECK (single),
    base_seq  bigint NOT NULL,
    base_hash bytea NOT NULL,
    seq       bigint NOT NULL,
    hash      bytea NOT NULL
);

COMMENT ON TABLE audit.head IS 'Where the chain ends, and after which row it begins. Whoever appends holds this row.';
COMMENT ON COLUMN audit.head.base_seq IS 'The last row that was kept long enough and is gone; 0: none is.';

INSERT INTO audit.head (base_seq, base_hash, seq, hash)
VALUES (0, decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION audit.canon(seq bigint, at timestamptz, actor text, action text, object text, detail jsonb)
RETURNS bytea LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT convert_to(
        jsonb_build_object(
            'seq', seq, 'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
            'actor', actor, 'action', action, 'object', object, 'detail', detail
        )::text,
        'UTF8')
$$;

-- With the rights of its owner: the only way in. Rows are appended in the transaction of what they tell of, and last in
-- it, because the head is held until that ends.
CREATE FUNCTION audit.append(actors text[], actions text[], objects text[], details jsonb[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last   bigint;
    before bytea;
    moment timestamptz;
    bytes  bytea;
BEGIN
    SELECT head.seq, head.hash INTO STRICT last, before FROM audit.head FOR UPDATE;
    FOR i IN 1 .. cardinality(actors) LOOP
        last := last + 1;
        moment := clock_timestamp();
        -- As audit.canon does it; a function of its own takes as long as the rest.
        bytes := convert_to(
            jsonb_build_object(
                'seq', last, 'at', to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
                'actor', actors[i], 'action', actions[i], 'object', objects[i], 'detail', details[i]
            )::text,
            'UTF8');
        before := sha256(before || sha256(bytes));
        INSERT INTO audit.entry (seq, at, actor, action, object, detail, canon, hash)
        VALUES (last, moment, actors[i], actions[i], objects[i], details[i], bytes, before);
    END LOOP;
    UPDATE audit.head SET seq = last, hash = before;
    RETURN last;
END
$$;

-- What was written before there was a chain, with its own times.
DO $$
DECLARE
    old    record;
    last   bigint := 0;
    before bytea := decode(repeat('00', 32), 'hex');
    bytes  bytea;
BEGIN
    FOR old IN SELECT * FROM public.audit ORDER BY id LOOP
        last := last + 1;
        bytes := audit.canon(last, old.at, old.actor, old.action, old.object, old.detail);
        before := sha256(before || sha256(bytes));
        INSERT INTO audit.entry (seq, at, actor, action, object, detail, canon, hash)
        VALUES (last, old.at, old.actor, old.action, old.object, old.detail, bytes, before);
    END LOOP;
    UPDATE audit.head SET seq = last, hash = before;
END
$$;

DROP TABLE public.audit;
CREATE VIEW public.audit WITH (security_invoker = true) AS
    SELECT seq AS id, at, actor, action, object, detail FROM audit.entry;

COMMENT ON VIEW public.audit IS 'The rows of the chain, to be read.';

-- Refused even to the owner, until he disables the triggers; and then the signed checkpoints tell.
CREATE FUNCTION audit.stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the audit is never changed';
END
$$;

CREATE FUNCTION audit.stays_six_years() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.at > clock_timestamp() - interval '6 years' OR OLD.seq > (SELECT base_seq FROM audit.head) THEN
        RAISE EXCEPTION 'the audit is kept for six years';
    END IF;
    RETURN OLD;
END
$$;

CREATE FUNCTION audit.goes_on() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.seq < OLD.seq OR NEW.base_seq <= OLD.base_seq THEN
        RAISE EXCEPTION 'the audit only grows';
    END IF;
    IF EXISTS (SELECT FROM audit.entry
               WHERE entry.seq <= NEW.base_seq AND at > clock_timestamp() - interval '6 years')
        OR NEW.base_hash IS DISTINCT FROM (SELECT entry.hash FROM audit.entry WHERE entry.seq = NEW.base_seq)
    THEN
        RAISE EXCEPTION 'the audit is kept for six years';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER stays BEFORE UPDATE ON audit.entry FOR EACH ROW EXECUTE FUNCTION audit.stays();
CREATE TRIGGER stays_six_years BEFORE DELETE ON audit.entry FOR EACH ROW EXECUTE FUNCTION audit.stays_six_years();
-- Row triggers do not see TRUNCATE.
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON audit.entry FOR EACH STATEMENT EXECUTE FUNCTION audit.stays();
CREATE TRIGGER goes_on BEFORE UPDATE ON audit.head FOR EACH ROW
    WHEN (NEW.seq < OLD.seq OR NEW.base_seq <> OLD.base_seq OR NEW.base_hash <> OLD.base_hash)
    EXECUTE FUNCTION audit.goes_on();
CREATE TRIGGER stays BEFORE DELETE ON audit.head FOR EACH ROW EXECUTE FUNCTION audit.stays();
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON audit.head FOR EACH STATEMENT EXECUTE FUNCTION audit.stays();

-- For the owner alone: forget a whole beginning of the chain that was kept long enough.
CREATE FUNCTION audit.forget(upto bigint)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    UPDATE audit.head SET base_seq = upto, base_hash = (SELECT entry.hash FROM audit.entry WHERE entry.seq = upto);
    DELETE FROM audit.entry WHERE entry.seq <= upto;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;

-- What happened while the database was away, or beside it, is told afterwards, once.
CREATE TABLE told_afterwards (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE told_afterwards IS 'Ids of the journal''s entries that are in the audit.';
