package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"gensubtitle/internal/waittest"
)

// speech is an MP4 in which these words are spoken, in English.
func speech(t testing.TB, name, words string) string {
	t.Helper()
	sound := filepath.Join(t.TempDir(), "speech.wav")
	if out, err := waittest.Command(t, "espeak-ng", "-v", "en-us", "-s", "140", "-w", sound, words).CombinedOutput(); err != nil {
		t.Fatalf("speak: %v\n%s", err, out)
	}
	return ffmpeg(t, name, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10", "-i", sound, "-shortest",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
}

// TestSpeech goes from an upload in the browser to words on the page, with a
// real engine.
func TestSpeech(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs("../internal/engine/testdata/pocketsphinx.sh")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, "--engine-command=sh '"+script+"' {audio} {output}")
	s.register("A")
	b := s.tab()
	b.login("A", password)
	b.upload(speech(t, "speech.mp4", "The people want to know what the government will do about the problem."))
	b.until(`document.querySelector("#videos [data-video-id][data-status=accepted]")`)
	id := b.videosOnPage()[0]
	b.open("/videos/" + id)
	b.untilWithin(6*patience, `document.querySelector("#subtitles[data-status=done] [data-cue] textarea")`)
	heard := strings.ToLower(js[string](b, `[...document.querySelectorAll("[data-cue] textarea")].map(e => e.value).join(" ").replaceAll("\\n", " ")`))
	for _, word := range []string{"people want", "to know", "problem"} {
		if !strings.Contains(heard, word) {
			t.Errorf("%q is not in what was heard: %q", word, heard)
		}
	}
	b.until(`document.querySelector("video").textTracks[0]?.cues?.length > 0`)
}
