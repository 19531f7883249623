package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

var (
	testKey  = bytes.Repeat([]byte("k"), MinKeyBytes)
	testTime = time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.UTC)
)

const testLifetime = 12 * time.Hour

func newSigner(now time.Time) *Signer {
	s := NewSigner(testKey, testLifetime)
	s.Now = func() time.Time { return now }
	return s
}

func TestTokenRoundTrip(t *testing.T) {
	for _, test := range []struct{ userID, version int64 }{{1, 0}, {42, 7}, {math.MaxInt64, math.MaxInt64}} {
		s := newSigner(testTime)
		token, issued, err := s.Issue(test.userID, test.version)
		if err != nil {
			t.Fatal(err)
		}
		if len(token) > maxTokenBytes/2 {
			t.Errorf("a token has %d bytes", len(token))
		}
		parsed, err := s.Parse(token)
		if err != nil {
			t.Fatal(err)
		}
		want := Claims{ID: issued.ID, UserID: test.userID, Version: test.version, ExpiresAt: testTime.Truncate(time.Second).Add(testLifetime)}
		if issued != want || parsed != want {
			t.Errorf("issued %+v, parsed %+v, want %+v", issued, parsed, want)
		}
		if err := uuid.Validate(issued.ID); err != nil {
			t.Error(err)
		}
	}
}

func TestIssueMakesNewIDs(t *testing.T) {
	s := newSigner(testTime)
	_, a, _ := s.Issue(1, 1)
	_, b, _ := s.Issue(1, 1)
	if a.ID == b.ID {
		t.Errorf("two tokens have the id %s", a.ID)
	}
}

// TestTokenOnTheWire reads a token without this package's help.
func TestTokenOnTheWire(t *testing.T) {
	token, c, err := newSigner(testTime).Issue(42, 7)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	for i, want := range []map[string]any{
		{"alg": "HS256", "typ": "JWT"},
		{
			"iss": "gensubtitle", "aud": []any{"gensubtitle"}, "sub": "42", "ver": 7.0, "jti": c.ID,
			"iat": float64(testTime.Unix()), "exp": float64(testTime.Unix() + 12*60*60),
		},
	} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatal(err)
		}
		gotJSON, _ := json.Marshal(got)
		wantJSON, _ := json.Marshal(want)
		if !bytes.Equal(gotJSON, wantJSON) {
			t.Errorf("part %d is %s, want %s", i, gotJSON, wantJSON)
		}
	}
}

func TestTokenTime(t *testing.T) {
	token, c, err := newSigner(testTime).Issue(42, 7)
	if err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]struct {
		now   time.Time
		valid bool
	}{
		"at once":              {testTime, true},
		"a minute before it":   {testTime.Truncate(time.Second).Add(-time.Minute), true},
		"more than a minute":   {testTime.Truncate(time.Second).Add(-time.Minute - time.Nanosecond), false},
		"an hour before it":    {testTime.Add(-time.Hour), false},
		"just before its end":  {c.ExpiresAt.Add(-time.Nanosecond), true},
		"at its end":           {c.ExpiresAt, false},
		"a year later":         {c.ExpiresAt.AddDate(1, 0, 0), false},
		"in another time zone": {testTime.In(time.FixedZone("ICT", 7*60*60)), true},
	} {
		t.Run(what, func(t *testing.T) {
			got, err := newSigner(test.now).Parse(token)
			if test.valid && (err != nil || got != c) {
				t.Errorf("got %+v, %v", got, err)
			}
			if !test.valid && (!errors.Is(err, ErrToken) || got != (Claims{})) {
				t.Errorf("got %+v, %v; want ErrToken", got, err)
			}
		})
	}
}

// goodClaims are what a token must say. The tests below change one at a time.
func goodClaims() jwt.MapClaims {
	return jwt.MapClaims{
		"iss": "gensubtitle", "aud": "gensubtitle", "sub": "42", "ver": 7, "jti": "7f6a9c1e-52b0-4a5e-9d7c-2f8d1f0b6a11",
		"iat": testTime.Unix(), "exp": testTime.Add(testLifetime).Unix(),
	}
}

func sign(t *testing.T, method jwt.SigningMethod, key any, claims jwt.Claims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestParseChecksClaims(t *testing.T) {
	s := newSigner(testTime)
	if _, err := s.Parse(sign(t, jwt.SigningMethodHS256, testKey, goodClaims())); err != nil {
		t.Fatalf("unchanged claims: %v", err)
	}
	hour := int64(time.Hour / time.Second)
	absent := struct{}{}
	for _, test := range []struct {
		claim string
		value any
	}{
		{"iss", absent},
		{"iss", ""},
		{"iss", "elsewhere"},
		{"iss", "Gensubtitle"},
		{"aud", absent},
		{"aud", ""},
		{"aud", []string{}},
		{"aud", "elsewhere"},
		{"aud", []string{"elsewhere", "gensubtitle.example"}},
		{"exp", absent},
		{"exp", nil},
		{"exp", 0},
		{"exp", "tomorrow"},
		{"exp", testTime.Unix()},
		{"exp", testTime.Unix() - hour},
		{"exp", testTime.Unix() - 1},
		{"iat", absent},
		{"iat", testTime.Unix() + hour},
		{"iat", "now"},
		{"iat", testTime.Unix() + 62},
		{"nbf", testTime.Unix() + hour},
		{"nbf", testTime.Unix() + 62},
		{"nbf", "now"},
		{"jti", absent},
		{"jti", ""},
		{"jti", "1"},
		{"jti", 1},
		{"jti", "{7f6a9c1e-52b0-4a5e-9d7c-2f8d1f0b6a11}"},
		{"jti", "7F6A9C1E-52B0-4A5E-9D7C-2F8D1F0B6A11"},
		{"jti", "7f6a9c1e52b04a5e9d7c2f8d1f0b6a11"},
		{"sub", absent},
		{"sub", ""},
		{"sub", 42},
		{"sub", "0"},
		{"sub", "-42"},
		{"sub", "+42"},
		{"sub", "042"},
		{"sub", "42 "},
		{"sub", "4_2"},
		{"sub", "๔๒"},
		{"sub", "0x2a"},
		{"sub", "john"},
		{"sub", "9223372036854775808"},
		{"ver", absent},
		{"ver", nil},
		{"ver", "7"},
		{"ver", 7.5},
		{"ver", 1e300},
	} {
		claims := goodClaims()
		claims[test.claim] = test.value
		if test.value == absent {
			maps.DeleteFunc(claims, func(name string, _ any) bool { return name == test.claim })
		}
		if got, err := s.Parse(sign(t, jwt.SigningMethodHS256, testKey, claims)); !errors.Is(err, ErrToken) || got != (Claims{}) {
			t.Errorf("%s = %#v: got %+v, %v; want ErrToken", test.claim, test.value, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	s := newSigner(testTime)
	good := sign(t, jwt.SigningMethodHS256, testKey, goodClaims())
	parts := strings.Split(good, ".")
	none := sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, goodClaims())
	header := func(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }
	padded := goodClaims()
	padded["padding"] = strings.Repeat("x", maxTokenBytes)

	for what, token := range map[string]string{
		"nothing":                    "",
		"dots":                       "..",
		"not a token":                "hello",
		"one part less":              parts[0] + "." + parts[1],
		"one part more":              good + ".x",
		"no signature":               parts[0] + "." + parts[1] + ".",
		"space before":               " " + good,
		"newline after":              good + "\n",
		"line break inside":          good[:len(good)-4] + "\r\n" + good[len(good)-4:],
		"padding after":              good + "=",
		"alg none":                   none,
		"alg none with a signature":  none + parts[2],
		"alg NoNe":                   header(`{"alg":"NoNe","typ":"JWT"}`) + "." + parts[1] + ".",
		"alg left out":               header(`{"typ":"JWT"}`) + "." + parts[1] + "." + parts[2],
		"HS384":                      sign(t, jwt.SigningMethodHS384, testKey, goodClaims()),
		"HS512":                      sign(t, jwt.SigningMethodHS512, testKey, goodClaims()),
		"another key":                sign(t, jwt.SigningMethodHS256, []byte("another key"), goodClaims()),
		"an empty key":               sign(t, jwt.SigningMethodHS256, []byte{}, goodClaims()),
		"claims of another token":    parts[0] + "." + strings.Split(none, ".")[1] + "x." + parts[2],
		"header changed":             header(`{"alg":"HS256","typ":"JWT","x":1}`) + "." + parts[1] + "." + parts[2],
		"signature spelt otherwise":  parts[0] + "." + parts[1] + "." + respell(t, parts[2]),
		"a signed token too long":    sign(t, jwt.SigningMethodHS256, testKey, padded),
		"ten megabytes":              strings.Repeat("a.", 5<<20),
		"claims that are not JSON":   parts[0] + "." + header("hello") + "." + parts[2],
		"header that is not base64":  "!!!." + parts[1] + "." + parts[2],
		"header of nothing but null": header("null") + "." + parts[1] + "." + parts[2],
	} {
		t.Run(what, func(t *testing.T) {
			if got, err := s.Parse(token); !errors.Is(err, ErrToken) || got != (Claims{}) {
				t.Errorf("got %+v, %v; want ErrToken", got, err)
			}
		})
	}
}

// respell changes the unused last bits of a base64 text, so that a careless
// decoder still reads the same bytes.
func respell(t *testing.T, text string) string {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, text[len(text)-1])
	respelt := text[:len(text)-1] + string(alphabet[last^1])
	a, errA := base64.RawURLEncoding.DecodeString(text)
	b, errB := base64.RawURLEncoding.DecodeString(respelt)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Fatalf("%s and %s are not two spellings of the same bytes", text, respelt)
	}
	return respelt
}

func FuzzParseToken(f *testing.F) {
	s := newSigner(testTime)
	token, _, err := s.Issue(1, 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token + "x")
	f.Add("..")
	f.Add(strings.Replace(token, ".", "..", 1))
	f.Fuzz(func(t *testing.T, text string) {
		if text == token {
			return
		}
		if got, err := s.Parse(text); !errors.Is(err, ErrToken) || got != (Claims{}) {
			t.Errorf("%q: got %+v, %v; want ErrToken", text, got, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	s := newSigner(testTime)
	token, _, err := s.Issue(1, 1)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Parse(token); err != nil {
			b.Fatal(err)
		}
	}
}
