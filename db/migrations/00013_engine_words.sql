-- +goose Up

-- What the engine said when the last run came to nothing, for admins alone.
ALTER TABLE subtitle_jobs ADD COLUMN detail TEXT NOT NULL DEFAULT '';
-- What was odd in the engine's answer that original_cues were made of, as JSON.
ALTER TABLE subtitle_texts ADD COLUMN original_notes TEXT NOT NULL DEFAULT '[]';

-- +goose Down
ALTER TABLE subtitle_texts DROP COLUMN original_notes;
ALTER TABLE subtitle_jobs DROP COLUMN detail;
