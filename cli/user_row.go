package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"gensubtitle/auth"
	"gensubtitle/db"
)

const (
	// maxRowBytes bounds what one row may take of the memory: a quote that is
	// never closed would otherwise make a row of the whole file.
	maxRowBytes = 64 << 10
	// maxTold is how much of a name that is none is told.
	maxTold = 64 // bytes

	columnUsername = "username"
	columnPassword = "password"
	columnHash     = "password_hash"
	columnRole     = "role"
	columnVideos   = "videos_count"
	columnDuration = "total_duration"
)

var errRowTooLong = fmt.Errorf("a row is longer than %d KB; is a quote not closed?", maxRowBytes>>10)

// userRows reads users from CSV, a row at a time.
type userRows struct {
	csv     *csv.Reader
	bounded *boundedReader
	columns map[string]int
}

// userRow is a row of the file as it was read, or why it could not be.
type userRow struct {
	line    int64
	offset  int64 // of the file, after the row
	columns map[string]int
	cells   []string
	refused string
}

// checkedRow is a user, or a row that is refused.
type checkedRow struct {
	user    db.ImportedUser
	refused string
	offset  int64
}

// boundedReader fails when more is read than the row may have.
type boundedReader struct {
	from   io.Reader
	passed int64
	most   int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.passed > b.most {
		return 0, errRowTooLong
	}
	n, err := b.from.Read(p)
	b.passed += int64(n)
	return n, err
}

// newUserRows reads the header.
func newUserRows(from io.Reader) (*userRows, error) {
	buffered := bufio.NewReader(from)
	if mark, err := buffered.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		if _, err := buffered.Discard(len(mark)); err != nil {
			return nil, fmt.Errorf("read the file: %w", err)
		}
	}
	bounded := &boundedReader{from: buffered, most: maxRowBytes}
	rows := &userRows{csv: csv.NewReader(bounded), bounded: bounded, columns: map[string]int{}}
	header, err := rows.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: its first line names the columns")
	}
	if err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	for i, name := range header {
		switch name {
		case columnUsername, columnPassword, columnHash, columnRole, columnVideos, columnDuration:
		default:
			return nil, fmt.Errorf("line 1: there is no column %q; see --help", name[:min(len(name), maxTold)])
		}
		if _, twice := rows.columns[name]; twice {
			return nil, fmt.Errorf("line 1: the column %s comes twice", name)
		}
		rows.columns[name] = i
	}
	if _, ok := rows.columns[columnUsername]; !ok {
		return nil, errors.New("line 1: the column username is missing")
	}
	return rows, nil
}

// each goes through the rows.
func (u *userRows) each(f func(userRow) error) error {
	for {
		u.bounded.most = u.csv.InputOffset() + maxRowBytes
		cells, err := u.csv.Read()
		row := userRow{offset: u.csv.InputOffset(), columns: u.columns, cells: cells}
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &syntax):
			row.line, row.refused = int64(syntax.StartLine), "is no CSV: "+syntax.Err.Error()
			if errors.Is(err, csv.ErrFieldCount) {
				row.refused = fmt.Sprintf("has %d columns, not %d", len(cells), len(u.columns))
			} else {
				row.cells = nil
			}
		case err != nil:
			return fmt.Errorf("read the file: %w", err)
		default:
			line, _ := u.csv.FieldPos(0)
			row.line = int64(line)
		}
		if err := f(row); err != nil {
			return err
		}
	}
}

// cell is empty where there is no such column.
func (r userRow) cell(column string) string {
	i, ok := r.columns[column]
	if !ok || i >= len(r.cells) {
		return ""
	}
	return r.cells[i]
}

// check makes a user of the row. An error is not the row's.
func (r userRow) check(ctx context.Context, hasher *auth.Hasher) (checkedRow, error) {
	given := r.cell(columnUsername)
	checked := checkedRow{offset: r.offset, refused: r.refused, user: db.ImportedUser{
		Line: r.line, Name: strings.ToValidUTF8(given[:min(len(given), maxTold)], "?"),
	}}
	if checked.refused != "" {
		return checked, nil
	}
	name, err := auth.NewUsername(given)
	if err != nil {
		checked.refused = err.Error()
		return checked, nil
	}
	checked.user.Name, checked.user.Key = name.Name, name.Key
	if checked.refused = r.figures(&checked.user); checked.refused != "" {
		return checked, nil
	}
	checked.user.PasswordHash, checked.refused, err = r.hash(ctx, hasher)
	return checked, err
}

// figures reads the role and what was used, and returns what is wrong with them.
func (r userRow) figures(u *db.ImportedUser) string {
	u.Role = db.Role(r.cell(columnRole))
	switch u.Role {
	case "":
		u.Role = db.RoleUser
	case db.RoleUser, db.RoleAdmin:
	default:
		return "the role is neither user nor admin"
	}
	videos, ok := amount(r.cell(columnVideos), mostVideos)
	if !ok || videos != math.Trunc(videos) {
		return "videos_count is no whole number between 0 and 1000000000"
	}
	duration, ok := amount(r.cell(columnDuration), mostMinutes*60)
	if !ok {
		return "total_duration is no number of seconds between 0 and 6000000000"
	}
	u.Usage = db.Usage{Videos: int64(videos), Duration: time.Duration(math.Round(duration*1000)) * time.Millisecond}
	return ""
}

// amount is a plain decimal number, 0 where there is none.
func amount(text string, most float64) (float64, bool) {
	if text == "" {
		return 0, true
	}
	if strings.Trim(text, "0123456789.") != "" { // ParseFloat takes more.
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && n <= most
}

// hash returns the hash of the row, or of its password, or what is wrong.
func (r userRow) hash(ctx context.Context, hasher *auth.Hasher) (hash, refused string, err error) {
	password, hash := r.cell(columnPassword), r.cell(columnHash)
	switch {
	case password != "" && hash != "":
		return "", "has a password and a hash", nil
	case hash != "":
		if err := auth.CheckHash(hash); err != nil {
			return "", err.Error(), nil
		}
		return hash, "", nil
	case password == "":
		return "", "", nil
	}
	if err := auth.CheckPassword(password); err != nil {
		return "", words(err), nil
	}
	hash, err = hasher.Hash(ctx, password)
	return hash, "", err
}

// stage has the user wait, or notes why not.
func (r checkedRow) stage(ctx context.Context, i *db.Import) error {
	if r.refused != "" {
		return i.Refuse(ctx, db.RefusedUser{Line: r.user.Line, Name: r.user.Name, Reason: r.refused})
	}
	return i.Add(ctx, r.user)
}
