package media

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTrackName(t *testing.T) {
	t.Parallel()
	for handler, want := range map[string]string{
		"SoundHandler":                         "",
		"VideoHandler":                         "",
		"Core Media Audio":                     "",
		"Apple Sound Media Handler":            "",
		"GPAC ISO Audio Handler":               "",
		"#Mainconcept MP4 Sound Media Handler": "",
		"L-SMASH Audio Handler":                "",
		"ISO Media file produced by Google Inc. Created on: 11/10/2020.": "",
		"IsoMedia File Produced by Google, 5-11-2011":                    "",
		"Twitter-vork muxer":     "",
		"SoundHandle":            "", // Android's
		"\fSoundHandler":         "",
		"\x1fGoPro AAC  ":        "",
		"Handle with care":       "Handle with care",
		"Stereo":                 "",
		"":                       "",
		"Pineapple commentary":   "Pineapple commentary",
		"Mono mix":               "Mono mix",
		"Stereo, for headphones": "Stereo, for headphones",
		"Sound of the handler":   "Sound of the handler",
		"เสียงบรรยาย":            "เสียงบรรยาย",
		"a\u202eb\u2066c\tพิเศษ": "abc พิเศษ",
		"\u202e\u200b\u200d":     "",
		"👩\u200d🚀":               "👩\u200d🚀",
	} {
		if _, name := readTags(map[string]string{"handler_name": handler}); name != want {
			t.Errorf("%q is called %q, want %q", handler, name, want)
		}
	}
	for tag, want := range map[string]string{"tha": "th", "en_US": "en", "pt-BR": "pt", "und": "", "xx_": "", "": ""} {
		if code, _ := readTags(map[string]string{"LANGUAGE": tag}); code != want {
			t.Errorf("%q is %q, want %q", tag, code, want)
		}
	}
}

// TestLanguagesBesideLongNames has names that together fill the list.
func TestLanguagesBesideLongNames(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("ยาว", 13_000) // 117 kB
	args := soundOnly("-map", "0", "-map", "0", "-map", "0", "-c:a", "flac")
	for n, code := range []string{"tha", "eng", "jpn"} {
		at := "-metadata:s:" + strconv.Itoa(n)
		args = append(args, at, "language="+code, at, "title="+name)
	}
	got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", encode(t, "x.mkv", args...), time.Minute, nil)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, track := range got.Tracks {
		codes = append(codes, track.Language)
	}
	if !slices.Equal(codes, []string{"th", "en", "ja"}) {
		t.Errorf("the languages are %q", codes)
	}
}
