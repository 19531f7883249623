package handlers

import (
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/storage"
)

// onFullDisk has a full disk answered with p, which says what it means for what
// was asked for.
func onFullDisk(p *problem) fiber.Handler {
	return func(c *fiber.Ctx) error { return fullDisk(c.Next(), p) }
}

// fullDisk turns an error that says no more than that the disk is full into p.
func fullDisk(err error, p *problem) error {
	if err == nil || problemOf(err) != errStorageFull {
		return err
	}
	return fmt.Errorf("%w: %w", p, err)
}

// ballasted is a store of login sessions that gives the ballast up when the
// disk is full, as the database does.
type ballasted struct {
	fiber.Storage
	ballast *storage.Ballast
}

func (b ballasted) Set(key string, value []byte, expiry time.Duration) error {
	return b.write(func() error { return b.Storage.Set(key, value, expiry) })
}

func (b ballasted) Delete(key string) error {
	return b.write(func() error { return b.Storage.Delete(key) })
}

func (b ballasted) write(write func() error) error {
	err := write()
	if db.IsFull(err) && b.ballast.GiveUp() {
		err = write()
	}
	if db.IsFull(err) {
		return fmt.Errorf("%w: %w", db.ErrStorageFull, err)
	}
	return err
}
