-- +goose Up

-- The tracks of sound and subtitles that the file lists, as JSON.
ALTER TABLE videos ADD COLUMN tracks TEXT NOT NULL DEFAULT '[]';
-- How long the file lasts by its own word where less could be read; else 0.
ALTER TABLE videos ADD COLUMN declared_ms INTEGER NOT NULL DEFAULT 0;
-- What was asked for: a track of sound by its number, 0 for the default one, and
-- what the engine is to expect.
ALTER TABLE subtitle_jobs ADD COLUMN track INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subtitle_jobs ADD COLUMN prompt TEXT NOT NULL DEFAULT '';
-- What the engine is to expect in all videos of a user.
ALTER TABLE users ADD COLUMN engine_prompt TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE users DROP COLUMN engine_prompt;
ALTER TABLE subtitle_jobs DROP COLUMN prompt;
ALTER TABLE subtitle_jobs DROP COLUMN track;
ALTER TABLE videos DROP COLUMN declared_ms;
ALTER TABLE videos DROP COLUMN tracks;
