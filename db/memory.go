package db

import (
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	memorySize = 10_000
	// Every change through this package is seen at once. This is for changes
	// made with other tools, and for a process killed right after its commit.
	memoryFresh = time.Second
)

// memory keeps what was read while nobody has written to the database, for
// what nearly every request asks.
type memory[K comparable, V any] struct {
	commits *commits
	now     func() time.Time
	known   *lru.Cache[K, remembered[V]]
}

// remembered is a value as it was when so many commits had been counted.
type remembered[V any] struct {
	value   V
	commits uint64
	read    time.Time
}

func newMemory[K comparable, V any](c *commits, now func() time.Time) (*memory[K, V], error) {
	known, err := lru.New[K, remembered[V]](memorySize)
	if err != nil {
		return nil, fmt.Errorf("make a memory: %w", err)
	}
	return &memory[K, V]{commits: c, now: now, known: known}, nil
}

// get returns what read would. An error is not remembered.
func (m *memory[K, V]) get(key K, read func() (V, error)) (V, error) {
	commits, now := m.commits.count(), m.now()
	if r, ok := m.known.Get(key); ok && r.commits == commits && now.Sub(r.read) < memoryFresh {
		return r.value, nil
	}
	value, err := read()
	if err == nil {
		m.known.Add(key, remembered[V]{value, commits, now})
	}
	return value, err
}
