-- +goose Up

-- One row for each video whose subtitles were ever asked for or written. It
-- goes with the video.
CREATE TABLE subtitle_jobs (
    video_id   TEXT    PRIMARY KEY REFERENCES videos (id) ON DELETE CASCADE,
    session_id TEXT    NOT NULL, -- the video's, so that one index knows whose turn it is
    status     TEXT    NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    -- What was asked for; an empty language lets the engine find out.
    language   TEXT    NOT NULL DEFAULT '',
    translate  INTEGER NOT NULL DEFAULT 0 CHECK (translate IN (0, 1)),
    -- One run from its claim to its end. Whoever bears another id runs in vain.
    run_id     TEXT    UNIQUE,
    process_id TEXT    NOT NULL DEFAULT '', -- of whom it runs
    -- When the job may be claimed: of a running one that is when its lease passes.
    due_at     INTEGER NOT NULL DEFAULT 0,
    progress   INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    attempts   INTEGER NOT NULL DEFAULT 0, -- of this order, which came to nothing for a reason of its own
    runs       INTEGER NOT NULL DEFAULT 0, -- of this video, which came to an end
    error      TEXT    NOT NULL DEFAULT '',
    queued_at  INTEGER,
    started_at INTEGER,
    ended_at   INTEGER,
    CHECK ((status = 'running') = (run_id IS NOT NULL))
);
-- What waits and what runs is found without reading what is done.
CREATE INDEX subtitle_jobs_by_turn ON subtitle_jobs (session_id, queued_at, video_id, status, due_at, started_at)
    WHERE status IN ('queued', 'running');
CREATE INDEX subtitle_jobs_by_due ON subtitle_jobs (due_at, status) WHERE status IN ('queued', 'running');
CREATE INDEX subtitle_jobs_failed ON subtitle_jobs (ended_at, video_id) WHERE status = 'failed';

-- Whose job was claimed last: a number that grows with every claim, since
-- clocks are set back.
CREATE TABLE subtitle_turns (
    session_id TEXT    PRIMARY KEY REFERENCES quota_sessions (session_id) ON DELETE CASCADE,
    turn       INTEGER NOT NULL UNIQUE
) WITHOUT ROWID;

-- The text of a video's subtitles and, beside it, what the engine wrote last.
-- The long columns come last: what stands before them is read without them.
CREATE TABLE subtitle_texts (
    video_id          TEXT    PRIMARY KEY REFERENCES videos (id) ON DELETE CASCADE,
    revision          INTEGER NOT NULL CHECK (revision > 0),
    language          TEXT    NOT NULL,
    source            TEXT    NOT NULL CHECK (source IN ('engine', 'user')),
    updated_at        INTEGER NOT NULL,
    -- Both NULL where no engine has written any.
    original_language TEXT,
    cues              TEXT    NOT NULL,
    original_cues     TEXT
);

-- +goose Down
DROP TABLE subtitle_texts;
DROP TABLE subtitle_turns;
DROP TABLE subtitle_jobs;
