package cli

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

const sampleHash = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b+dWRWJTmaaJObGRdescudvJCs"

// TestUserRows reads files row by row: "line name: figures" or "line name! reason".
func TestUserRows(t *testing.T) {
	hasher, err := newHasher()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what, file string
		want       []string
	}{
		{"names alone", "username\na\nสมชาย\n", []string{"2 a: user 0 0s", "3 สมชาย: user 0 0s"}},
		{"a mark, CRLF, quotes, an empty line", "\ufeffusername,role\r\n\"a\",admin\r\n\r\nb,\"user\"\r\n", []string{"2 a: admin 0 0s", "4 b: user 0 0s"}},
		{"no line end", "username,videos_count,total_duration\na,3,450.5", []string{"2 a: user 3 7m30.5s"}},
		{"another order", "total_duration,username\n0.0004,a\n.0005,b\n", []string{"2 a: user 0 0s", "3 b: user 0 1ms"}},
		{"a hash", "username,password_hash\na,\"" + sampleHash + "\"\n", []string{"2 a: user 0 0s hashed"}},
		{"a password", "username,password,password_hash\na,a long password,\n", []string{"2 a: user 0 0s hashed"}},
		{"bad names", "username\na b\n" + strings.Repeat("x", 33) + "\nк\n", []string{
			"2 a b! username is not", "3 " + strings.Repeat("x", 33) + "! username is not", "4 к! username is not",
		}},
		{"bad roles", "username,role\na,root\nb,Admin\n", []string{"2 a! the role", "3 b! the role"}},
		{"bad numbers", "username,videos_count,total_duration\na,-1,\nb,1.5,\nc,1e3,\nd,0x1,\ne,,-1\nf,,NaN\ng,,Inf\nh,1000000001,\ni,,6000000001\n", []string{
			"2 a! videos_count", "3 b! videos_count", "4 c! videos_count", "5 d! videos_count",
			"6 e! total_duration", "7 f! total_duration", "8 g! total_duration", "9 h! videos_count", "10 i! total_duration",
		}},
		{"bad passwords", "username,password,password_hash\na,short,\nb," + strings.Repeat("x", 129) + ",\nc,a long password,$x\nd,,$2a$10$abc\n", []string{
			"2 a! a password needs", "3 b! a password needs", "4 c! has a password and a hash", "5 d! password hash cannot be used",
		}},
		{"wrong columns", "username,role\na\nb,user,x\nc,user\n", []string{"2 a! columns: 1 instead of 2", "3 b! columns: 3 instead of 2", "4 c: user 0 0s"}},
		{"a stray quote", "username\na\"b\nc\n", []string{"2 ! invalid CSV", "3 c: user 0 0s"}},
	} {
		t.Run(test.what, func(t *testing.T) {
			rows, err := newUserRows(strings.NewReader(test.file))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			err = rows.each(func(r userRow) error {
				c, err := r.check(t.Context(), hasher)
				line := fmt.Sprintf("%d %s: %s %d %s", c.user.Line, c.user.Name, c.user.Role, c.user.Usage.Videos, c.user.Usage.Duration)
				if c.refused != "" {
					line = fmt.Sprintf("%d %s! %s", c.user.Line, c.user.Name, c.refused)
				} else if c.user.PasswordHash != "" {
					line += " hashed"
				}
				got = append(got, line)
				return err
			})
			if err != nil || !slices.EqualFunc(got, test.want, strings.HasPrefix) {
				t.Errorf("got %v\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestUserRowsRefuseAFile(t *testing.T) {
	for what, file := range map[string]string{
		"nothing":            "",
		"no name":            "role\nuser\n",
		"an unknown column":  "username,pasword\n",
		"a column twice":     "username,username\n",
		"half an encoding":   "\xff\xfeu\x00s\x00",
		"a workbook":         "PK\x03\x04\x14\x00\x06\x00",
		"an old workbook":    "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
		"another separator":  "username|role\n",
		"one that is told":   "sep=|\nusername|role\n",
		"a heading alone":    "sep=;",
		"a column again":     "username;Username\n",
		"Latin-1 headings":   "username,r\xf4le\n",
		"an endless heading": `"` + strings.Repeat("x", 1<<20),
	} {
		if _, err := newUserRows(strings.NewReader(file)); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

// TestEndlessRow has a quote that is never closed: the file is given up before
// much of it is in memory.
func TestEndlessRow(t *testing.T) {
	file := strings.NewReader("username\na\n\"" + strings.Repeat("x", 10<<20))
	rows, err := newUserRows(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := rows.each(func(userRow) error { return nil }); !errors.Is(err, errRowTooLong) {
		t.Errorf("got %v", err)
	}
	if read := 10<<20 - file.Len(); read > 2*maxRowBytes {
		t.Errorf("%d bytes were read", read)
	}
}

// readings are the rows of a file as "line name: figures", or why there are none.
func readings(t *testing.T, from io.Reader) (rows *userRows, got []string, err error) {
	t.Helper()
	hasher, err := newHasher()
	if err != nil {
		t.Fatal(err)
	}
	if rows, err = newUserRows(from); err != nil {
		return nil, nil, err
	}
	err = rows.each(func(r userRow) error {
		c, err := r.check(t.Context(), hasher)
		line := fmt.Sprintf("%d %s: %d %s", c.user.Line, c.user.Name, c.user.Usage.Videos, c.user.Usage.Duration)
		if c.refused != "" {
			line = fmt.Sprintf("%d %s! %s", c.user.Line, c.user.Name, c.refused)
		}
		got = append(got, line)
		return err
	})
	return rows, got, err
}

// TestUserRowsOfSpreadsheets reads one list as spreadsheets write it.
func TestUserRowsOfSpreadsheets(t *testing.T) {
	utf16 := func(order unicode.Endianness, mark unicode.BOMPolicy) encoding.Encoding {
		return unicode.UTF16(order, mark)
	}
	for what, test := range map[string]struct {
		encoding  encoding.Encoding // nil for UTF-8
		head      string
		separator string
		point     string
		says      string
	}{
		"UTF-8":                {nil, "", ",", ".", "Read as UTF-8, separated by commas."},
		"a mark":               {nil, "\ufeff", ",", ".", "Read as UTF-8, separated by commas."},
		"semicolons":           {nil, "", ";", ",", "Read as UTF-8, separated by semicolons."},
		"semicolons and point": {nil, "\ufeff", ";", ".", "Read as UTF-8, separated by semicolons."},
		"tabs":                 {nil, "", "\t", ".", "Read as UTF-8, separated by tabs."},
		"told":                 {nil, "sep=;\r\n", ";", ",", "Read as UTF-8, separated by semicolons."},
		"told with a mark":     {nil, "\ufeffSEP=,\r\n", ",", ".", "Read as UTF-8, separated by commas."},
		"UTF-16":               {utf16(unicode.LittleEndian, unicode.UseBOM), "", "\t", ".", "Read as UTF-16, separated by tabs."},
		"UTF-16 of a Mac":      {utf16(unicode.BigEndian, unicode.UseBOM), "", "\t", ".", "Read as UTF-16, separated by tabs."},
		"UTF-16 without mark":  {utf16(unicode.LittleEndian, unicode.IgnoreBOM), "", ";", ",", "Read as UTF-16, separated by semicolons."},
		"big, without mark":    {utf16(unicode.BigEndian, unicode.IgnoreBOM), "", ",", ".", "Read as UTF-16, separated by commas."},
		"Windows-874":          {charmap.Windows874, "", ",", ".", "Read as Windows-874, separated by commas."},
		"Windows-874, told":    {charmap.Windows874, "sep=;\r\n", ";", ",", "Read as Windows-874, separated by semicolons."},
	} {
		// Far from the beginning, so that no window shows it together with the headings.
		first, filler := 2+strings.Count(test.head, "\n"), 5000
		lines := []string{" Username ~TOTAL_Duration~\tSession_ID ~videos_Count~"}
		if test.separator == "\t" {
			lines[0] = strings.ReplaceAll(lines[0], "\t", " ")
		}
		want := []string{}
		for i := range filler {
			lines = append(lines, fmt.Sprintf("u%d~0~user_u%d~%d~", i, i, i))
			want = append(want, fmt.Sprintf("%d u%d: %d 0s", first+i, i, i))
		}
		lines = append(lines, "สมชาย~450!123~user_สมชาย~3~", "~~~~", " มะลิ ~~~~", "\"'-1\"~0!001~user_-1~1~", "007~~user_7~~", "")
		want = append(want, fmt.Sprintf("%d สมชาย: 3 7m30.123s", first+filler), fmt.Sprintf("%d มะลิ: 0 0s", first+filler+2),
			fmt.Sprintf("%d -1: 1 1ms", first+filler+3), fmt.Sprintf("%d 007! the session_id is not user_007; has a spreadsheet changed the name?", first+filler+4))
		text := test.head + strings.NewReplacer("~", test.separator, "!", test.point).Replace(strings.Join(lines, "\r\n"))
		if test.encoding != nil {
			encoded, err := test.encoding.NewEncoder().String(text)
			if err != nil {
				t.Fatal(err)
			}
			text = encoded
		}
		for how, reader := range map[string]io.Reader{"at once": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text))} {
			t.Run(what+", "+how, func(t *testing.T) {
				rows, got, err := readings(t, reader)
				if err != nil || !slices.Equal(got, want) {
					t.Fatalf("got %v\n%s\nwant\n%s", err, strings.Join(got[max(0, len(got)-6):], "\n"), strings.Join(want[len(want)-6:], "\n"))
				}
				if says := test.says + " Columns: Username, TOTAL_Duration, videos_Count. Ignored: Session_ID."; rows.understood() != says {
					t.Errorf("it says %q, want %q", rows.understood(), says)
				}
			})
		}
	}
}

// TestUserRowsNameWhatTheyCannotRead has files that are wrong from some line on.
func TestUserRowsNameWhatTheyCannotRead(t *testing.T) {
	for what, test := range map[string]struct{ file, want string }{
		"Latin-1":          {"username\na\nb\nren\xe9e\n", "line 4: the text is neither UTF-8"},
		"a broken letter":  {"username\nมะลิ\nb\xe0\xb8\nc\n", "[2 มะลิ: 0 0s 3 b?! username is not"},
		"an unknown one":   {"sep=;\nusername;pasword\n", `line 2: there is no column "pasword" in what was read as UTF-8 with semicolons`},
		"decimal comma":    {"username,total_duration\na,\"1,5\"\n", "[2 a! total_duration is no number"},
		"two commas":       {"username;total_duration\na;1,234,5\n", "[2 a! total_duration is no number"},
		"disabled":         {"username,disabled\na,maybe\n", "[2 a! disabled is neither"},
		"own limits":       {"username,own_max_videos\na,1.5\nb,-1\n", "[2 a! own_max_videos is no whole number between 0 and 1000000000 3 b! own_max_videos"},
		"own minutes":      {"username,own_max_duration_minutes\na,x\n", "[2 a! own_max_duration_minutes is no number"},
		"own size":         {"username,own_max_file_size_mb\na,1e3\n", "[2 a! own_max_file_size_mb is no number"},
		"a hash unquoted":  {"username,password_hash\na," + sampleHash + "\n", "[2 a! columns: 4 instead of 2"},
		"a hash in a list": {"username;password_hash\na;" + sampleHash + "\n", "[2 a: 0 0s]"},
		"no other names":   {"username\n'a\n''-1\n=1\n+1\n", "[2 'a! username is not 1 to 32"},
	} {
		_, got, err := readings(t, strings.NewReader(test.file))
		said := fmt.Sprint(got)
		if err != nil {
			said = err.Error()
		}
		if !strings.HasPrefix(said, test.want) {
			t.Errorf("%s: %s, want %s", what, said, test.want)
		}
	}
}

// TestCSVText reads any bytes in pieces of any size as it does at once.
func TestCSVText(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var text strings.Builder
		for range random.IntN(60) {
			text.WriteString([]string{"a", ",", "\n", "ก", "\xa1\xa2", "\xe0\xb8", "😀", "\"", "\x00", "é", "\xff"}[random.IntN(11)])
		}
		read := func(from io.Reader, buffer []byte) string {
			decoded, err := newCSVText(from)
			if err != nil {
				return err.Error()
			}
			var all []byte
			for {
				n, err := decoded.Read(buffer)
				all = append(all, buffer[:n]...)
				if err != nil {
					return string(all) + "|" + err.Error()
				}
			}
		}
		want := read(strings.NewReader(text.String()), make([]byte, 4096))
		got := read(iotest.HalfReader(strings.NewReader(text.String())), make([]byte, 1+random.IntN(6)))
		if got != want {
			t.Fatalf("%q is %q, in pieces %q", text.String(), want, got)
		}
	}
}
