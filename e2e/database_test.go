package e2e

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	_ "github.com/mattn/go-sqlite3" // What another program would open the database with.
)

// database opens the server's database as another program does.
func (s *server) database() *sql.DB {
	s.t.Helper()
	return openDatabase(s.t, filepath.Join(s.dir, "gensubtitle.db"))
}

func openDatabase(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// execer is a database or one connection to it.
type execer interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
}

// alter changes the database while the server runs.
func alter(t *testing.T, db execer, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// rows counts what a table holds, uploads under way included.
func rows(t *testing.T, db *sql.DB, table string) int {
	t.Helper()
	n := 0
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
