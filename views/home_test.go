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
