package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/term"

	"gensubtitle/internal/auth"
)

// passwordSettings say where a password comes from. There is no flag for the
// password itself, since other users of the machine can see flags.
type passwordSettings struct {
	PasswordStdin bool `help:"Read the password from the first line of standard input. Without this it is asked for on a terminal, and elsewhere made up and printed."`
}

// choose returns the hash of the password, and the password itself where it
// was made up.
func (s passwordSettings) choose(ctx context.Context, sh *Shell) (hash, made string, err error) {
	password, err := s.read(ctx, sh)
	if err != nil {
		return "", "", err
	}
	if password == "" {
		made = auth.RandomPassword()
		password = made
	}
	hasher, err := newHasher()
	if err != nil {
		return "", "", err
	}
	hash, err = hasher.Hash(ctx, password)
	return hash, made, err
}

func newHasher() (*auth.Hasher, error) {
	return auth.NewHasher(runtime.GOMAXPROCS(0), time.Hour)
}

// read returns an empty password where one is to be made up.
func (s passwordSettings) read(ctx context.Context, sh *Shell) (string, error) {
	if s.PasswordStdin {
		line, err := bufio.NewReader(io.LimitReader(sh.In, auth.MaxPasswordBytes+2)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		password := strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		return password, auth.CheckPassword(password)
	}
	if !isTerminal(sh.In) || !isTerminal(sh.Err) {
		return "", nil
	}
	password, err := ask(ctx, sh, "Password (empty: one is made up): ")
	if err != nil || password == "" {
		return "", err
	}
	if err := auth.CheckPassword(password); err != nil {
		return "", err
	}
	again, err := ask(ctx, sh, "The same again: ")
	if err == nil && again != password {
		err = errors.New("the two passwords differ")
	}
	return password, err
}

// ask reads a line that is not shown. Whoever interrupts it gets the terminal
// back as it was.
func ask(ctx context.Context, sh *Shell, question string) (string, error) {
	terminal := int(sh.In.(*os.File).Fd())
	before, err := term.GetState(terminal)
	if err != nil {
		return "", fmt.Errorf("ask for the password: %w", err)
	}
	fmt.Fprint(sh.Err, question)
	type answer struct {
		text []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(terminal)
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		fmt.Fprintln(sh.Err)
		if a.err != nil {
			return "", fmt.Errorf("ask for the password: %w", a.err)
		}
		return string(a.text), nil
	case <-ctx.Done():
		fmt.Fprintln(sh.Err)
		return "", errors.Join(ctx.Err(), term.Restore(terminal, before))
	}
}
