-- +goose Up

-- Upload-Metadata of a resumable upload as it was sent, also once it is complete.
ALTER TABLE videos ADD COLUMN metadata TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE videos DROP COLUMN metadata;
