package subtitles

import (
	"errors"
	"time"
)

type CommandOptions struct {
	Command string
	Timeout time.Duration
	Dir     string
}

func NewCommandEngine(CommandOptions) (Engine, error) { return nil, errors.New("not yet") }
