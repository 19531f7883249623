package db

import (
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	cacheSize = 10_000
	// Every change through this package is seen at once. This is for changes
	// made with other tools, and for a process killed right after its commit.
	cacheFresh = time.Second
)

// cache keeps what was read while nobody has written to the database, for
// what nearly every request asks.
type cache[K comparable, V any] struct {
	commits *commits
	now     func() time.Time
	entries *lru.Cache[K, cached[V]]
}

// cached is a value as it was when so many commits had been counted.
type cached[V any] struct {
	value   V
	commits uint64
	read    time.Time
}

func newCache[K comparable, V any](n *commits, now func() time.Time) (*cache[K, V], error) {
	entries, err := lru.New[K, cached[V]](cacheSize)
	if err != nil {
		return nil, fmt.Errorf("make a cache: %w", err)
	}
	return &cache[K, V]{commits: n, now: now, entries: entries}, nil
}

// get returns what read would. An error is not kept.
func (c *cache[K, V]) get(key K, read func() (V, error)) (V, error) {
	commits, now := c.commits.count(), c.now()
	if r, ok := c.entries.Get(key); ok && r.commits == commits && now.Sub(r.read) < cacheFresh {
		return r.value, nil
	}
	value, err := read()
	if err == nil {
		c.entries.Add(key, cached[V]{value, commits, now})
	}
	return value, err
}
