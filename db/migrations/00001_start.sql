-- Times are Unix milliseconds, durations whole milliseconds, sizes bytes.

-- +goose Up
CREATE TABLE users (
    id                  INTEGER PRIMARY KEY,
    username            TEXT    NOT NULL,
    -- NFKC and lower case: two spellings of one name share it.
    username_key        TEXT    NOT NULL UNIQUE,
    password_hash       TEXT    NOT NULL,
    role                TEXT    NOT NULL CHECK (role IN ('user', 'admin')),
    disabled            INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    -- Tokens and login sessions made under an older version are dead.
    credentials_version INTEGER NOT NULL DEFAULT 1,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    deleted_at          INTEGER
);

CREATE TABLE quota_sessions (
    session_id         TEXT    PRIMARY KEY,
    user_id            INTEGER NOT NULL UNIQUE REFERENCES users (id),
    videos_count       INTEGER NOT NULL DEFAULT 0 CHECK (videos_count >= 0),
    duration_ms        INTEGER NOT NULL DEFAULT 0 CHECK (duration_ms >= 0),
    -- NULL: the default of the installation.
    max_videos         INTEGER CHECK (max_videos >= 0),
    max_duration_ms    INTEGER CHECK (max_duration_ms >= 0),
    max_file_bytes     INTEGER CHECK (max_file_bytes >= 0),
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    last_upload_at     INTEGER
);

-- A row that is receiving or measuring is a slot: it holds one of the
-- session's remaining videos for the process that made it.
CREATE TABLE videos (
    id          TEXT    PRIMARY KEY,
    session_id  TEXT    NOT NULL REFERENCES quota_sessions (session_id),
    filename    TEXT    NOT NULL DEFAULT '',
    size_bytes  INTEGER NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
    duration_ms INTEGER NOT NULL DEFAULT 0 CHECK (duration_ms >= 0),
    container   TEXT    NOT NULL DEFAULT '',
    status      TEXT    NOT NULL CHECK (status IN ('receiving', 'measuring', 'accepted', 'rejected')),
    reason      TEXT    NOT NULL DEFAULT '',
    process_id  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
);
CREATE INDEX videos_of_session ON videos (session_id, id);
CREATE INDEX videos_in_flight ON videos (session_id, process_id) WHERE status IN ('receiving', 'measuring');

-- The ledger. The sum of the deltas of a session is its usage.
CREATE TABLE events (
    id                INTEGER PRIMARY KEY,
    session_id        TEXT    NOT NULL REFERENCES quota_sessions (session_id),
    kind              TEXT    NOT NULL CHECK (kind IN ('upload', 'reset', 'limits')),
    actor             TEXT    NOT NULL,
    reason            TEXT    NOT NULL DEFAULT '',
    -- No foreign key: a deleted video keeps its event.
    video_id          TEXT UNIQUE,
    videos_delta      INTEGER NOT NULL DEFAULT 0,
    duration_delta_ms INTEGER NOT NULL DEFAULT 0,
    created_at        INTEGER NOT NULL
);
CREATE INDEX events_of_session ON events (session_id, id);

-- Ids of JWTs and login sessions that ended early, until they would have ended anyway.
CREATE TABLE revocations (
    token_id   TEXT    PRIMARY KEY,
    expires_at INTEGER NOT NULL
);
CREATE INDEX revocations_by_expiry ON revocations (expires_at);

-- +goose Down
DROP TABLE revocations;
DROP TABLE events;
DROP TABLE videos;
DROP TABLE quota_sessions;
DROP TABLE users;
