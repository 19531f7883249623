-- +goose Up

-- What the operator's webhook is still to be told, written together with what
-- it tells of. A row goes when it was delivered.
CREATE TABLE webhooks (
    id         TEXT    PRIMARY KEY, -- UUIDv7, so ids sort by age
    event      TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER NOT NULL, -- of one that is being delivered: when its lease passes
    created_at INTEGER NOT NULL
);
CREATE INDEX webhooks_by_due ON webhooks (due_at, id);

-- +goose Down
DROP TABLE webhooks;
