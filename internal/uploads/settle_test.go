package uploads

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/waittest"
)

// tone is a WAV file of one second.
func tone() []byte {
	const rate = 16000
	file := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, 36+2*rate)...)
	file = append(file, "WAVEfmt "...)
	file = binary.LittleEndian.AppendUint32(file, 16)
	for _, n := range []uint16{1, 1} {
		file = binary.LittleEndian.AppendUint16(file, n)
	}
	file = binary.LittleEndian.AppendUint32(file, rate)
	file = binary.LittleEndian.AppendUint32(file, 2*rate)
	for _, n := range []uint16{2, 16} {
		file = binary.LittleEndian.AppendUint16(file, n)
	}
	file = append(file, "data"...)
	file = binary.LittleEndian.AppendUint32(file, 2*rate)
	for i := range rate {
		file = binary.LittleEndian.AppendUint16(file, uint16(i*131%8000))
	}
	return file
}

// measuring is a service of the user john that can measure.
func measuring(t *testing.T) *Service {
	t.Helper()
	p := newPlace(t)
	p.user("john")
	p.Meter = media.NewMeter(media.Options{})
	t.Cleanup(p.Stop)
	return p.Service
}

// completed is a resumable upload of john whose bytes are all there.
func completed(t *testing.T, s *Service, data []byte) db.Video {
	t.Helper()
	id, err := newID()
	if err != nil {
		t.Fatal(err)
	}
	u := db.Upload{ID: id, SessionID: "user_john", Filename: "a.wav", SizeBytes: int64(len(data))}
	if err := s.DB.AdmitResumable(t.Context(), u, 100); err != nil {
		t.Fatal(err)
	}
	file, err := s.Files.Create(u.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	v, err := s.DB.Complete(t.Context(), u.ID, s.Node.ID)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// wantVideo requires a status, and the file where that has one.
func wantVideo(t *testing.T, s *Service, id string, status db.Status, reason string) {
	t.Helper()
	v, err := s.DB.Video(t.Context(), "user_john", id)
	if err != nil || v.Status != status || v.Reason != reason {
		t.Errorf("the upload is %s (%s), want %s (%s): %v", v.Status, v.Reason, status, reason, err)
	}
	_, lost := s.Files.Size(id)
	if (lost == nil) != (status == db.Accepted) {
		t.Errorf("the file of an upload that is %s: %v", status, lost)
	}
	for left, err := range s.Files.Incoming() {
		if err != nil || left == id {
			t.Errorf("left is %q: %v", left, err)
		}
	}
}

// TestSettleOfWhatWasCounted settles an upload with what was known of it before
// it was counted, as happens when it is listed a moment too early. The quota
// that counts it leaves no room for it a second time.
func TestSettleOfWhatWasCounted(t *testing.T) {
	s := measuring(t)
	second := time.Second
	if _, err := s.DB.SetLimits(t.Context(), db.QuotaChange{SessionID: "user_john", Actor: "admin"}, db.OwnLimits{Duration: &second}); err != nil {
		t.Fatal(err)
	}
	v := completed(t, s, tone())
	for range 2 {
		if err := s.settle(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		wantVideo(t, s, v.ID, db.Accepted, "")
	}
	// Whoever comes too late changes nothing.
	if err := errors.Join(s.reject(t.Context(), v, &Rejected{Unmeasurable, errUnmeasurable}), s.forget(t.Context(), v.ID)); err != nil {
		t.Fatal(err)
	}
	wantVideo(t, s, v.ID, db.Accepted, "")
}

func TestSettleTogether(t *testing.T) {
	s := measuring(t)
	good, bad := completed(t, s, tone()), completed(t, s, []byte("no video at all"))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				s.measureLater(good)
				s.measureLater(bad)
				if err := s.resumeMeasuring(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	waittest.Group(t, &all)
	waittest.Group(t, s.background)
	wantVideo(t, s, good.ID, db.Accepted, "")
	wantVideo(t, s, bad.ID, db.Rejected, "not-a-video")
	quota, err := s.DB.Quota(t.Context(), "user_john")
	if err != nil || quota.Usage != (db.Usage{Videos: 1, Duration: time.Second}) {
		t.Errorf("usage %+v: %v", quota.Usage, err)
	}
}

// poisoned panics once a file is measured.
type poisoned struct{ storage.Store }

func (poisoned) Keep(string) error { panic("poison") }

// TestPoisonedUpload has measuring panic, or end the process, each time.
func TestPoisonedUpload(t *testing.T) {
	for what, fail := range map[string]func(*Service, db.Video){
		"panics": func(s *Service, v db.Video) {
			files := s.Files
			s.Files = poisoned{files}
			s.measureLater(v)
			waittest.Group(t, s.background)
			s.Files = files
		},
		"ends the process": func(s *Service, v db.Video) {
			if err := s.DB.BeginMeasuring(context.Background(), v.ID, s.Node.ID); err != nil {
				panic(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := measuring(t)
			v, other := completed(t, s, tone()), completed(t, s, tone())
			// The other was being measured when the first of them ended the process.
			if err := s.DB.BeginMeasuring(t.Context(), other.ID, s.Node.ID); err != nil {
				t.Fatal(err)
			}
			for range maxMeasureTries {
				fail(s, v)
				if now, err := s.DB.Video(t.Context(), "user_john", v.ID); err != nil || now.Status != db.Measuring {
					t.Fatalf("the upload is %s: %v", now.Status, err)
				}
			}
			if err := s.resumeMeasuring(t.Context()); err != nil {
				t.Fatal(err)
			}
			waittest.Group(t, s.background)
			wantVideo(t, s, v.ID, db.Rejected, "unmeasurable")
			wantVideo(t, s, other.ID, db.Accepted, "")
		})
	}
}

// What fails for a reason of ours is no try.
func TestMeasuringPutOff(t *testing.T) {
	s := measuring(t)
	v := completed(t, s, tone())
	meter := s.Meter
	s.Meter = media.NewMeter(media.Options{FFmpeg: "no-such-program"})
	for range maxMeasureTries + 2 {
		if err := s.settle(t.Context(), v); !errors.Is(err, media.ErrUnavailable) {
			t.Fatalf("got %v, want %v", err, media.ErrUnavailable)
		}
	}
	s.Meter = meter
	if err := s.settle(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	wantVideo(t, s, v.ID, db.Accepted, "")
}
