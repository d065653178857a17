-- Desk keeps no rows of customers, but opens their texts: its word that no key of a forgotten contact is left in memory.
SET LOCAL ROLE seadesk_desk;
SET LOCAL search_path = desk;

CREATE TABLE erasure (
    request_id uuid        PRIMARY KEY,
    key        text        NOT NULL, -- of the record
    cause_id   uuid        NOT NULL,
    root_id    uuid        NOT NULL,
    proof      bytea       NOT NULL, -- ErasureDone
    due_at     timestamptz NOT NULL  -- of the real clock
);

RESET ROLE;
RESET search_path;
