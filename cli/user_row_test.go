package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
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
		{"wrong columns", "username,role\na\nb,user,x\nc,user\n", []string{"2 a! has 1 columns, not 2", "3 b! has 3 columns, not 2", "4 c: user 0 0s"}},
		{"a stray quote", "username\na\"b\nc\n", []string{"2 ! is no CSV", "3 c: user 0 0s"}},
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
		"another encoding":   "\xff\xfeu\x00s\x00",
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
