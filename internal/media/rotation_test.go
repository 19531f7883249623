package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// pictureTracks are the names of the tracks of pictures in an MKV, and how each is
// turned.
func pictureTracks(t *testing.T, path string) (names []string, turned []float32) {
	t.Helper()
	tracks, _, err := findTracks(load(t, path))
	if err != nil {
		t.Fatal(err)
	}
	for len(tracks) > 0 {
		entry, rest, ok := nextElement(tracks)
		if !ok {
			t.Fatalf("broken tracks: %x", tracks)
		}
		tracks = rest
		if entry.id != idTrackEntry {
			continue
		}
		name, roll, isVideo := "", float32(0), false
		for body := entry.body; len(body) > 0; {
			e, rest, ok := nextElement(body)
			if !ok {
				t.Fatalf("broken entry: %x", body)
			}
			body = rest
			switch e.id {
			case idName:
				name = string(e.body)
			case idVideo:
				isVideo = true
				if at := bytes.Index(e.body, []byte{0x76, 0x75, 0x84}); at >= 0 {
					roll = math.Float32frombits(binary.BigEndian.Uint32(e.body[at+3:]))
				}
			}
		}
		if isVideo {
			names, turned = append(names, name), append(turned, roll)
		}
	}
	return names, turned
}

// TestRotation has films of phones, held in each way, keep it in MKV.
func TestRotation(t *testing.T) {
	t.Parallel()
	flat := encode(t, "flat.mp4", both("-c:v", "libx264", "-c:a", "aac")...)
	m, _ := newMuxer(t, Options{})
	for _, test := range []struct {
		name   string
		args   []string
		titles []string
		turned []float32
	}{
		{"x.mp4", nil, []string{""}, []float32{0}},
		{"x.mp4", []string{"-metadata:s:v:0", "rotate=90"}, []string{""}, []float32{90}},
		{"x.mov", []string{"-metadata:s:v:0", "rotate=180"}, []string{""}, []float32{-180}},
		{"x.mp4", []string{"-metadata:s:v:0", "rotate=270"}, []string{""}, []float32{-90}},
		{
			"x.mp4",
			[]string{"-map", "0:v", "-map", "0:v", "-map", "0:a", "-metadata:s:v:1", "rotate=90"},
			[]string{"", ""},
			[]float32{0, 90},
		},
		{
			"x.mov",
			[]string{"-metadata:s:v:0", "rotate=90", "-metadata:s:v:0", "title=" + strings.Repeat("ยาว", 50)},
			[]string{strings.Repeat("ยาว", 50)},
			[]float32{90},
		},
	} {
		t.Run(test.name+" "+strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			path := encode(t, test.name, slices.Concat([]string{"-i", flat, "-c", "copy"}, test.args)...)
			out := muxed(t, m, Mux{Video: path, Subtitles: []byte(twoCues), Format: MKV, Language: "th"})
			names, turned := pictureTracks(t, out)
			if !slices.Equal(turned, test.turned) {
				t.Errorf("turned by %v, want %v", turned, test.turned)
			}
			if has := probe(t, path).Streams[0].Tags["title"] != ""; has && !slices.Equal(names, test.titles) || !has && slices.ContainsFunc(names, func(n string) bool { return n != "" }) {
				t.Errorf("called %q, want %q", names, test.titles)
			}
			checkCues(t, out, probe(t, out))
			ffmpegOut(t, out, "-map", "0:v", "-map", "0:a", "-c:v", "rawvideo", "-f", "null")
		})
	}
}

// TestRotationWithoutRoom leaves a file as it is that has no room for it.
func TestRotationWithoutRoom(t *testing.T) {
	t.Parallel()
	path := encode(t, "x.mkv", both("-c:v", "libx264", "-c:a", "aac", "-metadata:s:v:0", "title=x")...)
	before := load(t, path)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, p := range []picture{{rotation: 90}, {rotation: 90, title: "x"}} {
		if err := rotate(file, []picture{p}); !errors.Is(err, errNoTracks) {
			t.Errorf("got %v, want %v", err, errNoTracks)
		}
	}
	for _, data := range []string{"", "no film at all", string(before[:100]), string(before[:20]) + strings.Repeat("\xFF", 100)} {
		broken, err := os.OpenFile(save(t, "broken", []byte(data)), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(rotate(broken, []picture{{rotation: 90}}), broken.Close()); !errors.Is(err, errNoTracks) {
			t.Errorf("%q: got %v, want %v", data, err, errNoTracks)
		}
	}
	if !bytes.Equal(load(t, path), before) {
		t.Error("the file was changed")
	}
}

// TestRotationKeepsATitle has pictures with a title of their own.
func TestRotationKeepsATitle(t *testing.T) {
	t.Parallel()
	for _, title := range []string{"", "x", strings.Repeat("ยาว", 50)} {
		pictures := []picture{{title: title, rotation: -90}}
		path := encode(t, "x.mkv", both(append([]string{"-c:v", "libx264", "-c:a", "aac"}, reserve(pictures)...)...)...)
		size := len(load(t, path))
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(rotate(file, pictures), file.Close()); err != nil {
			t.Fatal(err)
		}
		names, turned := pictureTracks(t, path)
		if !slices.Equal(names, []string{title}) || !slices.Equal(turned, []float32{-90}) || len(load(t, path)) != size {
			t.Errorf("called %q, turned by %v, want %q", names, turned, title)
		}
		if got := probe(t, path); got.Streams[0].Tags["title"] != title || got.types() != "video audio" {
			t.Errorf("ffprobe reads %+v", got.Streams)
		}
	}
}
