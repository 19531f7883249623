-- +goose Up

-- A resumable upload belongs to no process while it is received: whoever gets
-- its next bytes writes them. It belongs to one while it is measured.
ALTER TABLE videos ADD COLUMN resumable INTEGER NOT NULL DEFAULT 0 CHECK (resumable IN (0, 1));
ALTER TABLE videos ADD COLUMN has_picture INTEGER NOT NULL DEFAULT 0 CHECK (has_picture IN (0, 1));
-- Of the videos that there are it is not known; these kinds nearly always have some.
UPDATE videos SET has_picture = 1
    WHERE status = 'accepted' AND container IN ('mp4', 'mov', '3gp', 'mkv', 'webm', 'avi', 'mpegts', 'mpeg', 'flv', 'asf');

-- +goose Down
ALTER TABLE videos DROP COLUMN has_picture;
ALTER TABLE videos DROP COLUMN resumable;
