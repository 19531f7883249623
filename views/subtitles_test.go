package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

var hostileSubtitles = Subtitles{
	EngineSet: true, Translates: true, Edited: true, Original: true, Alert: hostile, Notes: []EngineNote{{hostile, time.Second, hostile}},
	Cues: []Cue{{Start: time.Second, End: 2 * time.Second, Text: hostile}, {Start: 3 * time.Second, End: 5 * time.Second, Text: "</textarea></noscript>" + hostile}},
	VTT:  "WEBVTT\n\n00:01.000 --> 00:02.000\n</textarea></noscript>" + hostile,
}

var hostileQueue = SubtitleQueue{
	EngineSet: true, Engine: hostile, Trouble: &EngineTrouble{someTime, someTime, hostile, hostile}, Cursor: hostile, NextCursor: hostile,
	Jobs: []SubtitleJob{
		{VideoID: hostile, SessionID: hostile, Username: hostile, Filename: hostile, Status: "failed", Error: hostile, Detail: hostile, Tries: 5},
		{VideoID: "b", SessionID: "user_b", Username: "b", Filename: hostile, Status: "queued", Position: 1, RetryAt: &someTime},
		{VideoID: "c", SessionID: "user_c", Username: "c", Status: "running", Progress: 40},
	},
}

func hostileVideo(status string, revision int64) Video {
	v := someVideo
	v.ID, v.Filename = hostile, hostile
	v.Subtitles = SubtitleState{Status: status, Language: hostile, Translate: true, Error: hostile, Position: 1, RetryAt: &someTime, Revision: revision}
	return v
}

// withSubtitles is a video with the address /videos/0197-a.
func withSubtitles(state SubtitleState) Video {
	v := someVideo
	v.Subtitles = state
	return v
}

var twoCues = []Cue{
	{Start: 62345 * time.Millisecond, End: 64 * time.Second, Text: "สวัสดี\nครับ"},
	{Start: time.Hour, End: time.Hour + 1500*time.Millisecond, Text: "Hello"},
}

func TestSubtitlesSection(t *testing.T) {
	engine := Subtitles{EngineSet: true, Translates: true}
	text := Subtitles{EngineSet: true, Cues: twoCues, VTT: "WEBVTT\n", Original: true}
	edited := text
	edited.Edited = true
	making := []string{`id="make"`, `id="make-subtitles"`, `<option value="">ให้ระบบตรวจหาเอง</option>`}
	for _, test := range []struct {
		name          string
		state         SubtitleState
		subtitles     Subtitles
		holds, hasNot []string
	}{
		{
			"never asked for",
			SubtitleState{},
			engine,
			append(making, `data-status="none"`, "ยังไม่มีคำบรรยาย", `name="translate"`, "สร้างคำบรรยาย", `id="subtitle-file-form"`),
			[]string{"data-poll", "data-captions", `id="editor"`, `id="downloads"`, "<progress", "data-no-engine", `id="restore"`, "hx-confirm"},
		},
		{
			"an engine that does not translate",
			SubtitleState{},
			Subtitles{EngineSet: true},
			making,
			[]string{`name="translate"`},
		},
		{
			"queued",
			SubtitleState{Status: "queued", Position: 4, Language: "th"},
			engine,
			[]string{`data-status="queued"`, "รอคิวอยู่ลำดับที่ 4", `data-poll="/videos/0197-a/subtitles"`, `data-poll-every="2000"`, `action="/videos/0197-a/subtitles/cancel"`},
			[]string{`id="make"`, `id="editor"`, "subtitle-file", "ซึ่งยังไม่ตอบ"},
		},
		{
			"an engine that does not answer",
			SubtitleState{Status: "queued", Position: 1, RetryAt: &someTime},
			engine,
			[]string{"รอระบบถอดเสียง ซึ่งยังไม่ตอบ", `datetime="2026-03-04T05:06:07Z"`, "data-poll=", "/subtitles/cancel"},
			[]string{"ลำดับที่"},
		},
		{
			"running",
			SubtitleState{Status: "running", Progress: 37},
			engine,
			[]string{`data-status="running"`, `<progress class="mt-2" max="100" value="37"`, "เสร็จแล้ว 37%", "data-poll="},
			[]string{`id="make"`, "ลำดับที่"},
		},
		{
			"made again",
			SubtitleState{Status: "running", Revision: 2},
			text,
			[]string{"จนกว่าคำบรรยายใหม่จะเสร็จ", `data-captions="/videos/0197-a/subtitles.vtt?v=2"`, `id="downloads"`},
			[]string{`id="editor"`, `id="make"`, "สวัสดี"},
		},
		{
			"no sound",
			SubtitleState{Status: "failed", Error: "no-sound"},
			engine,
			append(making, "สร้างคำบรรยายไม่สำเร็จ", "ไม่พบเสียงที่อ่านได้", "ลองอีกครั้ง"),
			[]string{"data-poll", "ทำงานผิดพลาด"},
		},
		{
			"file missing",
			SubtitleState{Status: "failed", Error: "file-missing"},
			engine,
			[]string{"ไม่พบไฟล์ของวิดีโอนี้"},
			[]string{"ไม่พบเสียง", "ระบบถอดเสียงทำงานผิดพลาด"},
		},
		{
			"refused",
			SubtitleState{Status: "failed", Error: "engine-refused"},
			engine,
			[]string{"ไม่รับเสียงหรือภาษานี้"},
			[]string{"ไม่พบเสียง"},
		},
		{
			"failed",
			SubtitleState{Status: "failed", Error: "engine-failed"},
			engine,
			[]string{"ทำงานผิดพลาด กรุณา"},
			[]string{"ไม่พบเสียง"},
		},
		{
			"crashed",
			SubtitleState{Status: "failed", Error: "crashed"},
			engine,
			append(making, "หยุดทำงานกะทันหันสองครั้ง", "ลองอีกครั้ง"),
			[]string{"ทำงานผิดพลาด กรุณา"},
		},
		{
			"cancelled",
			SubtitleState{Status: "cancelled"},
			engine,
			append(making, "ยกเลิกแล้ว"),
			[]string{"data-poll", "/subtitles/cancel"},
		},
		{
			"done",
			SubtitleState{Status: "done", Language: "th", Revision: 7},
			text,
			[]string{
				`data-revision="7"`, `data-captions="/videos/0197-a/subtitles.vtt?v=7"`, `data-captions-language="th"`,
				`data-start="62345"`, `data-end="64000"`, `data-start="3600000"`, `data-end="3601500"`,
				"สวัสดี\nครับ", "Hello", `formaction="/videos/0197-a/subtitles.srt"`, `formaction="/videos/0197-a/subtitled.mkv"`,
				`name="width" type="number"`, `placeholder="35/42" title="หากเว้นว่าง: 35 `, `id="save-state"`, `name="revision" value="7"`, "สร้างใหม่อีกครั้ง",
				`<div id="restore" hidden>`,
			},
			[]string{"data-poll=", "<progress", "hx-confirm=\"สร้าง"},
		},
		{
			"edited",
			SubtitleState{Status: "done", Revision: 8},
			edited,
			[]string{`<div id="restore">`, `hx-confirm="สร้างคำบรรยายใหม่ใช่ไหม?"`, `action="/videos/0197-a/subtitles/restore"`},
			[]string{`id="edited" class="badge badge-accent" hidden`},
		},
		{
			"nothing is said",
			SubtitleState{Status: "done", Revision: 1},
			Subtitles{EngineSet: true},
			[]string{"ไม่ได้ยินเสียงพูด", `id="editor"`},
			[]string{"คำบรรยายพร้อมแล้ว"},
		},
		{
			"a file, and no engine",
			SubtitleState{Revision: 1},
			Subtitles{Cues: twoCues},
			[]string{`id="editor"`, "สวัสดี", `id="subtitle-file-form"`},
			[]string{"data-no-engine", `id="make"`, `id="restore"`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := rendered(t, SubtitlesSection(signedIn(Thai), withSubtitles(test.state), test.subtitles))
			hold(t, source, test.holds, test.hasNot)
		})
	}
}

func hold(t *testing.T, source string, holds, hasNot []string) {
	t.Helper()
	for _, want := range holds {
		if !strings.Contains(source, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, forbidden := range hasNot {
		if strings.Contains(source, forbidden) {
			t.Errorf("%q is there", forbidden)
		}
	}
}

// Everybody is told that an engine is missing, and admins how to set one.
func TestNoEngine(t *testing.T) {
	for _, l := range languages {
		for _, admin := range []bool{false, true} {
			p := signedIn(l)
			p.Admin = admin
			source := rendered(t, SubtitlesSection(p, someVideo, Subtitles{}))
			hold(t, source, []string{Messages(l).Subtitles.NoEngine, `id="subtitle-file-form"`}, []string{`id="make"`, "data-poll="})
			for _, setting := range []string{"--engine-url", "--engine-command"} {
				if strings.Contains(source, setting) != admin {
					t.Errorf("%s, admin %t: %s is shown: %t", l, admin, setting, !admin)
				}
			}
		}
	}
}

// What is said of changes must not change with every percent.
func TestAnnouncedOnce(t *testing.T) {
	announced := func(state SubtitleState) string {
		text, _ := attribute(byID(t, rendered(t, SubtitlesSection(signedIn(English), withSubtitles(state), Subtitles{EngineSet: true})), "subtitles"), "data-announce")
		return text
	}
	if a, b := announced(SubtitleState{Status: "running", Progress: 10}), announced(SubtitleState{Status: "running", Progress: 11}); a == "" || a != b {
		t.Errorf("%q, then %q", a, b)
	}
	if a, b := announced(SubtitleState{Status: "queued", Position: 2}), announced(SubtitleState{Status: "queued", Position: 1}); a == b {
		t.Errorf("both places are %q", a)
	}
}

func TestCaptionsOverTheVideo(t *testing.T) {
	state := SubtitleState{Status: "done", Language: "th", Revision: 3}
	sound := withSubtitles(state)
	sound.HasPicture, sound.Container = false, "mp3"
	for name, source := range map[string]string{
		"page":  rendered(t, VideoPage(signedIn(English), withSubtitles(state), Subtitles{})),
		"list":  rendered(t, Player(signedIn(English), withSubtitles(state))),
		"sound": rendered(t, Player(signedIn(English), sound)),
	} {
		var tracks []*html.Node
		for _, n := range elements(t, source) {
			if n.Data == "track" {
				tracks = append(tracks, n)
			}
		}
		if len(tracks) != 1 {
			t.Fatalf("%s: %d tracks", name, len(tracks))
		}
		for attr, want := range map[string]string{"src": "/videos/0197-a/subtitles.vtt?v=3", "kind": "captions", "srclang": "th", "label": "Thai", "default": ""} {
			if got, ok := attribute(tracks[0], attr); !ok || got != want {
				t.Errorf("%s: %s is %q, want %q", name, attr, got, want)
			}
		}
	}
	hold(t, rendered(t, VideoPage(signedIn(English), someVideo, Subtitles{})), nil, []string{"<track", "data-captions="})
}

func TestNoSubtitlesBeforeTheVideo(t *testing.T) {
	v := withSubtitles(SubtitleState{Status: "done", Revision: 3})
	v.Status = "measuring"
	hold(t, rendered(t, VideoPage(signedIn(Thai), v, Subtitles{EngineSet: true})), nil, []string{`id="subtitles"`, "<track"})
}

// Text is never markup: it is in the page as it was written, in one node.
func TestCueIsText(t *testing.T) {
	source := rendered(t, SubtitlesSection(signedIn(Thai), hostileVideo("done", 3), hostileSubtitles))
	var read []string
	for _, n := range elements(t, source) {
		if class, _ := attribute(n, "class"); class == "cue-read" {
			read = append(read, n.FirstChild.Data)
			if n.FirstChild.Type != html.TextNode || n.FirstChild.NextSibling != nil {
				t.Error("a cue holds more than a text")
			}
		}
	}
	if want := []string{hostileSubtitles.Cues[0].Text, hostileSubtitles.Cues[1].Text}; !slices.Equal(read, want) {
		t.Errorf("got %q", read)
	}
}

func TestSubtitleBadge(t *testing.T) {
	for _, test := range []struct {
		state SubtitleState
		want  string
		polls bool
	}{
		{SubtitleState{}, "", false},
		{SubtitleState{Status: "cancelled"}, "", false},
		{SubtitleState{Status: "queued", Position: 3}, "Subtitles: place 3", true},
		{SubtitleState{Status: "queued", Position: 3, RetryAt: &someTime}, "Subtitles: waiting for the engine", true},
		{SubtitleState{Status: "running", Progress: 40}, "Subtitles: 40%", true},
		{SubtitleState{Status: "failed", Error: "no-sound"}, "Subtitles failed", false},
		{SubtitleState{Status: "done", Revision: 1}, "Subtitled", false},
	} {
		found := false
		for _, n := range elements(t, rendered(t, videoItem(signedIn(English), withSubtitles(test.state)))) {
			if _, ok := attribute(n, "data-subtitles"); !ok {
				continue
			}
			found = true
			if got := textOf(n); got != test.want {
				t.Errorf("%+v: %q, want %q", test.state, got, test.want)
			}
			if _, polls := attribute(n, "data-poll"); polls != test.polls {
				t.Errorf("%+v: polls is %t", test.state, polls)
			}
		}
		if !found {
			t.Errorf("%+v: there is no badge", test.state)
		}
	}
	rejected := Video{ID: "r", Status: "rejected", Subtitles: SubtitleState{Status: "failed"}}
	hold(t, rendered(t, videoItem(signedIn(English), rejected)), nil, []string{"data-subtitles"})
	// Admins see other people's videos, whose pages are not theirs.
	hold(t, rendered(t, sessionVideo(signedIn(English), withSubtitles(SubtitleState{Status: "queued"}))), nil, []string{"data-poll", "data-subtitles"})
}

func TestSpokenLanguages(t *testing.T) {
	for l, want := range map[Language][]spokenLanguage{
		Thai:    {{"th", "ไทย"}, {"en", "อังกฤษ"}, {"el", "กรีก"}},
		English: {{"th", "Thai"}, {"en", "English"}, {"af", "Afrikaans"}},
	} {
		got := spokenLanguages(l, []string{"zh", "af", "en", "el", "th"})
		if !slices.Equal(got[:3], want) {
			t.Errorf("%s: begins with %v", l, got[:3])
		}
		if len(got) != 5 {
			t.Errorf("%s: %v", l, got)
		}
	}
	for code, want := range map[string]string{"th": "Thai", "yue": "Cantonese", "not a code": "not a code", hostile: hostile, "": ""} {
		if got := English.nameOf(code); got != want {
			t.Errorf("%q is %q, want %q", code, got, want)
		}
	}
}
