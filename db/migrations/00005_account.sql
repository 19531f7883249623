-- +goose Up

-- Where users are signed in: the login sessions of browsers and the tokens that
-- a login gave to scripts. A row is for the user to see and to end it; whether a
-- sign-in is good is decided by the credentials' version and the revocations.
CREATE TABLE sign_ins (
    -- What a revocation names.
    id                  TEXT    PRIMARY KEY,
    user_id             INTEGER NOT NULL REFERENCES users (id),
    credentials_version INTEGER NOT NULL,
    kind                TEXT    NOT NULL CHECK (kind IN ('browser', 'token')),
    user_agent          TEXT    NOT NULL,
    address             TEXT    NOT NULL,
    created_at          INTEGER NOT NULL,
    last_seen_at        INTEGER NOT NULL,
    expires_at          INTEGER NOT NULL
);
CREATE INDEX sign_ins_of_user ON sign_ins (user_id, last_seen_at);

-- Personal tokens. They are dead when the version is not the user's any more.
CREATE TABLE api_tokens (
    id                  TEXT    PRIMARY KEY,
    user_id             INTEGER NOT NULL REFERENCES users (id),
    credentials_version INTEGER NOT NULL,
    name                TEXT    NOT NULL,
    -- SHA-256 of the token, which is random.
    hash                TEXT    NOT NULL UNIQUE,
    scope               TEXT    NOT NULL CHECK (scope IN ('read', 'upload', 'admin')),
    created_at          INTEGER NOT NULL,
    expires_at          INTEGER NOT NULL,
    last_used_at        INTEGER
);
CREATE INDEX api_tokens_of_user ON api_tokens (user_id, created_at);

-- +goose Down
DROP TABLE api_tokens;
DROP TABLE sign_ins;
