-- +goose Up

-- Requests that bear a key, so that the same request sent again changes nothing
-- and is answered like the first. A row goes after a day.
CREATE TABLE idempotency_keys (
    user_id    INTEGER NOT NULL REFERENCES users (id),
    path       TEXT    NOT NULL, -- what the request was sent to
    key        TEXT    NOT NULL,
    body_hash  TEXT    NOT NULL, -- empty where the body is not compared
    video_id   TEXT,             -- of an upload
    process_id TEXT    NOT NULL, -- of whom it is under way; empty once it is not
    done       INTEGER NOT NULL DEFAULT 0, -- how far a change of many sessions has come
    after      INTEGER NOT NULL DEFAULT 0,
    answer     TEXT,             -- JSON; NULL until the change is made
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, path, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_of_video ON idempotency_keys (video_id) WHERE video_id IS NOT NULL;
CREATE INDEX idempotency_keys_under_way ON idempotency_keys (process_id) WHERE process_id <> '';
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- +goose Down
DROP TABLE idempotency_keys;
