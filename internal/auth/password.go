package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"
)

const (
	// MinPasswordLength is the fewest characters (code points, in NFC) in a password.
	MinPasswordLength = 8
	// MaxPasswordLength is the most characters (code points, in NFC) in a password.
	MaxPasswordLength = 128
	// MaxPasswordBytes bounds a password before any work is done on it. One code
	// point takes at most 4 bytes, and at most three times that when it is typed
	// decomposed (UAX #15, "Maximum Expansion Factors").
	MaxPasswordBytes = 3 * utf8.UTFMax * MaxPasswordLength
)

var (
	// ErrPasswordLength says that a password has too few or too many characters.
	ErrPasswordLength = errors.New("password is not 8 to 128 characters long")
	// ErrPasswordEncoding says that a password is not valid UTF-8.
	ErrPasswordEncoding = errors.New("password is not valid UTF-8")
	// ErrBusy says that too many passwords were being hashed to take one more in
	// the time allowed. Nothing has been found out about the password.
	ErrBusy = errors.New("too many passwords are being hashed")
	// ErrHash says that a hash cannot be taken: it is broken, of another kind, too
	// weak, or costs too much to compare with.
	ErrHash = errors.New("password hash cannot be used")
)

// hashParams are OWASP's second choice for argon2id. At 19 MiB a hash, a small
// machine can afford a few at once.
var hashParams = argon2id.Params{
	Memory:      19456, // KiB
	Iterations:  2,
	Parallelism: 1,
	SaltLength:  16,
	KeyLength:   32,
}

// What a hash that was made elsewhere may cost and must have. The defaults of
// PHP, Django, Spring, libsodium (interactive) and argon2-cffi are within.
const (
	maxHashMemory      = 128 << 10 // KiB
	maxHashWork        = 512 << 10 // KiB, of all iterations together
	minHashMemory      = 7 << 10   // KiB; OWASP's last choice, with five iterations
	maxHashParallelism = 16
	minHashKey         = 16 // bytes
	maxHashBytes       = 512
)

// CheckPassword tells whether somebody may choose this password. The error is
// ErrPasswordLength or ErrPasswordEncoding.
func CheckPassword(password string) error {
	_, err := choosePassword(password)
	return err
}

// choosePassword returns the form of a new password that is hashed.
func choosePassword(password string) (string, error) {
	normal, err := normalPassword(password)
	if err != nil {
		return "", err
	}
	if utf8.RuneCountInString(normal) < MinPasswordLength {
		return "", ErrPasswordLength
	}
	return normal, nil
}

// CheckPasswordLength says whether a password is too long to be anybody's.
func CheckPasswordLength(password string) error {
	_, err := normalPassword(password)
	return err
}

// normalPassword returns a password in NFC, because keyboards and systems differ
// in the order in which they send the marks of one Thai or accented letter. It
// does not ask for a least length, so that a password chosen under an older rule
// could still be checked.
func normalPassword(password string) (string, error) {
	if len(password) > MaxPasswordBytes {
		return "", ErrPasswordLength
	}
	if !utf8.ValidString(password) {
		return "", ErrPasswordEncoding
	}
	normal := norm.NFC.String(password)
	if utf8.RuneCountInString(normal) > MaxPasswordLength {
		return "", ErrPasswordLength
	}
	return normal, nil
}

// Hasher hashes and verifies passwords with argon2id, only so many at once.
type Hasher struct {
	slots   chan struct{}
	costly  chan struct{} // one slot, for hashes with other parameters than ours
	wait    time.Duration
	unknown string
	compare func(password, hash string) (bool, error)
}

// NewHasher returns a Hasher that works on at most concurrency passwords at once
// (at least 1), each of which takes 19 MiB of memory while it runs. A caller who
// finds all of them taken waits for at most wait.
func NewHasher(concurrency int, wait time.Duration) (*Hasher, error) {
	if concurrency < 1 {
		return nil, fmt.Errorf("hash %d passwords at once: need at least 1", concurrency)
	}
	unknown, err := argon2id.CreateHash(RandomPassword(), &hashParams)
	if err != nil {
		return nil, fmt.Errorf("hash for unknown users: %w", err)
	}
	return &Hasher{
		slots:   make(chan struct{}, concurrency),
		costly:  make(chan struct{}, 1),
		wait:    wait,
		unknown: unknown,
		compare: argon2id.ComparePasswordAndHash,
	}, nil
}

// Hash returns what to store for a newly chosen password: text in the PHC form
// "$argon2id$v=19$m=19456,t=2,p=1$salt$key". The error is one of CheckPassword's,
// ErrBusy, or the cause of ctx's end if it ends first.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	normal, err := choosePassword(password)
	if err != nil {
		return "", err
	}
	if err := h.begin(ctx); err != nil {
		return "", err
	}
	defer h.end()
	hash, err := argon2id.CreateHash(normal, &hashParams)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Verify tells whether password is the one that hash was made from. An empty hash
// stands for a user who does not exist: the answer is false, at the same cost. A
// password that is too long or not UTF-8 is nobody's, and is answered false
// without hashing, whoever the user is. The error is ErrHash, ErrBusy, or the cause
// of ctx's end if it ends first; the answer is then unknown and must not be counted as a
// wrong guess.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (bool, error) {
	known := hash != ""
	if !known {
		hash = h.unknown
	}
	params, err := decodeHash(hash)
	if err != nil {
		return false, err
	}
	normal, err := normalPassword(password)
	if err != nil {
		return false, nil // It is the password that is wrong.
	}
	if params != hashParams {
		if err := h.takeSlot(ctx, h.costly); err != nil {
			return false, err
		}
		defer func() { <-h.costly }()
	}
	if err := h.begin(ctx); err != nil {
		return false, err
	}
	defer h.end()
	match, err := h.compare(normal, hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return match && known, nil
}

// CheckHash tells whether a hash that was made elsewhere can be verified here:
// argon2id in the PHC form, not too weak and not too costly. The error is ErrHash.
func CheckHash(hash string) error {
	_, err := decodeHash(hash)
	return err
}

// Outdated reports whether a hash that can be verified was made with other
// parameters than a new one would be.
func Outdated(hash string) bool {
	params, err := decodeHash(hash)
	return err == nil && params != hashParams
}

// decodeHash refuses parameters that are out of bounds. They decide how much
// memory and time a comparison takes, zeros among them make argon2 panic, and an
// empty key would match every password.
func decodeHash(hash string) (argon2id.Params, error) {
	if len(hash) > maxHashBytes {
		return argon2id.Params{}, fmt.Errorf("%w: longer than %d bytes", ErrHash, maxHashBytes)
	}
	decoded, _, _, err := argon2id.DecodeHash(hash)
	if err != nil {
		return argon2id.Params{}, fmt.Errorf("%w: %w", ErrHash, err)
	}
	p := *decoded
	switch {
	case p.Iterations < 1 || p.Parallelism < 1 || p.Memory < minHashMemory ||
		p.KeyLength < minHashKey || p.SaltLength < 8:
		err = fmt.Errorf("%w: too weak", ErrHash)
	case p.Memory > maxHashMemory || uint64(p.Memory)*uint64(p.Iterations) > maxHashWork || p.Parallelism > maxHashParallelism:
		err = fmt.Errorf("%w: too costly to compare with", ErrHash)
	}
	return p, err
}

// begin makes room for one hash, which must be given back by end.
func (h *Hasher) begin(ctx context.Context) error {
	if err := h.takeSlot(ctx, h.slots); err != nil {
		return err
	}
	// argon2 allocates its 19 MiB anew for each hash. Left alone, the collector
	// lets two or three of them pile up behind each that is in use, which more
	// than doubles the memory of the process. Next to a hash it costs little.
	runtime.GC()
	return nil
}

// end gives the memory of the last hash of a burst back to the system. Kept, it
// would be a third of what the process holds, and now and then there would be
// two such blocks, where something small has come to lie in the first.
func (h *Hasher) end() {
	<-h.slots
	if len(h.slots) == 0 {
		debug.FreeOSMemory()
	}
}

func (h *Hasher) takeSlot(ctx context.Context, slots chan struct{}) error {
	if ctx.Err() != nil {
		return fmt.Errorf("wait to hash password: %w", context.Cause(ctx))
	}
	select {
	case slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case slots <- struct{}{}:
		return nil
	case <-timer.C:
		return ErrBusy
	case <-ctx.Done():
		return fmt.Errorf("wait to hash password: %w", context.Cause(ctx))
	}
}

// RandomPassword makes up a password of 120 random bits that can be read off a
// screen and typed: six groups of four, such as "k3vd-7xqa-…", in an alphabet
// without the digits 0, 1, 8 and 9, which are taken for letters.
func RandomPassword() string {
	// rand.Text is base32, 5 bits a character, at least 26 of them.
	text := strings.ToLower(rand.Text())
	groups := make([]string, 6)
	for i := range groups {
		groups[i] = text[4*i : 4*i+4]
	}
	return strings.Join(groups, "-")
}
