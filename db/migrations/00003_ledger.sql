-- +goose Up

-- Corrections join the kinds of events, and an event of limits keeps the limits
-- that it set. SQLite cannot change a CHECK, so the table is made anew.
CREATE TABLE events_new (
    id                INTEGER PRIMARY KEY,
    session_id        TEXT    NOT NULL REFERENCES quota_sessions (session_id),
    kind              TEXT    NOT NULL CHECK (kind IN ('upload', 'reset', 'limits', 'correction')),
    actor             TEXT    NOT NULL,
    reason            TEXT    NOT NULL DEFAULT '',
    -- No foreign key: a deleted video keeps its event.
    video_id          TEXT UNIQUE,
    videos_delta      INTEGER NOT NULL DEFAULT 0,
    duration_delta_ms INTEGER NOT NULL DEFAULT 0,
    -- Of an event of limits; NULL is the default of the installation.
    max_videos        INTEGER,
    max_duration_ms   INTEGER,
    max_file_bytes    INTEGER,
    created_at        INTEGER NOT NULL
);
INSERT INTO events_new (id, session_id, kind, actor, reason, video_id, videos_delta, duration_delta_ms, created_at)
    SELECT id, session_id, kind, actor, reason, video_id, videos_delta, duration_delta_ms, created_at FROM events;
DROP TABLE events;
ALTER TABLE events_new RENAME TO events;
CREATE INDEX events_of_session ON events (session_id, id);

-- +goose Down
CREATE TABLE events_old (
    id                INTEGER PRIMARY KEY,
    session_id        TEXT    NOT NULL REFERENCES quota_sessions (session_id),
    kind              TEXT    NOT NULL CHECK (kind IN ('upload', 'reset', 'limits')),
    actor             TEXT    NOT NULL,
    reason            TEXT    NOT NULL DEFAULT '',
    video_id          TEXT UNIQUE,
    videos_delta      INTEGER NOT NULL DEFAULT 0,
    duration_delta_ms INTEGER NOT NULL DEFAULT 0,
    created_at        INTEGER NOT NULL
);
-- A correction becomes a reset of as much, so that the ledger's sum stays.
INSERT INTO events_old (id, session_id, kind, actor, reason, video_id, videos_delta, duration_delta_ms, created_at)
    SELECT id, session_id, CASE kind WHEN 'correction' THEN 'reset' ELSE kind END, actor, reason, video_id,
           videos_delta, duration_delta_ms, created_at FROM events;
DROP TABLE events;
ALTER TABLE events_old RENAME TO events;
CREATE INDEX events_of_session ON events (session_id, id);
