-- Finding, sorting and summing up without reading every row.

-- +goose Up

-- Every ending of every name's key, from its second character on: a search for
-- any part of a name is a search for the beginning of one of these, or of the key.
CREATE TABLE username_endings (
    ending  TEXT    NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (ending, user_id)
) WITHOUT ROWID;
INSERT INTO username_endings
    WITH RECURSIVE starts (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM starts WHERE n < (SELECT max(length(username_key)) FROM users))
    SELECT substr(u.username_key, n), u.id FROM users u JOIN starts ON n <= length(u.username_key) ORDER BY 1, 2;

CREATE INDEX users_gone ON users (id) WHERE disabled = 1 OR deleted_at IS NOT NULL;
CREATE INDEX sessions_by_videos ON quota_sessions (videos_count, user_id);
CREATE INDEX sessions_by_duration ON quota_sessions (duration_ms, user_id);
CREATE INDEX sessions_by_last_upload ON quota_sessions (coalesce(last_upload_at, 0), user_id);
CREATE INDEX sessions_by_creation ON quota_sessions (created_at, user_id);
CREATE INDEX sessions_with_limits ON quota_sessions (user_id) WHERE max_videos IS NOT NULL OR max_duration_ms IS NOT NULL;

-- One row: what the whole installation holds.
CREATE TABLE totals (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    users       INTEGER NOT NULL, -- not deleted
    sessions    INTEGER NOT NULL,
    videos      INTEGER NOT NULL, -- accepted, and still there
    duration_ms INTEGER NOT NULL, -- of those
    size_bytes  INTEGER NOT NULL  -- of those
);
INSERT INTO totals
    SELECT 1, (SELECT count(*) FROM users WHERE deleted_at IS NULL), (SELECT count(*) FROM quota_sessions),
           count(*), coalesce(sum(duration_ms), 0), coalesce(sum(size_bytes), 0)
    FROM videos WHERE status = 'accepted';

-- What was accepted in each hour since 1970 began, in UTC.
CREATE TABLE upload_hours (
    hour        INTEGER PRIMARY KEY,
    uploads     INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL
);
INSERT INTO upload_hours
    SELECT created_at / 3600000, count(*), sum(duration_delta_ms) FROM events WHERE kind = 'upload' GROUP BY 1;

-- Triggers keep them, so that no writer can forget to.
-- +goose StatementBegin
CREATE TRIGGER user_added AFTER INSERT ON users WHEN NEW.deleted_at IS NULL BEGIN
    UPDATE totals SET users = users + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER user_deleted AFTER UPDATE OF deleted_at ON users BEGIN
    UPDATE totals SET users = users + (NEW.deleted_at IS NULL) - (OLD.deleted_at IS NULL);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER session_added AFTER INSERT ON quota_sessions BEGIN
    UPDATE totals SET sessions = sessions + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER session_removed AFTER DELETE ON quota_sessions BEGIN
    UPDATE totals SET sessions = sessions - 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER video_added AFTER INSERT ON videos WHEN NEW.status = 'accepted' BEGIN
    UPDATE totals SET videos = videos + 1, duration_ms = duration_ms + NEW.duration_ms, size_bytes = size_bytes + NEW.size_bytes;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER video_changed AFTER UPDATE OF status, duration_ms, size_bytes ON videos
WHEN NEW.status = 'accepted' OR OLD.status = 'accepted' BEGIN
    UPDATE totals SET
        videos      = videos + (NEW.status = 'accepted') - (OLD.status = 'accepted'),
        duration_ms = duration_ms + NEW.duration_ms * (NEW.status = 'accepted') - OLD.duration_ms * (OLD.status = 'accepted'),
        size_bytes  = size_bytes + NEW.size_bytes * (NEW.status = 'accepted') - OLD.size_bytes * (OLD.status = 'accepted');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER video_removed AFTER DELETE ON videos WHEN OLD.status = 'accepted' BEGIN
    UPDATE totals SET videos = videos - 1, duration_ms = duration_ms - OLD.duration_ms, size_bytes = size_bytes - OLD.size_bytes;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER upload_counted AFTER INSERT ON events WHEN NEW.kind = 'upload' BEGIN
    INSERT INTO upload_hours VALUES (NEW.created_at / 3600000, 1, NEW.duration_delta_ms)
    ON CONFLICT (hour) DO UPDATE SET uploads = uploads + 1, duration_ms = duration_ms + excluded.duration_ms;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER upload_counted;
DROP TRIGGER video_removed;
DROP TRIGGER video_changed;
DROP TRIGGER video_added;
DROP TRIGGER session_removed;
DROP TRIGGER session_added;
DROP TRIGGER user_deleted;
DROP TRIGGER user_added;
DROP TABLE upload_hours;
DROP TABLE totals;
DROP INDEX sessions_with_limits;
DROP INDEX sessions_by_creation;
DROP INDEX sessions_by_last_upload;
DROP INDEX sessions_by_duration;
DROP INDEX sessions_by_videos;
DROP INDEX users_gone;
DROP TABLE username_endings;
