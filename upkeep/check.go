package upkeep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"gensubtitle/db"
)

const (
	checkPage = 500
	// settleTime is how old a row must be before its file is missed: the row of
	// an upload is made before its file.
	settleTime = time.Minute
	// changeTime is more than a service takes to change a row and its file.
	changeTime = time.Second
)

// Finding is one disagreement between database, ledger and files.
type Finding struct {
	Subject string // what it is about: a quota session, user, video or file
	Problem string
	Mended  bool
}

// Check compares database, ledger and files and reports each disagreement as
// it is found, an error of report ending it. With repair it mends what is safe
// to mend: whatever can be told for certain from what is left, which is nothing
// when the database file itself is damaged.
func (h *House) Check(ctx context.Context, repair bool, report func(Finding) error) error {
	c := &check{House: h, repair: repair, report: report}
	for _, compare := range []func(context.Context) error{
		c.damage, c.names, c.sessions, c.usage, c.totals, c.events, c.subtitles, c.accepted, c.slots, c.files,
	} {
		if err := compare(ctx); err != nil {
			return fmt.Errorf("check: %w", err)
		}
	}
	return nil
}

type check struct {
	*House
	repair bool
	report func(Finding) error
}

// find reports a disagreement; mend is nil for one that nothing can be done about.
func (c *check) find(subject, problem string, mend func() error) error {
	f := Finding{Subject: subject, Problem: problem}
	if c.repair && mend != nil {
		if err := mend(); err != nil {
			return fmt.Errorf("mend %s: %w", subject, err)
		}
		f.Mended = true
	}
	return c.report(f)
}

// damage asks SQLite whether the file itself is sound.
func (c *check) damage(ctx context.Context) error {
	problems, err := c.DB.Damage(ctx)
	if err != nil {
		return err
	}
	for _, p := range problems {
		if err := c.find("database", strings.ReplaceAll(p, "\n", " "), nil); err != nil {
			return err
		}
		c.repair = false
	}
	return nil
}

// names mends nothing: which of the two is to have another name is for people
// to say.
func (c *check) names(ctx context.Context) error {
	pairs, err := c.DB.SharedNames(ctx)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if err := c.find("user "+p.Name, "has a name that is now the same as that of "+p.Other, nil); err != nil {
			return err
		}
	}
	return nil
}

func (c *check) sessions(ctx context.Context) error {
	users, err := c.DB.UsersWithoutSession(ctx)
	if err != nil {
		return err
	}
	for _, u := range users {
		err := c.find("user "+u.Name, "has no quota session", func() error { return c.DB.MendSession(ctx, u) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *check) usage(ctx context.Context) error {
	drifted, err := c.DB.DriftedSessions(ctx)
	if err != nil {
		return err
	}
	for _, d := range drifted {
		problem := fmt.Sprintf("counts %d videos of %v, but its ledger %d of %v",
			d.Counted.Videos, d.Counted.Duration, d.Ledger.Videos, d.Ledger.Duration)
		mend := func() error { return c.DB.MendUsage(ctx, d.SessionID) }
		if d.Ledger.Videos < 0 || d.Ledger.Duration < 0 {
			mend = nil // Entries are missing.
		}
		if err := c.find(d.SessionID, problem, mend); err != nil {
			return err
		}
	}
	return nil
}

func (c *check) totals(ctx context.Context) error {
	drifted, err := c.DB.TotalsDrifted(ctx)
	if err != nil || !drifted {
		return err
	}
	return c.find("totals", "are not what is there", func() error { return c.DB.MendTotals(ctx) })
}

func (c *check) events(ctx context.Context) error {
	ids, err := c.DB.VideosWithoutEvent(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := c.find("video "+id, "is accepted, but its ledger does not say so, or says another duration", nil); err != nil {
			return err
		}
	}
	return nil
}

// subtitles mends nothing: what is wrong is made again when it is asked for.
func (c *check) subtitles(ctx context.Context) error {
	drifted, err := c.DB.DriftedSubtitles(ctx)
	if err != nil {
		return err
	}
	for _, d := range drifted {
		if err := c.find("video "+d.VideoID, d.Problem, nil); err != nil {
			return err
		}
	}
	return nil
}

// accepted looks for the file of every accepted video.
func (c *check) accepted(ctx context.Context) error {
	for after := ""; ; {
		page, err := c.DB.AcceptedVideos(ctx, after, checkPage)
		if err != nil {
			return err
		}
		for _, v := range page {
			if err := c.acceptedFile(ctx, v); err != nil {
				return err
			}
		}
		if len(page) < checkPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

func (c *check) acceptedFile(ctx context.Context, v db.Video) error {
	size, err := c.Files.Size(v.ID)
	switch {
	case err == nil && size == v.SizeBytes:
		return nil
	case err == nil:
		return c.find("video "+v.ID, fmt.Sprintf("has %d bytes, but its file %d", v.SizeBytes, size), nil)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if still, err := c.DB.HasVideo(ctx, v.ID); err != nil || !still {
		return err // It was deleted a moment ago.
	}
	return c.find("video "+v.ID, "is accepted, but its file is missing", nil)
}

// slots looks for uploads that ended with their process and still hold slots.
// What a dead process was to measure is no finding: another takes it over.
func (c *check) slots(ctx context.Context) error {
	dead, err := c.deadAmong(ctx, c.DB.SlotHolders)
	if err != nil {
		return err
	}
	for _, id := range dead {
		held, err := c.DB.HeldBy(ctx, id)
		if err != nil {
			return err
		}
		for _, v := range held {
			mend := func() error { return c.forget(ctx, v.ID) }
			if err := c.find("upload "+v.ID, "holds a slot, but its process is dead", mend); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget gives an upload up that was not accepted, slot and files.
func (c *check) forget(ctx context.Context, id string) error {
	gone, err := c.DB.Abandon(ctx, id)
	if err != nil || !gone {
		return err
	}
	return errors.Join(c.Files.Discard(id), c.Files.Remove(id))
}

// flaw is what is wrong with a subject and how it is mended.
type flaw struct {
	problem string
	mend    func() error
}

// files looks for uploads without a file and for files without a row, twice: a
// service changes one after the other, so that what it is about is gone the
// second time.
func (c *check) files(ctx context.Context) error {
	before, err := c.lost(ctx)
	if err != nil || len(before) == 0 {
		return err
	}
	select {
	case <-time.After(changeTime):
	case <-ctx.Done():
		return ctx.Err()
	}
	now, err := c.lost(ctx)
	if err != nil {
		return err
	}
	for _, subject := range slices.Sorted(maps.Keys(now)) {
		if _, lasts := before[subject]; !lasts {
			continue
		}
		if err := c.find(subject, now[subject].problem, now[subject].mend); err != nil {
			return err
		}
	}
	return nil
}

// lost is what has no file, or no row, at this moment.
func (c *check) lost(ctx context.Context) (map[string]flaw, error) {
	found := map[string]flaw{}
	if err := c.lostUploads(ctx, found); err != nil {
		return nil, err
	}
	return found, c.lostFiles(ctx, found)
}

// lostUploads adds the resumable uploads under way that have no file.
func (c *check) lostUploads(ctx context.Context, found map[string]flaw) error {
	uploads, err := c.DB.Unsettled(ctx)
	if err != nil {
		return err
	}
	for _, v := range uploads {
		if time.Since(v.CreatedAt) < settleTime {
			continue
		}
		_, err := c.Files.Locate(v.ID)
		if errors.Is(err, fs.ErrNotExist) {
			found["upload "+v.ID] = flaw{"is under way, but its file is missing", func() error { return c.forget(ctx, v.ID) }}
		} else if err != nil {
			return err
		}
	}
	return nil
}

// lostFiles adds the files that no row stands for. A thumbnail or sound that a
// video lacks is nothing lost: it is made again.
func (c *check) lostFiles(ctx context.Context, found map[string]flaw) error {
	for _, folder := range []struct {
		name   string
		ids    iter.Seq2[string, error]
		remove func(string) error
	}{
		{"incoming", c.Files.Incoming(), c.Files.Discard},
		{"videos", c.Files.Videos(), c.Files.Remove},
		{"thumbnails", c.Files.Thumbnails(), c.Files.RemoveThumbnail},
		{"audio", c.Files.Sounds(), c.Files.RemoveSound},
	} {
		orphans, err := c.orphans(ctx, folder.ids)
		if err != nil {
			return err
		}
		for id := range orphans {
			found["file "+folder.name+"/"+id] = flaw{"belongs to no video", func() error { return folder.remove(id) }}
		}
	}
	return nil
}
