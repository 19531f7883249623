package views

import (
	"strings"
	"testing"
)

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
			[]string{"3:23", "84 MB", `src="/videos/0197-a/thumbnail"`, `href="/videos/0197-a"`, "/videos/0197-a/file", `hx-delete="/videos/0197-a"`, `datetime="2026-03-04T05:06:07Z"`, `action="/videos/0197-a/delete"`},
			[]string{"badge"},
		},
		{
			"measuring",
			Video{ID: "m", Status: "measuring"},
			[]string{"กำลังวัดความยาว", "ไม่มีชื่อไฟล์"},
			[]string{"/file", "hx-delete", "<span>0:00</span>"},
		},
		{
			"unfinished",
			Video{ID: "u", SizeBytes: 1000, ReceivedBytes: 439, Resumable: true, Status: "receiving"},
			[]string{"ส่งยังไม่ครบ", "ส่งค้างไว้ 43%", "เลือกไฟล์เดิมเพื่อส่งต่อ", `hx-delete="/files/u"`, "Tus-Resumable"},
			[]string{"/file\"", "/delete"},
		},
		{
			"sent by a form",
			Video{ID: "f", SizeBytes: 1000, Status: "receiving"},
			[]string{"ส่งยังไม่ครบ"},
			[]string{"ส่งค้างไว้", "hx-delete"},
		},
		{
			"sound",
			Video{ID: "s", Container: "mp3", Status: "accepted"},
			[]string{"thumb-sound", `hx-get="/videos/s?part=player"`},
			[]string{"<img"},
		},
		{
			"rejected",
			Video{ID: "r", Status: "rejected", Reason: "quota-duration"},
			[]string{"ไม่ผ่าน", "วิดีโอยาวกว่าโควตาที่เหลือ", "hx-delete", "ไฟล์นี้ไม่ได้ใช้โควตา"},
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
