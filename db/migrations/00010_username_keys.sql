-- Thai spellings that look alike become one name (auth.UsernameKey).

-- +goose Up

-- The first rule whose text is in a key is applied, until there is none.
CREATE TABLE look_alikes (n INTEGER PRIMARY KEY, spelling TEXT NOT NULL, one TEXT NOT NULL);
INSERT INTO look_alikes VALUES
    (1, char(0x0E40, 0x0E40), char(0x0E41)),
    (2, char(0x0E48, 0x0E31), char(0x0E31, 0x0E48)),
    (3, char(0x0E48, 0x0E34), char(0x0E34, 0x0E48)),
    (4, char(0x0E48, 0x0E35), char(0x0E35, 0x0E48)),
    (5, char(0x0E48, 0x0E36), char(0x0E36, 0x0E48)),
    (6, char(0x0E48, 0x0E37), char(0x0E37, 0x0E48)),
    (7, char(0x0E48, 0x0E47), char(0x0E47, 0x0E48)),
    (8, char(0x0E48, 0x0E38), char(0x0E38, 0x0E48)),
    (9, char(0x0E48, 0x0E39), char(0x0E39, 0x0E48)),
    (10, char(0x0E49, 0x0E31), char(0x0E31, 0x0E49)),
    (11, char(0x0E49, 0x0E34), char(0x0E34, 0x0E49)),
    (12, char(0x0E49, 0x0E35), char(0x0E35, 0x0E49)),
    (13, char(0x0E49, 0x0E36), char(0x0E36, 0x0E49)),
    (14, char(0x0E49, 0x0E37), char(0x0E37, 0x0E49)),
    (15, char(0x0E49, 0x0E47), char(0x0E47, 0x0E49)),
    (16, char(0x0E49, 0x0E38), char(0x0E38, 0x0E49)),
    (17, char(0x0E49, 0x0E39), char(0x0E39, 0x0E49)),
    (18, char(0x0E4A, 0x0E31), char(0x0E31, 0x0E4A)),
    (19, char(0x0E4A, 0x0E34), char(0x0E34, 0x0E4A)),
    (20, char(0x0E4A, 0x0E35), char(0x0E35, 0x0E4A)),
    (21, char(0x0E4A, 0x0E36), char(0x0E36, 0x0E4A)),
    (22, char(0x0E4A, 0x0E37), char(0x0E37, 0x0E4A)),
    (23, char(0x0E4A, 0x0E47), char(0x0E47, 0x0E4A)),
    (24, char(0x0E4A, 0x0E38), char(0x0E38, 0x0E4A)),
    (25, char(0x0E4A, 0x0E39), char(0x0E39, 0x0E4A)),
    (26, char(0x0E4B, 0x0E31), char(0x0E31, 0x0E4B)),
    (27, char(0x0E4B, 0x0E34), char(0x0E34, 0x0E4B)),
    (28, char(0x0E4B, 0x0E35), char(0x0E35, 0x0E4B)),
    (29, char(0x0E4B, 0x0E36), char(0x0E36, 0x0E4B)),
    (30, char(0x0E4B, 0x0E37), char(0x0E37, 0x0E4B)),
    (31, char(0x0E4B, 0x0E47), char(0x0E47, 0x0E4B)),
    (32, char(0x0E4B, 0x0E38), char(0x0E38, 0x0E4B)),
    (33, char(0x0E4B, 0x0E39), char(0x0E39, 0x0E4B)),
    (34, char(0x0E4C, 0x0E31), char(0x0E31, 0x0E4C)),
    (35, char(0x0E4C, 0x0E34), char(0x0E34, 0x0E4C)),
    (36, char(0x0E4C, 0x0E35), char(0x0E35, 0x0E4C)),
    (37, char(0x0E4C, 0x0E36), char(0x0E36, 0x0E4C)),
    (38, char(0x0E4C, 0x0E37), char(0x0E37, 0x0E4C)),
    (39, char(0x0E4C, 0x0E47), char(0x0E47, 0x0E4C)),
    (40, char(0x0E4C, 0x0E38), char(0x0E38, 0x0E4C)),
    (41, char(0x0E4C, 0x0E39), char(0x0E39, 0x0E4C)),
    (42, char(0x0E4D, 0x0E48), char(0x0E48, 0x0E4D)),
    (43, char(0x0E4D, 0x0E32, 0x0E48), char(0x0E48, 0x0E4D, 0x0E32)),
    (44, char(0x0E32, 0x0E48, 0x0E4D), char(0x0E48, 0x0E4D, 0x0E32)),
    (45, char(0x0E4D, 0x0E49), char(0x0E49, 0x0E4D)),
    (46, char(0x0E4D, 0x0E32, 0x0E49), char(0x0E49, 0x0E4D, 0x0E32)),
    (47, char(0x0E32, 0x0E49, 0x0E4D), char(0x0E49, 0x0E4D, 0x0E32)),
    (48, char(0x0E4D, 0x0E4A), char(0x0E4A, 0x0E4D)),
    (49, char(0x0E4D, 0x0E32, 0x0E4A), char(0x0E4A, 0x0E4D, 0x0E32)),
    (50, char(0x0E32, 0x0E4A, 0x0E4D), char(0x0E4A, 0x0E4D, 0x0E32)),
    (51, char(0x0E4D, 0x0E4B), char(0x0E4B, 0x0E4D)),
    (52, char(0x0E4D, 0x0E32, 0x0E4B), char(0x0E4B, 0x0E4D, 0x0E32)),
    (53, char(0x0E32, 0x0E4B, 0x0E4D), char(0x0E4B, 0x0E4D, 0x0E32)),
    (54, char(0x0E32, 0x0E4D), char(0x0E4D, 0x0E32));

-- Every user whose key is another one by the rules. One whose new key is somebody
-- else's keeps the former one, and is found by it.
CREATE TABLE username_key_changes (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    former  TEXT NOT NULL,
    wanted  TEXT NOT NULL
);
INSERT INTO username_key_changes
    WITH RECURSIVE steps (id, username_key) AS (
        SELECT id, username_key FROM users WHERE length(username_key) < length(CAST(username_key AS BLOB))
        UNION ALL
        SELECT s.id, replace(s.username_key, l.spelling, l.one) FROM steps s JOIN look_alikes l
            ON l.n = (SELECT min(n) FROM look_alikes WHERE instr(s.username_key, spelling) > 0)
    )
    SELECT u.id, u.username_key, s.username_key FROM steps s JOIN users u ON u.id = s.id
    WHERE u.username_key <> s.username_key
      AND NOT EXISTS (SELECT 1 FROM look_alikes WHERE instr(s.username_key, spelling) > 0);
DROP TABLE look_alikes;

-- The first user who wants a key gets it, unless somebody has it already.
UPDATE users SET username_key = c.wanted FROM username_key_changes c
    WHERE c.user_id = users.id
      AND c.user_id = (SELECT min(user_id) FROM username_key_changes WHERE wanted = c.wanted)
      AND NOT EXISTS (SELECT 1 FROM users u WHERE u.username_key = c.wanted);

DELETE FROM username_endings WHERE user_id IN (SELECT user_id FROM username_key_changes);
INSERT INTO username_endings
    WITH RECURSIVE starts (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM starts WHERE n < (SELECT max(length(username_key)) FROM users))
    SELECT substr(u.username_key, n), u.id FROM users u JOIN starts ON n <= length(u.username_key)
    WHERE u.id IN (SELECT user_id FROM username_key_changes) ORDER BY 1, 2;

-- +goose Down
UPDATE users SET username_key = c.former FROM username_key_changes c WHERE c.user_id = users.id;
DELETE FROM username_endings WHERE user_id IN (SELECT user_id FROM username_key_changes);
INSERT INTO username_endings
    WITH RECURSIVE starts (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM starts WHERE n < (SELECT max(length(username_key)) FROM users))
    SELECT substr(u.username_key, n), u.id FROM users u JOIN starts ON n <= length(u.username_key)
    WHERE u.id IN (SELECT user_id FROM username_key_changes) ORDER BY 1, 2;
DROP TABLE username_key_changes;
