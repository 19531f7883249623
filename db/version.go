package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// ErrNewer refuses a database with a schema that this program does not know.
var ErrNewer = errors.New("made by a newer version of the program")

// CheckVersion returns ErrNewer where a newer program has made the database. It
// changes nothing: not the database, nor its log, nor the folder. A database
// that is not there yet is fine.
func CheckVersion(ctx context.Context, path string) error {
	if err := checkVersion(ctx, path); err != nil {
		return fmt.Errorf("open database %s: %w", path, err)
	}
	return nil
}

func checkVersion(ctx context.Context, path string) (err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	conn, err := openOne(ctx, dsn(path, untouched(path)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return classify(conn.checkVersion(ctx))
}

// untouched are the options that open a database and leave no trace. What is in
// a log counts; without a log the file is whole, and nobody has it open. A log
// that has lost its index gets one, which SQLite makes anew at every start.
func untouched(path string) string {
	log, err := os.Stat(path + "-wal")
	if err != nil || log.Size() == 0 {
		return "mode=ro&immutable=1"
	}
	if _, err := os.Stat(path + "-shm"); err != nil {
		return "mode=ro"
	}
	return "mode=ro&readonly_shm=1"
}

// checkVersion is CheckVersion on an open connection.
func (c *oneConn) checkVersion(ctx context.Context) error {
	var migrated bool
	err := c.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'goose_db_version')").Scan(&migrated)
	if err != nil || !migrated {
		return err
	}
	var version int64
	if err := c.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version); err != nil {
		return err
	}
	known, err := schemaVersion()
	if err == nil && version > known {
		err = fmt.Errorf("%w (schema %d, this one knows %d)", ErrNewer, version, known)
	}
	return err
}

// schemaVersion is the number of the last migration.
func schemaVersion() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(names[len(names)-1], "migrations/"), "_")
	return strconv.ParseInt(number, 10, 64)
}
