-- Desk: who may sign in. Everything else that the desk shows is read through the other services' views.
SET LOCAL ROLE seadesk_desk;
SET LOCAL search_path = desk;

CREATE TABLE account (
    user_name    text        PRIMARY KEY CHECK (user_name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'), -- sign-in name
    password     text        NOT NULL,                -- argon2id, as libsodium's crypto_pwhash_str writes it
    role         text        NOT NULL CHECK (role IN ('agent', 'supervisor', 'admin')),
    name         text        NOT NULL DEFAULT '',     -- shown to customers
    staff_number text        NOT NULL DEFAULT '',     -- shown where a market wants it
    languages    text[]      NOT NULL DEFAULT '{}',   -- BCP 47, spoken; empty = the desk's language alone
    queues       text[]      NOT NULL DEFAULT '{}',   -- served; empty = all
    is_active    boolean     NOT NULL DEFAULT true,
    is_demo      boolean     NOT NULL DEFAULT false,  -- made at a start in development; can't sign in in production
    created_at   timestamptz NOT NULL DEFAULT now(),
    changed_at   timestamptz NOT NULL DEFAULT now()
);

-- Who works here, for router: WHERE "user" = …
CREATE VIEW agent_v AS
SELECT user_name AS "user", name, languages, queues, staff_number, role FROM account WHERE is_active;

GRANT SELECT ON agent_v TO seadesk_router;
RESET ROLE;
RESET search_path;
