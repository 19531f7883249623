-- +goose Up

-- A resumable upload belongs to no process while it is received: whoever gets
-- its next bytes writes them. It belongs to one while it is measured.
ALTER TABLE videos ADD COLUMN resumable INTEGER NOT NULL DEFAULT 0 CHECK (resumable IN (0, 1));
ALTER TABLE videos ADD COLUMN has_picture INTEGER NOT NULL DEFAULT 0 CHECK (has_picture IN (0, 1));

-- +goose Down
ALTER TABLE videos DROP COLUMN has_picture;
ALTER TABLE videos DROP COLUMN resumable;
