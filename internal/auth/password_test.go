package auth

import (
	"context"
	"errors"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"gensubtitle/internal/waittest"
)

func TestCheckPassword(t *testing.T) {
	for what, test := range map[string]struct {
		password string
		want     error
	}{
		"7 characters":                     {"1234567", ErrPasswordLength},
		"8 characters":                     {"12345678", nil},
		"128 characters":                   {strings.Repeat("x", 128), nil},
		"129 characters":                   {strings.Repeat("x", 129), ErrPasswordLength},
		"nothing":                          {"", ErrPasswordLength},
		"7 Thai characters, 21 bytes":      {strings.Repeat("ก", 7), ErrPasswordLength},
		"8 Thai characters":                {strings.Repeat("ก", 8), nil},
		"128 emoji, 512 bytes":             {strings.Repeat("\U0001f600", 128), nil},
		"129 emoji":                        {strings.Repeat("\U0001f600", 129), ErrPasswordLength},
		"8 code points, 4 in NFC":          {strings.Repeat("e\u0301", 4), ErrPasswordLength},
		"256 code points, 128 in NFC":      {strings.Repeat("e\u0301", 128), nil},
		"Hangul syllables apart":           {strings.Repeat("\u1112\u1161\u11ab", 128), nil},
		"spaces, NUL and controls":         {" \x00\n\t\x1b a ", nil},
		"more bytes than are looked at":    {strings.Repeat("e\u0301", 128) + strings.Repeat("x", MaxPasswordBytes), ErrPasswordLength},
		"ten megabytes":                    {strings.Repeat("x", 10<<20), ErrPasswordLength},
		"ten megabytes that are not UTF-8": {strings.Repeat("\xff", 10<<20), ErrPasswordLength},
		"not UTF-8":                        {"12345678\xff", ErrPasswordEncoding},
		"cut-off UTF-8":                    {"12345678\xe0\xb8", ErrPasswordEncoding},
	} {
		t.Run(what, func(t *testing.T) {
			if err := CheckPassword(test.password); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// TestMaxPasswordBytes takes every character there is, typed as its parts.
func TestMaxPasswordBytes(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		apart := norm.NFD.String(string(r))
		if norm.NFC.String(apart) == string(r) && len(apart)*MaxPasswordLength > MaxPasswordBytes {
			t.Errorf("%U has %d bytes apart, so that 128 of them are refused", r, len(apart))
		}
	}
}

func newHasher(t testing.TB, concurrency int, wait time.Duration) *Hasher {
	t.Helper()
	h, err := NewHasher(concurrency, wait)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustHash(t testing.TB, h *Hasher, password string) string {
	t.Helper()
	hash, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestNewHasherNeedsASlot(t *testing.T) {
	for _, concurrency := range []int{0, -1} {
		if _, err := NewHasher(concurrency, time.Second); err == nil {
			t.Errorf("%d at once: no error", concurrency)
		}
	}
}

func TestHash(t *testing.T) {
	h := newHasher(t, 1, time.Minute)
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	one, two := mustHash(t, h, "correct horse"), mustHash(t, h, "correct horse")
	if !form.MatchString(one) {
		t.Errorf("got %q, want %s", one, form)
	}
	if one == two {
		t.Error("two hashes of one password are the same: there is no salt")
	}
	for password, want := range map[string]error{
		"short":                  ErrPasswordLength,
		strings.Repeat("x", 129): ErrPasswordLength,
		"12345678\xff":           ErrPasswordEncoding,
	} {
		if hash, err := h.Hash(t.Context(), password); !errors.Is(err, want) || hash != "" {
			t.Errorf("%.20q: got %q, %v; want %v", password, hash, err, want)
		}
	}
}

func TestVerify(t *testing.T) {
	h := newHasher(t, 2, time.Minute)
	ascii, thai, accent := mustHash(t, h, "correct horse"), mustHash(t, h, "รหัสกู้ลับ"), mustHash(t, h, "caf\u00e9 12345")
	for _, test := range []struct {
		what, password, hash string
		want                 bool
	}{
		{"right", "correct horse", ascii, true},
		{"wrong", "correct horsf", ascii, false},
		{"other case", "Correct horse", ascii, false},
		{"space more", "correct horse ", ascii, false},
		{"empty", "", ascii, false},
		{"another's", "correct horse", thai, false},
		{"right in Thai", "รหัสกู้ลับ", thai, true},
		{"right with the marks in another order", "รหัสก\u0e49\u0e39ลับ", thai, true},
		{"right, decomposed", "cafe\u0301 12345", accent, true},
		{"wrong accent", "cafe 12345", accent, false},
	} {
		t.Run(test.what, func(t *testing.T) {
			got, err := h.Verify(t.Context(), test.password, test.hash)
			if err != nil || got != test.want {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
}

// TestVerifyUnknownUserCosts looks at the work that is done rather than at how
// long it takes: one real comparison, with the same parameters as for a known
// user and no answer but false.
func TestVerifyUnknownUserCosts(t *testing.T) {
	h := newHasher(t, 1, time.Minute)
	known := mustHash(t, h, "correct horse")
	var compared []string
	answer := false
	h.compare = func(password, hash string) (bool, error) {
		compared = append(compared, hash)
		match, err := argon2id.ComparePasswordAndHash(password, hash)
		return match || answer, err
	}
	for _, hash := range []string{known, ""} {
		compared = nil
		if match, err := h.Verify(t.Context(), "not the password", hash); match || err != nil {
			t.Errorf("hash %q: got %v, %v", hash, match, err)
		}
		if len(compared) != 1 {
			t.Fatalf("hash %q: %d comparisons, want 1", hash, len(compared))
		}
		params, _, _, err := argon2id.DecodeHash(compared[0])
		if err != nil {
			t.Fatal(err)
		}
		if *params != hashParams {
			t.Errorf("hash %q: compared with %+v, want %+v", hash, *params, hashParams)
		}
	}

	// Even who found the password behind the stand-in hash would not get in.
	answer = true
	if match, err := h.Verify(t.Context(), "not the password", ""); match || err != nil {
		t.Errorf("unknown user: got %v, %v", match, err)
	}

	// What cannot be a password costs nothing, whether the user exists or not.
	compared = nil
	for _, hash := range []string{known, ""} {
		for _, password := range []string{strings.Repeat("x", 129), strings.Repeat("x", 10<<20), "12345678\xff"} {
			if match, err := h.Verify(t.Context(), password, hash); match || err != nil {
				t.Errorf("%.20q: got %v, %v", password, match, err)
			}
		}
	}
	if len(compared) != 0 {
		t.Errorf("%d comparisons of impossible passwords", len(compared))
	}
}

func TestVerifyBrokenHash(t *testing.T) {
	h := newHasher(t, 1, time.Minute)
	h.compare = func(_, hash string) (bool, error) {
		t.Errorf("%q was compared", hash)
		return true, nil
	}
	const salt, key = "c29tZXNhbHRzb21lc2FsdA", "RdescudvJCsgt3ub+b+dWRWJTmaaJObGRdescudvJCs"
	for what, hash := range map[string]string{
		"no hash":           "correct horse",
		"a space":           " ",
		"cut off":           "$argon2id$v=19$m=19456,t=2,p=1$" + salt,
		"other variant":     "$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
		"other version":     "$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + key,
		"cheaper":           "$argon2id$v=19$m=8,t=2,p=1$" + salt + "$" + key,
		"4 TiB of memory":   "$argon2id$v=19$m=4294967295,t=2,p=1$" + salt + "$" + key,
		"129 MiB of memory": "$argon2id$v=19$m=132096,t=1,p=1$" + salt + "$" + key,
		"much work":         "$argon2id$v=19$m=65536,t=9,p=1$" + salt + "$" + key,
		"many threads":      "$argon2id$v=19$m=65536,t=1,p=17$" + salt + "$" + key,
		"key of 15 bytes":   "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key[:20],
		"no iterations":     "$argon2id$v=19$m=19456,t=0,p=1$" + salt + "$" + key,
		"no threads":        "$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + key,
		"empty key":         "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$",
		"short salt":        "$argon2id$v=19$m=19456,t=2,p=1$c29t$" + key,
		"salt not base64":   "$argon2id$v=19$m=19456,t=2,p=1$!!!$" + key,
		"parameters absent": "$argon2id$v=19$$" + salt + "$" + key,
		"bcrypt":            "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
	} {
		t.Run(what, func(t *testing.T) {
			if match, err := h.Verify(t.Context(), "correct horse", hash); match || !errors.Is(err, ErrHash) {
				t.Errorf("got %v, %v; want ErrHash", match, err)
			}
		})
	}
}

// TestForeignHash verifies hashes with the parameters that other systems use.
func TestForeignHash(t *testing.T) {
	h := newHasher(t, 2, time.Minute)
	for what, p := range map[string]argon2id.Params{
		"PHP":         {Memory: 65536, Iterations: 4, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		"Django":      {Memory: 102400, Iterations: 2, Parallelism: 8, SaltLength: 22, KeyLength: 32},
		"OWASP's 5th": {Memory: 7168, Iterations: 5, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		"Spring":      {Memory: 16384, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32},
	} {
		hash, err := argon2id.CreateHash("correct horse", &p)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckHash(hash); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if !Outdated(hash) {
			t.Errorf("%s: not outdated", what)
		}
		for password, want := range map[string]bool{"correct horse": true, "wrong horse": false} {
			if match, err := h.Verify(t.Context(), password, hash); match != want || err != nil {
				t.Errorf("%s, %s: got %v, %v", what, password, match, err)
			}
		}
	}
	if Outdated(mustHash(t, h, "correct horse")) || Outdated("") {
		t.Error("a hash of ours, or none, is outdated")
	}
}

// TestHasherConcurrency sends many at once and sees how many run together.
func TestHasherConcurrency(t *testing.T) {
	const concurrency, callers = 2, 12
	h := newHasher(t, concurrency, time.Minute)
	hash := mustHash(t, h, "correct horse")
	var running, most atomic.Int32
	h.compare = func(password, hash string) (bool, error) {
		now := running.Add(1)
		defer running.Add(-1)
		for {
			seen := most.Load()
			if now <= seen || most.CompareAndSwap(seen, now) {
				break
			}
		}
		return argon2id.ComparePasswordAndHash(password, hash)
	}
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			if match, err := h.Verify(t.Context(), "correct horse", hash); !match || err != nil {
				t.Errorf("got %v, %v", match, err)
			}
		})
	}
	waittest.Group(t, &group)
	if got := most.Load(); got != concurrency {
		t.Errorf("%d ran at once, want %d", got, concurrency)
	}
}

// TestHasherBusy runs in a bubble with a clock of its own, where waiting costs no
// time and its length can be told exactly.
func TestHasherBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const wait = 3 * time.Second
		h := newHasher(t, 1, wait)
		release := make(chan struct{})
		h.compare = func(string, string) (bool, error) {
			select {
			case <-release:
			case <-time.After(waittest.Limit):
			}
			return true, nil
		}
		hash := mustHash(t, h, "correct horse")
		done := make(chan error)
		go func() {
			_, err := h.Verify(context.Background(), "correct horse", hash)
			done <- err
		}()
		synctest.Wait()

		start := time.Now()
		if _, err := h.Hash(t.Context(), "another one"); !errors.Is(err, ErrBusy) {
			t.Errorf("hash: got %v, want ErrBusy", err)
		}
		if waited := time.Since(start); waited != wait {
			t.Errorf("hash waited %s, want %s", waited, wait)
		}
		if match, err := h.Verify(t.Context(), "correct horse", hash); match || !errors.Is(err, ErrBusy) {
			t.Errorf("verify: got %v, %v, want ErrBusy", match, err)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if _, err := h.Verify(ctx, "correct horse", ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("verify: got %v, want the deadline", err)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("verify waited %s, want 1s", waited)
		}

		waiting, stop := context.WithTimeoutCause(t.Context(), time.Second, ErrBusy)
		defer stop()
		if _, err := h.Hash(waiting, "another one"); !errors.Is(err, ErrBusy) {
			t.Errorf("hash: got %v, want the cause of the end", err)
		}

		// A caller who still waits gets the slot as soon as it is free.
		next := make(chan error)
		go func() {
			_, err := h.Hash(context.Background(), "another one")
			next <- err
		}()
		synctest.Wait()
		close(release)
		if err := waittest.Receive(t, done); err != nil {
			t.Error(err)
		}
		if err := waittest.Receive(t, next); err != nil {
			t.Errorf("hash after the slot was free: %v", err)
		}

		cancel()
		if _, err := h.Hash(ctx, "another one"); err == nil {
			t.Error("a free slot was used for a caller who has gone")
		}
	})
}

// TestHasherDoesNotPileUp looks at the heap just before each hash: the memory of
// the one before must be gone.
func TestHasherDoesNotPileUp(t *testing.T) {
	h := newHasher(t, 1, time.Minute)
	hash := mustHash(t, h, "correct horse")
	h.compare = func(password, hash string) (bool, error) {
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		if most := uint64(hashParams.Memory) << 10; memory.HeapAlloc > most {
			t.Errorf("%d bytes are in use before a hash, want at most %d", memory.HeapAlloc, most)
		}
		return argon2id.ComparePasswordAndHash(password, hash)
	}
	for range 5 {
		if match, err := h.Verify(t.Context(), "correct horse", hash); !match || err != nil {
			t.Errorf("got %v, %v", match, err)
		}
	}
}

// TestHasherSurvivesPanic makes sure that a slot comes back whatever happens.
func TestHasherSurvivesPanic(t *testing.T) {
	h := newHasher(t, 1, 0)
	hash := mustHash(t, h, "correct horse")
	h.compare = func(string, string) (bool, error) { panic("broken") }
	func() {
		defer func() { _ = recover() }()
		_, _ = h.Verify(t.Context(), "correct horse", hash)
	}()
	if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
		t.Error(err)
	}
}

func TestRandomPassword(t *testing.T) {
	// Six groups of four out of 32 characters are 120 bits.
	form := regexp.MustCompile(`^[a-z2-7]{4}(-[a-z2-7]{4}){5}$`)
	seen := map[string]bool{}
	letters := map[rune]bool{}
	for range 1000 {
		password := RandomPassword()
		if !form.MatchString(password) {
			t.Fatalf("got %q, want %s", password, form)
		}
		if err := CheckPassword(password); err != nil {
			t.Fatal(err)
		}
		if seen[password] {
			t.Fatalf("%q came twice", password)
		}
		seen[password] = true
		for _, r := range password {
			letters[r] = true
		}
	}
	if len(letters) != 33 {
		t.Errorf("%d different characters in 1000 passwords, want all 32 and the hyphen", len(letters))
	}
}

func BenchmarkHash(b *testing.B) {
	h := newHasher(b, 1, time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		mustHash(b, h, "correct horse")
	}
}

func BenchmarkVerifyParallel(b *testing.B) {
	h := newHasher(b, 2, time.Minute)
	hash := mustHash(b, h, "correct horse")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if match, err := h.Verify(b.Context(), "correct horse", hash); !match || err != nil {
				b.Errorf("got %v, %v", match, err)
			}
		}
	})
}
