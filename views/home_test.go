package views

import (
	"strings"
	"testing"
	"time"
)

func TestQuotaWidget(t *testing.T) {
	for _, test := range []struct {
		language Language
		holds    []string
		refresh  string
	}{
		{Thai, []string{"Quota: 3/10 ไฟล์", "Session ID: user_john", "ใช้ไป 7:30 จาก 10:00 นาที", "เหลือ 2:30 นาที", "อัปโหลดได้อีก 6 ไฟล์", "กำลังอัปโหลดอยู่ 1 ไฟล์"}, "🔄 รีเฟรช Quota"},
		{English, []string{"Quota: 3/10 files", "Session ID: user_john", "7:30 of 10:00 minutes used", "2:30 minutes left", "6 more to upload", "Uploading now: 1"}, "🔄 Refresh quota"},
	} {
		t.Run(string(test.language), func(t *testing.T) {
			source := rendered(t, QuotaWidget(signedIn(test.language), someQuota))
			widget := byID(t, source, "quota")
			for name, want := range map[string]string{
				"data-session-id": "user_john", "data-max-bytes": "524288000",
				"data-remaining-ms": "149500", "data-remaining-videos": "6",
			} {
				if got, _ := attribute(widget, name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if _, outOfBand := attribute(widget, "hx-swap-oob"); outOfBand {
				t.Error("the widget alone is out of band")
			}
			for _, want := range test.holds {
				// In the source too, where no element may come between the words.
				if !strings.Contains(source, want) {
					t.Errorf("%q is missing", want)
				}
			}
			if got := textOf(byID(t, source, "refresh-quota")); got != test.refresh {
				t.Errorf("the refresh button says %q", got)
			}
		})
	}
}

func TestBars(t *testing.T) {
	for _, test := range []struct {
		name                     string
		quota                    Quota
		videos, videosMax, spoke string
	}{
		{"some used", someQuota, "3", "10", "3 of 10"},
		{"none used", Quota{MaxVideos: 10, MaxDuration: time.Minute}, "0", "10", "0 of 10"},
		{"limit lowered below usage", Quota{Videos: 9, MaxVideos: 5, Duration: time.Hour, MaxDuration: time.Minute}, "9", "5", "9 of 5"},
		{"nothing allowed", Quota{}, "0", "1", "0 of 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var meters []string
			source := rendered(t, QuotaWidget(signedIn(English), test.quota))
			for _, n := range elements(t, source) {
				if n.Data == "meter" {
					value, _ := attribute(n, "value")
					limit, _ := attribute(n, "max")
					text, _ := attribute(n, "aria-valuetext")
					meters = append(meters, value+" "+limit+" "+text)
				}
			}
			if len(meters) != 2 || meters[0] != test.videos+" "+test.videosMax+" "+test.spoke {
				t.Errorf("the bars are %q", meters)
			}
			if strings.Contains(source, `="-`) || strings.Contains(source, ":-") {
				t.Error("a figure is negative")
			}
		})
	}
}

func TestUploadForm(t *testing.T) {
	source := rendered(t, HomePage(signedIn(Thai), Home{Quota: someQuota, Alert: "เต็ม"}))
	form := byID(t, source, "upload")
	for name, want := range map[string]string{
		"method": "post", "action": "/upload-video", "enctype": "multipart/form-data",
		"hx-post": "/upload-video", "hx-encoding": "multipart/form-data",
	} {
		if got, _ := attribute(form, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	input := byID(t, source, "file")
	for name, want := range map[string]string{"type": "file", "name": "file"} {
		if got, _ := attribute(input, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	alert := byID(t, source, UploadAlertID)
	if role, _ := attribute(alert, "role"); role != "alert" || textOf(alert) != "เต็ม" {
		t.Errorf("the alert has role %q and says %q", role, textOf(alert))
	}
	// The script fills {0}, {1} and {2} in.
	for name, want := range map[string]int{"data-too-big": 2, "data-too-long": 2, "data-progress": 3, "data-finished": 1} {
		if text, _ := attribute(form, name); strings.Count(text, "{") != want {
			t.Errorf("%s is %q", name, text)
		}
	}
}

func TestUploadedPutsItemAndWidget(t *testing.T) {
	source := rendered(t, Uploaded(signedIn(Thai), someVideo, someQuota))
	all := elements(t, source)
	if id, _ := attribute(all[0], "data-video-id"); all[0].Data != "li" || id != someVideo.ID {
		t.Errorf("it begins with <%s> for %q", all[0].Data, id)
	}
	if oob, _ := attribute(byID(t, source, "quota"), "hx-swap-oob"); oob != "true" {
		t.Error("the widget is not out of band")
	}
}

func TestVideoItem(t *testing.T) {
	for _, test := range []struct {
		name          string
		video         Video
		holds, hasNot []string
	}{
		{
			"accepted", someVideo,
			[]string{"3:23", "84 MB", "/videos/0197-a/file", `hx-delete="/videos/0197-a"`, `datetime="2026-03-04T05:06:07Z"`, `action="/videos/0197-a/delete"`},
			[]string{"badge"},
		},
		{
			"measuring",
			Video{ID: "m", Status: "measuring"},
			[]string{"กำลังวัดความยาว", "ไม่มีชื่อไฟล์"},
			[]string{"/file", "hx-delete", "<span>0:00</span>"},
		},
		{
			"rejected",
			Video{ID: "r", Status: "rejected", Reason: "quota-duration"},
			[]string{"ไม่ผ่าน", "วิดีโอยาวกว่าโควตาที่เหลือ", "hx-delete"},
			[]string{"/file"},
		},
		{
			"odd id",
			Video{ID: "a/../b?c", Status: "accepted"},
			[]string{`hx-delete="/videos/a%2F..%2Fb%3Fc"`},
			[]string{"/a/"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := rendered(t, videoItem(signedIn(Thai), test.video))
			for _, want := range test.holds {
				if !strings.Contains(source, want) {
					t.Errorf("%q is missing", want)
				}
			}
			for _, forbidden := range test.hasNot {
				if strings.Contains(source, forbidden) {
					t.Errorf("%q is there", forbidden)
				}
			}
		})
	}
}

// The bytes of a file must never be fetched as a page to be swapped in.
func TestDownloadIsNotBoosted(t *testing.T) {
	for _, n := range elements(t, rendered(t, videoItem(signedIn(Thai), someVideo))) {
		if href, _ := attribute(n, "href"); strings.HasSuffix(href, "/file") {
			if boost, _ := attribute(n, "hx-boost"); boost != "false" {
				t.Error("the download is boosted")
			}
			return
		}
	}
	t.Error("there is no download")
}

func TestMoreVideos(t *testing.T) {
	more := rendered(t, MoreVideos(signedIn(Thai), []Video{someVideo}, "a&b=c"))
	link := byID(t, more, "more-videos-link")
	for name, want := range map[string]string{"href": "/?cursor=a%26b%3Dc", "hx-get": "/videos?cursor=a%26b%3Dc", "hx-target": "#videos"} {
		if got, _ := attribute(link, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	last := rendered(t, MoreVideos(signedIn(Thai), nil, ""))
	if strings.Contains(last, "<a") {
		t.Error("the last page leads on")
	}
	if oob, _ := attribute(byID(t, last, "more-videos"), "hx-swap-oob"); oob != "true" {
		t.Error("the link of the page before stays")
	}
}
