package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"gensubtitle/db"
	"gensubtitle/handlers"
	"gensubtitle/internal/auth"
)

// firstAdmin creates the user admin where there is no user at all. A password
// that it makes up is printed once, on out alone. Where nobody reads that, the
// service is needed all the same.
func firstAdmin(ctx context.Context, p handlers.Dependencies, password string, out io.Writer, log *slog.Logger) error {
	has, err := p.DB.HasUsers(ctx)
	if err != nil || has {
		return err
	}
	made := password == ""
	if made {
		password = auth.RandomPassword()
	}
	hash, err := p.Hasher.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("create admin: %w", err)
	}
	name, err := auth.ParseUsername("admin")
	if err != nil {
		return fmt.Errorf("create admin: %w", err)
	}
	_, err = p.DB.CreateUser(ctx, db.NewUser{
		Name: name.Name, Key: name.Key, SessionID: name.SessionID(), PasswordHash: hash, Role: db.RoleAdmin,
	})
	if errors.Is(err, db.ErrUsernameTaken) {
		return nil // Another process was first.
	}
	if err != nil {
		return err
	}
	if !made {
		return nil
	}
	if _, err := fmt.Fprintf(out, "The user admin was created with the password: %s\n", password); err != nil {
		log.Warn("the password of the user admin could not be printed; set one with: gensubtitle user passwd admin", "error", err)
	}
	return nil
}
