-- +goose Up

-- Runs of this order that ended with the death of their process, or in a panic.
ALTER TABLE subtitle_jobs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
-- What runs is found without reading what waits.
CREATE INDEX subtitle_jobs_running ON subtitle_jobs (session_id, process_id, due_at, crashes) WHERE status = 'running';

-- +goose Down
DROP INDEX subtitle_jobs_running;
ALTER TABLE subtitle_jobs DROP COLUMN crashes;
