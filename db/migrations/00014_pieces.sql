-- +goose Up

-- What an engine answered to each piece of a sound, until the job is done: nothing
-- is asked for twice. Who asked for something else left another key.
CREATE TABLE subtitle_pieces (
    video_id TEXT    NOT NULL REFERENCES subtitle_jobs (video_id) ON DELETE CASCADE,
    key      TEXT    NOT NULL,
    begins   INTEGER NOT NULL, -- bytes of the sound
    ends     INTEGER NOT NULL,
    answer   TEXT    NOT NULL, -- JSON that only others understand
    PRIMARY KEY (video_id, key, begins, ends)
);

-- +goose Down
DROP TABLE subtitle_pieces;
