package auth

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxUsernameLength is the most characters (Unicode code points) in a username.
const MaxUsernameLength = 32

// ErrUsername says that a text cannot be a username, because of its length or
// because of a character in it.
var ErrUsername = errors.New("username is not 1 to 32 ASCII or Thai letters, digits and marks, '.', '_' or '-', or consists of dots only")

// Username is a name that has been found valid by ParseUsername.
type Username struct {
	// Name is what people see, in NFC, with its upper and lower case kept.
	Name string
	// Key is what names are compared by, see UsernameKey. Two names with one key
	// are the same name.
	Key string
	// Former is the key without the rules for Thai look-alikes, which came later.
	// A user whose name became another's by them still has it.
	Former string
}

// NewUsername is ParseUsername for a name that is to be given to somebody. It
// also refuses dots alone, which browsers and proxies take out of a path.
func NewUsername(s string) (Username, error) {
	if strings.Trim(s, ".") == "" {
		return Username{}, ErrUsername
	}
	return ParseUsername(s)
}

// ParseUsername checks a username as it was typed. It returns ErrUsername for
// anything but 1 to MaxUsernameLength characters out of ASCII letters and
// digits, Thai letters, digits and marks, '.', '_' and '-'.
//
// A valid name can still be ".." or begin with a mark, so it must never become
// part of a path on disk.
//
// The PRECIS profiles of x/text (RFC 8265) are not used: their identifier class
// refuses U+0E33 THAI CHARACTER SARA AM, since it has a compatibility
// decomposition, and with it everyday names; and they let in the look-alike
// letters of every other script.
func ParseUsername(s string) (Username, error) {
	// The characters are checked as they came. Normalising first would turn a
	// KELVIN SIGN or a full-width letter into an innocent ASCII one. Invalid
	// UTF-8 arrives here as U+FFFD, which is not allowed either. In this alphabet
	// NFC changes the order of marks but never their number, so the count holds for
	// Name too.
	length := 0
	for _, r := range s {
		length++
		if length > MaxUsernameLength || !allowedInUsername(r) {
			return Username{}, ErrUsername
		}
	}
	if length == 0 {
		return Username{}, ErrUsername
	}
	former := compatibilityKey(s)
	return Username{Name: normalize(norm.NFC, orderMarks(s)), Key: foldThai(former), Former: former}, nil
}

// UsernameKey is what a username, or a part of one, is compared by: NFKC in lower
// case, with Thai look-alikes made one. It can be longer than the name, because
// NFKC takes SARA AM apart, and so it is not always a valid username itself.
func UsernameKey(s string) string { return foldThai(compatibilityKey(s)) }

func compatibilityKey(s string) string {
	return strings.ToLower(normalize(norm.NFKC, orderMarks(s)))
}

// SessionID names the quota session of the user with this name.
func (u Username) SessionID() string {
	return "user_" + u.Name
}

func allowedInUsername(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	case r == '.', r == '_', r == '-':
		return true
	default:
		return unicode.Is(unicode.Thai, r) && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r))
	}
}

// normalize brings a text whose marks are in order into the given form. The
// library breaks up more than 30 marks in a row with the invisible U+034F (UAX
// #15, "Stream-Safe Text Format"), which has no place in a name.
func normalize(form norm.Form, s string) string {
	return strings.ReplaceAll(form.String(s), "\u034f", "")
}

// orderMarks sorts each run of marks by combining class (the Canonical Ordering
// Algorithm, Unicode Standard, D109). The library does so only within the 30
// marks that it looks at together, which would leave a longer run two forms.
func orderMarks(s string) string {
	runes := []rune(s)
	for end := range runes {
		for i := end; i > 0; i-- {
			before, after := combiningClass(runes[i-1]), combiningClass(runes[i])
			if after == 0 || before <= after {
				break
			}
			runes[i-1], runes[i] = runes[i], runes[i-1]
		}
	}
	return string(runes)
}

func combiningClass(r rune) uint8 {
	return norm.NFC.PropertiesString(string(r)).CCC()
}
