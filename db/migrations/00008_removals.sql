-- +goose Up

-- Uploads whose files are to be removed. The transaction that decides it writes
-- the row, and the row goes once the files are gone. So a crash in between loses
-- nothing, and a file is never removed for any other reason.
CREATE TABLE removals (
    video_id TEXT PRIMARY KEY
) WITHOUT ROWID;

-- Triggers write them, so that no statement can forget to.
-- +goose StatementBegin
CREATE TRIGGER video_forgotten AFTER DELETE ON videos WHEN OLD.status <> 'rejected' BEGIN
    INSERT INTO removals VALUES (OLD.id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER video_rejected AFTER UPDATE OF status ON videos WHEN NEW.status = 'rejected' BEGIN
    INSERT INTO removals VALUES (NEW.id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- How often the measuring of an upload was begun and neither ended nor was put
-- off. A file that ends the process each time is rejected after two tries.
ALTER TABLE videos ADD COLUMN measure_tries INTEGER NOT NULL DEFAULT 0 CHECK (measure_tries >= 0);

-- +goose Down
ALTER TABLE videos DROP COLUMN measure_tries;
DROP TRIGGER video_rejected;
DROP TRIGGER video_forgotten;
DROP TABLE removals;
