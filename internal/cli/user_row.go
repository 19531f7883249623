package cli

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/internal/auth"
)

const (
	// maxRowBytes bounds what one row may take of the memory: a quote that is
	// never closed would otherwise make a row of the whole file.
	maxRowBytes = 64 << 10
	// maxShown is how much of an invalid name is shown.
	maxShown = 64 // bytes

	columnUsername    = "username"
	columnPassword    = "password"
	columnHash        = "password_hash"
	columnRole        = "role"
	columnVideos      = "videos_count"
	columnDuration    = "total_duration"
	columnDisabled    = "disabled"
	columnDeleted     = "deleted"
	columnOwnVideos   = "own_max_videos"
	columnOwnMinutes  = "own_max_duration_minutes"
	columnOwnFileSize = "own_max_file_size_mb"
	columnSession     = "session_id"
)

// taken are the columns that users are made of, and ignored those that an
// export has beside them, as headings are compared.
var (
	taken = []string{
		columnUsername, columnPassword, columnHash, columnRole, columnVideos, columnDuration,
		columnDisabled, columnDeleted, columnOwnVideos, columnOwnMinutes, columnOwnFileSize,
	}
	ignored = []string{
		columnSession, "remaining_videos", "remaining_duration", "maxvideos", "maxdurationminutes", "maxfilesizemb",
		"created_at", "updated_at", "last_upload_at",
	}
)

var errRowTooLong = fmt.Errorf("a row is longer than %d KB; is a quote not closed?", maxRowBytes>>10)

// userRows reads users from CSV, a row at a time.
type userRows struct {
	csv     *csv.Reader
	bounded *boundedReader
	columns map[string]int
	text    *csvText
	skipped int64    // lines before the headings
	split   string   // what separates the columns
	used    []string // headings as they are written
	unused  []string
}

// userRow is a row of the file as it was read, or why it could not be.
type userRow struct {
	line    int64
	offset  int64 // of the file, after the row
	columns map[string]int
	comma   bool // may stand for the decimal point
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

// newUserRows reads the headings.
func newUserRows(from io.Reader) (*userRows, error) {
	text, err := newCSVText(from)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewReaderSize(text, maxRowBytes)
	mark, split, skipped, err := findSeparator(buffered)
	if err != nil {
		return nil, err
	}
	bounded := &boundedReader{from: buffered, most: maxRowBytes}
	rows := &userRows{
		csv: csv.NewReader(bounded), bounded: bounded, columns: map[string]int{},
		text: text, skipped: skipped, split: split,
	}
	rows.csv.Comma = mark
	header, err := rows.csv.Read()
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty: its first line names the columns")
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("line %d: invalid CSV: %w", rows.lineOf(syntax.StartLine), syntax.Err)
	case err != nil:
		return nil, err
	}
	for i, heading := range header {
		if err := rows.name(i, strings.TrimSpace(heading)); err != nil {
			return nil, fmt.Errorf("line %d: %w", rows.lineOf(1), err)
		}
	}
	if _, ok := rows.columns[columnUsername]; !ok {
		return nil, fmt.Errorf("line %d: the column username is missing", rows.lineOf(1))
	}
	return rows, nil
}

// name takes note of what a column holds. Spreadsheets leave empty columns.
func (u *userRows) name(i int, heading string) error {
	column := strings.ToLower(heading)
	if column == "" {
		return nil
	}
	if _, twice := u.columns[column]; twice {
		return fmt.Errorf("the column %s comes twice", column)
	}
	switch {
	case slices.Contains(taken, column):
		u.used = append(u.used, heading)
	case slices.Contains(ignored, column):
		u.unused = append(u.unused, heading)
	default:
		return fmt.Errorf("there is no column %q in what was read as %s with %s; see --help",
			strings.ToValidUTF8(heading[:min(len(heading), maxShown)], "?"), u.text.encoding, u.split)
	}
	u.columns[column] = i
	return nil
}

// understood says in one line how the file was read.
func (u *userRows) understood() string {
	line := fmt.Sprintf("Read as %s, separated by %s. Columns: %s.", u.text.encoding, u.split, strings.Join(u.used, ", "))
	if len(u.unused) > 0 {
		line += " Ignored: " + strings.Join(u.unused, ", ") + "."
	}
	return line
}

// lineOf is a line of the file by its number in what the CSV reader reads.
func (u *userRows) lineOf(line int) int64 { return int64(line) + u.skipped }

// each goes through the rows. Spreadsheets leave empty ones.
func (u *userRows) each(f func(userRow) error) error {
	for {
		u.bounded.most = u.csv.InputOffset() + maxRowBytes
		cells, err := u.csv.Read()
		row := userRow{offset: u.csv.InputOffset(), columns: u.columns, comma: u.csv.Comma == ';', cells: cells}
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &syntax):
			row.line, row.refused = u.lineOf(syntax.StartLine), "invalid CSV: "+syntax.Err.Error()
			if errors.Is(err, csv.ErrFieldCount) {
				row.refused = fmt.Sprintf("columns: %d instead of %d", len(cells), u.csv.FieldsPerRecord)
			} else {
				row.cells = nil
			}
		case err != nil:
			return fmt.Errorf("read the file: %w", err)
		default:
			line, _ := u.csv.FieldPos(0)
			row.line = u.lineOf(line)
		}
		if err == nil && !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
			continue
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

// fact is a cell without the blanks around it.
func (r userRow) fact(column string) string { return strings.TrimSpace(r.cell(column)) }

// check makes a user of the row. An error is not the row's.
func (r userRow) check(ctx context.Context, hasher *auth.Hasher) (checkedRow, error) {
	given := r.fact(columnUsername)
	if len(given) > 1 && strings.HasPrefix(given, textSign) && strings.ContainsRune(formulaSigns, rune(given[1])) {
		given = strings.TrimPrefix(given, textSign)
	}
	checked := checkedRow{offset: r.offset, refused: r.refused, user: db.ImportedUser{
		Line: r.line, Name: strings.ToValidUTF8(given[:min(len(given), maxShown)], "?"),
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
	if session := r.fact(columnSession); session != "" && session != name.SessionID() {
		checked.refused = fmt.Sprintf("the session_id is not %s; has a spreadsheet changed the name?", name.SessionID())
		return checked, nil
	}
	if checked.refused = r.figures(&checked.user); checked.refused != "" {
		return checked, nil
	}
	checked.user.PasswordHash, checked.refused, err = r.hash(ctx, hasher)
	return checked, err
}

// figures reads the role and what was used, and returns what is wrong with them.
func (r userRow) figures(u *db.ImportedUser) (refused string) {
	u.Role = db.Role(r.fact(columnRole))
	switch u.Role {
	case "":
		u.Role = db.RoleUser
	case db.RoleUser, db.RoleAdmin:
	default:
		return "the role is neither user nor admin"
	}
	var ok bool
	if u.Disabled, ok = truth(r.fact(columnDisabled)); !ok {
		return "disabled is neither true nor false"
	}
	if u.Deleted, ok = truth(r.fact(columnDeleted)); !ok {
		return "deleted is neither true nor false"
	}
	if u.Usage, refused = r.usage(); refused != "" {
		return refused
	}
	u.Own, refused = r.limits()
	return refused
}

// usage reads what the user has used, and returns what is wrong with it.
func (r userRow) usage() (db.Usage, string) {
	var usage db.Usage
	if n := r.amount(columnVideos); n != nil {
		if !(*n <= api.MostVideos) || *n != math.Trunc(*n) {
			return usage, fmt.Sprintf("%s is no whole number between 0 and %.0f", columnVideos, api.MostVideos)
		}
		usage.Videos = int64(*n)
	}
	if n := r.amount(columnDuration); n != nil {
		if !(*n <= api.MostMinutes*60) {
			return usage, fmt.Sprintf("%s is no number of seconds between 0 and %.0f", columnDuration, api.MostMinutes*60)
		}
		usage.Duration = time.Duration(math.Round(*n*1000)) * time.Millisecond
	}
	return usage, ""
}

// limits reads the user's own limits, and returns what is wrong with them.
func (r userRow) limits() (db.OwnLimits, string) {
	var limits api.OwnLimits
	for _, l := range []struct {
		column string
		limit  **float64
	}{
		{columnOwnVideos, &limits.MaxVideos},
		{columnOwnMinutes, &limits.MaxDurationMinutes},
		{columnOwnFileSize, &limits.MaxFileSizeMB},
	} {
		*l.limit = r.amount(l.column)
	}
	own, wrong := limits.Parse()
	if len(wrong) > 0 {
		columns := map[string]string{"maxVideos": columnOwnVideos, "maxDurationMinutes": columnOwnMinutes, "maxFileSizeMB": columnOwnFileSize}
		return own, fmt.Sprintf("%s is %v", columns[wrong[0].Field], wrong[0])
	}
	return own, ""
}

// amount is a plain decimal number, nil where there is none and NaN where there is
// something else.
func (r userRow) amount(column string) *float64 {
	text := r.fact(column)
	if text == "" {
		return nil
	}
	if r.comma { // Spreadsheets write semicolons where the comma is the decimal point.
		text = strings.Replace(text, ",", ".", 1)
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789.") != "" { // ParseFloat takes more.
		n = math.NaN()
	}
	return &n
}

// truth reads what a spreadsheet makes of true and false.
func truth(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "1":
		return true, true
	case "", "false", "0":
		return false, true
	}
	return false, false
}

// hash returns the hash of the row, or of its password, or what is wrong.
func (r userRow) hash(ctx context.Context, hasher *auth.Hasher) (hash, refused string, err error) {
	password, hash := r.cell(columnPassword), r.fact(columnHash)
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
