package uploads

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
	"gensubtitle/internal/storage"
)

const (
	checkPage = 500
	// changeTime is more than a service takes to change a row and its file.
	changeTime = time.Second
)

// Finding is one disagreement between database, ledger and files.
type Finding struct {
	Subject string // what it is about: a quota session, user, video or file
	Problem string
	Mended  bool
	Note    bool // nothing is wrong any more: a file waits among the orphans
}

// Check compares database, ledger and files and reports each disagreement as
// it is found, an error of report ending it. With repair it mends what is safe
// to mend: whatever can be told for certain from what is left, which is nothing
// when the database file itself is damaged.
func (s *Service) Check(ctx context.Context, repair bool, report func(Finding) error) error {
	c := &check{Service: s, repair: repair, report: report}
	for _, compare := range []func(context.Context) error{
		c.damage, c.names, c.sessions, c.usage, c.totals, c.events, c.subtitles, c.accepted, c.slots, c.files, c.orphaned,
	} {
		if err := compare(ctx); err != nil {
			return fmt.Errorf("check: %w", err)
		}
	}
	return nil
}

type check struct {
	*Service
	repair bool
	report func(Finding) error
	aside  map[string]storage.Orphan // the whole ones, by their ids
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
	orphans, err := c.Files.Orphans()
	if err != nil {
		return err
	}
	c.aside = map[string]storage.Orphan{}
	for _, o := range orphans {
		if !o.Part {
			c.aside[o.ID] = o
		}
	}
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
		// One that cannot be looked at keeps nobody from looking at the others.
		return c.find("video "+v.ID, "has a file that cannot be looked at", nil)
	}
	if still, err := c.DB.HasVideo(ctx, v.ID); err != nil || !still {
		return err // It was deleted a moment ago.
	}
	if o, ok := c.aside[v.ID]; ok && o.Size == v.SizeBytes {
		return c.find("video "+v.ID, "is accepted, but its file is among the orphans", func() error { return c.Files.TakeBack(o) })
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

// orphaned tells of the files that were set aside.
func (c *check) orphaned(ctx context.Context) error {
	return errors.Join(c.eachOrphan(ctx, func(_ context.Context, o storage.Orphan) error {
		return c.report(Finding{
			Subject: "file orphans/" + o.Name, Note: true,
			Problem: "belongs to no video and is removed after " + o.Since.Add(orphanLife).UTC().Format(time.DateOnly),
		})
	})...)
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
	if err := c.lostRemovals(ctx, found); err != nil {
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
		missing, err := c.missing(v)
		if err != nil {
			found["upload "+v.ID] = flaw{"is under way, but its file cannot be looked at", nil}
		} else if missing {
			found["upload "+v.ID] = flaw{"is under way, but its file is missing", func() error { return c.forget(ctx, v.ID) }}
		}
	}
	return nil
}

// lostRemovals adds files that were to be removed a while ago: a service removes
// them at once.
func (c *check) lostRemovals(ctx context.Context, found map[string]flaw) error {
	ids, err := c.DB.Removals(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		// A service that is asked to stop may leave but the note of it.
		if left, err := c.Files.HasAny(id); err != nil {
			return err
		} else if !left {
			continue
		}
		found["files of "+id] = flaw{"are still there, although the upload is gone", func() error { return c.RemoveFiles(ctx, id) }}
	}
	return nil
}

// lostFiles adds the files that no row stands for. A thumbnail or sound that a
// video lacks is nothing lost: it is made again.
func (c *check) lostFiles(ctx context.Context, found map[string]flaw) error {
	unsure := c.CheckVideos(ctx)
	if errors.Is(unsure, ErrNoVideos) {
		found["database"] = flaw{"knows no videos, but videos/ has some: it may be the wrong one", nil}
	} else if unsure != nil {
		return unsure
	}
	for _, folder := range []struct {
		name string
		ids  iter.Seq2[string, error]
		mend func(string) error
	}{
		{"incoming", c.Files.Incoming(), c.Files.SetAsideIncoming},
		{"videos", c.Files.Videos(), c.Files.SetAside},
		{"thumbnails", c.Files.Thumbnails(), c.Files.RemoveThumbnail},
		{"audio", c.Files.Sounds(), c.Files.RemoveSound},
	} {
		orphans, err := c.orphans(ctx, folder.ids)
		if err != nil {
			return err
		}
		for id := range orphans {
			f := flaw{"belongs to no video", func() error { return folder.mend(id) }}
			if unsure != nil {
				f.mend = nil
			}
			found["file "+folder.name+"/"+id] = f
		}
	}
	return nil
}
