package handlers

import (
	"mime"
	"strings"
	"testing"
)

func TestAttachment(t *testing.T) {
	for name, ascii := range map[string]string{
		"a.mp4":                "a.mp4",
		"My film (1).mp4":      "My film (1).mp4",
		"วิดีโอ.mp4":           "download.mp4",
		"งาน แรก.srt":          "download.srt",
		"สรุป 2024 ภาค 2.mp4":  "2024 _ 2.mp4",
		"café naïve.webm":      "cafe naive.webm",
		`say "hi"\.mp4`:        "say _hi.mp4",
		"100%25 sure;a=b.mp4":  "100_25 sure_a_b.mp4",
		"a\r\nSet-Cookie: x":   "a_Set-Cookie_ x",
		"../../etc/passwd.mp4": "etc_passwd.mp4",
		"ｆｕｌｌ.mp4":             "full.mp4",
		"no extension":         "no extension",
		"ไฟล์":                 "download",
		"a.วิดีโอ":             "a",
		".mp4":                 "download.mp4",
		"a.tar.gz":             "a.tar.gz",
		"😀.mp4":                "download.mp4",
		"a'b*c~d.mp4":          "a_b_c_d.mp4",
		"\xff.mp4":             "download.mp4",
	} {
		got := attachment(name)
		if want := `attachment; filename="` + ascii + `"; `; !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
		checkAttachment(t, name)
	}
}

// checkAttachment wants the name back from whoever knows filename*, and one of
// plain ASCII for others.
func checkAttachment(t *testing.T, name string) {
	t.Helper()
	got := attachment(name)
	for _, b := range []byte(got) {
		if b < ' ' || b > '~' {
			t.Fatalf("%q: %q holds %q", name, got, b)
		}
	}
	kind, params, err := mime.ParseMediaType(got)
	if err != nil || kind != "attachment" || len(params) != 1 || params["filename"] != name {
		t.Errorf("%q: %s reads as %q %q, %v", name, got, kind, params, err)
	}
	plain, _, _ := strings.Cut(got, "; filename*=")
	_, params, err = mime.ParseMediaType(plain)
	if err != nil || params["filename"] != asciiName(name) || strings.ContainsAny(params["filename"], `"\%/;`) {
		t.Errorf("%q: %s reads as %q, %v", name, plain, params, err)
	}
}

func FuzzAttachment(f *testing.F) {
	for _, seed := range []string{"a.mp4", "วิดีโอ.mp4", `"\`, "a\r\nb", "%00", "é.", "..", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name != "" {
			checkAttachment(t, name)
		}
	})
}
