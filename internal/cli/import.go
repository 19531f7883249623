package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"gensubtitle/db"
)

const (
	// importBatch is how many users come in at once where not all have to: few
	// enough that nobody else waits long to write.
	importBatch = 5000
	// importQueue is how many rows wait between the stages of an import.
	importQueue = 256
)

type userImport struct {
	folderSettings
	outputSettings
	File        string `arg:"" help:"CSV file; - for standard input."`
	SkipRefused bool   `help:"Import the rows that can be taken, a few thousand at a time, and tell which could not."`
}

// Help is the longer text of --help.
func (userImport) Help() string {
	return `The file is CSV with a first line that names the columns, in any order and with capital letters or without. Columns are separated by commas, semicolons or tabs; the text is UTF-8, UTF-16 or Windows-874. How it was read is told in one line.

  username                  needed; the rules are those of "user add"
  password                  8 to 128 characters
  password_hash             argon2id in the PHC form, $argon2id$v=19$m=…,t=…,p=…$salt$key, of at most 128 MiB of memory
  role                      user (when empty) or admin
  videos_count              videos used so far, 0 when empty
  total_duration            seconds used so far, 0 when empty
  disabled                  true or false (when empty)
  deleted                   true or false (when empty): the name stays taken, and what was used
  own_max_videos            limits of this user alone; the default when empty
  own_max_duration_minutes
  own_max_file_size_mb

The other columns of "session export --format=csv" may be there and are ignored, but for session_id, which has to fit the name. A hash has commas in it, so that it stands in quotes where commas separate the columns.

A user with neither password nor hash gets in once "user passwd" has set one. Hashing a plain password takes some 30 ms of a processor, hours for a million, so bring hashes. What was used becomes a correction in the ledger, and limits an entry of their own, with the reason "import".

All rows come in or none, unless told otherwise with --skip-refused. Each row that is refused is told with its line and the reason, and the exit status is then 1. The service may run meanwhile. While all rows come in at once it cannot write: not noticeable for ten thousand rows, several seconds for a million. With --skip-refused rows come in a few thousand at a time, between which it can.

Rows wait in the folder for temporary files (TMPDIR, or /var/tmp) until they come in. Where there is no database, one is made once it is known that rows come in.`
}

// importAnswer is what an import says of itself.
type importAnswer struct {
	Imported int64
	Refused  int64
	Blocked  float64 // the longest time for which nobody else could write, in seconds
}

// refusedBody is a refused row.
type refusedBody struct {
	Line     int64  `json:"line"`
	Username string `json:"username"`
	Reason   string `json:"reason"`
}

// Run reads the whole file, and lets its users in once it is known which can be.
// Where there is no database, one is made only then: rows wait and are checked
// beside an empty one that is thrown away.
func (c *userImport) Run(ctx context.Context, sh *Shell) (err error) {
	source, size, err := c.source(sh)
	if err != nil {
		return err
	}
	defer source.Close()
	rows, err := newUserRows(source)
	if err != nil {
		return err
	}
	bar := newProgress(sh.Err, "reading")
	defer bar.end()
	at := func(n int64) { bar.show(n, size) }
	if _, err := os.Stat(c.database()); !errors.Is(err, fs.ErrNotExist) {
		if err := c.exists(ctx); err != nil {
			return err
		}
		return c.importInto(ctx, c.folderSettings, func(d *db.DB, i *db.Import) error {
			if err := stage(ctx, i, rows, at, bar); err != nil {
				return err
			}
			return c.finish(ctx, sh, d, i, rows, bar)
		})
	}
	scratch, err := os.MkdirTemp("", "gensubtitle-import-")
	if err != nil {
		return fmt.Errorf("make room for the import: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	return c.importInto(ctx, folderSettings{DataDir: scratch}, func(d *db.DB, i *db.Import) error {
		if err := stage(ctx, i, rows, at, bar); err != nil {
			return err
		}
		waiting, refused, err := i.Counts(ctx)
		if err != nil {
			return err
		}
		if waiting == 0 || refused > 0 && !c.SkipRefused {
			return c.finish(ctx, sh, d, i, rows, bar)
		}
		if err := c.begin(ctx, sh); err != nil {
			return err
		}
		return c.importInto(ctx, c.folderSettings, func(d *db.DB, other *db.Import) error {
			if err := i.MoveTo(ctx, other); err != nil {
				return err
			}
			if err := other.Settle(ctx); err != nil {
				return err
			}
			return c.finish(ctx, sh, d, other, rows, bar)
		})
	})
}

// importInto has f work on an import into the database of a folder.
func (c *userImport) importInto(ctx context.Context, folder folderSettings, f func(*db.DB, *db.Import) error) (err error) {
	d, closer, err := folder.open(ctx, db.Limits{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer()) }()
	i, err := d.BeginImport(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, i.Close()) }()
	return f(d, i)
}

// stage has all rows wait that can be taken.
func stage(ctx context.Context, i *db.Import, rows *userRows, at func(int64), bar *progress) error {
	if err := read(ctx, i, rows, at); err != nil {
		return err
	}
	bar.say("sorting")
	return i.Settle(ctx)
}

// finish lets in who may come in, and tells of it.
func (c *userImport) finish(ctx context.Context, sh *Shell, d *db.DB, i *db.Import, rows *userRows, bar *progress) error {
	a, err := c.apply(ctx, i, bar)
	if err != nil {
		return err
	}
	bar.end()
	if _, err := fmt.Fprintln(sh.Err, rows.understood()); err != nil {
		return err
	}
	if err := c.tell(ctx, sh, i, a); err != nil {
		return err
	}
	if a.Imported > 0 {
		if err := wantAdmin(ctx, sh, d); err != nil {
			return err
		}
	}
	if a.Refused > 0 {
		return errReported
	}
	return nil
}

func (c *userImport) source(sh *Shell) (io.ReadCloser, int64, error) {
	if c.File == "-" {
		return io.NopCloser(sh.In), 0, nil
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, 0, fmt.Errorf("open the file: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("look at the file: %w", err), file.Close())
	}
	return file, info.Size(), nil
}

// apply lets the rows in that wait, where they may.
func (c *userImport) apply(ctx context.Context, i *db.Import, bar *progress) (importAnswer, error) {
	var a importAnswer
	waiting, refused, err := i.Counts(ctx)
	if err != nil || refused > 0 && !c.SkipRefused {
		a.Refused = refused
		return a, err
	}
	atOnce := int64(0)
	if c.SkipRefused {
		atOnce = importBatch
	}
	bar.say("importing")
	longest, err := i.Apply(ctx, actor(), "import", atOnce, func(done int64) {
		bar.what = "importing"
		bar.show(done, waiting)
	})
	if errors.Is(err, db.ErrUsernameTaken) {
		return a, errors.New("somebody took one of the names meanwhile; nobody was imported, run this again")
	}
	if err != nil {
		return a, err
	}
	a.Blocked = longest.Round(time.Millisecond).Seconds()
	a.Imported, a.Refused, err = i.Counts(ctx)
	return a, err
}

// read checks the rows on all processors, which hashing passwords needs, and
// has those wait that can be taken.
func read(ctx context.Context, i *db.Import, rows *userRows, at func(int64)) error {
	hasher, err := newHasher()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	raw, checked := make(chan userRow, importQueue), make(chan checkedRow, importQueue)
	group.Go(func() error {
		defer close(raw)
		return rows.each(func(r userRow) error { return send(ctx, raw, r) })
	})
	checkers, inner := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		checkers.Go(func() error {
			for r := range raw {
				row, err := r.check(inner, hasher)
				if err != nil {
					return err
				}
				if err := send(inner, checked, row); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(checked)
		return checkers.Wait()
	})
	group.Go(func() error {
		for row := range checked {
			at(row.offset)
			if err := row.stage(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

func send[T any](ctx context.Context, to chan<- T, item T) error {
	select {
	case to <- item:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell prints the refused rows and how it went.
func (c *userImport) tell(ctx context.Context, sh *Shell, i *db.Import, a importAnswer) error {
	if c.JSON {
		l, err := newList(sh.Out, "refused_rows")
		if err != nil {
			return err
		}
		for r, err := range i.Refused(ctx) {
			if err != nil {
				return err
			}
			if err := l.add(refusedBody{r.Line, r.Name, r.Reason}); err != nil {
				return err
			}
		}
		return l.close(fmt.Sprintf(`, "imported": %d, "refused": %d, "longest_transaction": %s`, a.Imported, a.Refused, plain(a.Blocked)))
	}
	for r, err := range i.Refused(ctx) {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(sh.Err, "line %d: %q: %s\n", r.Line, r.Name, r.Reason); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("Users imported: %d. Rows refused: %d.", a.Imported, a.Refused)
	if a.Refused > 0 && !c.SkipRefused {
		text = fmt.Sprintf("Nobody was imported. Rows refused: %d. --skip-refused imports the others.", a.Refused)
	}
	_, err := fmt.Fprintln(sh.Out, text)
	return err
}
