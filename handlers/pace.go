package handlers

import (
	"cmp"
	"errors"
	"os"
	"time"
)

// paceGrace is how long a body may come at any speed.
const paceGrace = time.Minute

// pace bounds how long the body of one upload request may take, so that nobody
// holds a slot, and its room on the disk, for next to nothing.
type pace struct {
	least int64         // bytes a second on average after paceGrace; 0: any
	most  time.Duration // for the whole body; 0: any
	began time.Time
	now   func() time.Time
}

func (s *Server) newPace() pace {
	return pace{least: s.MinUploadRate, most: s.MaxUploadTime, began: time.Now(), now: time.Now}
}

// deadline is until when something has to come.
func (p pace) deadline() time.Time {
	stall := p.now().Add(stallTimeout)
	if end := p.began.Add(p.most); p.most > 0 && end.Before(stall) {
		return end
	}
	return stall
}

// check returns errTooSlow if an unfinished body of read bytes is too slow or too
// late.
func (p pace) check(read int64) error {
	took := p.now().Sub(p.began)
	late := p.most > 0 && took >= p.most
	slow := p.least > 0 && took > paceGrace && float64(read) < took.Seconds()*float64(p.least)
	if late || slow {
		return errTooSlow
	}
	return nil
}

// orTooSlow returns what check says of a read that timed out or left some of the
// length bytes to come, or else err, which the read returned.
func (p pace) orTooSlow(err error, read, length int64) error {
	if err == nil && read != length || errors.Is(err, os.ErrDeadlineExceeded) {
		return cmp.Or(p.check(read), err)
	}
	return err
}
