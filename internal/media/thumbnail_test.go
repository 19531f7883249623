package media

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"strings"
	"testing"
)

// silent are the arguments for pictures from this source alone, five a second.
func silent(source string, args ...string) []string {
	return append([]string{"-f", "lavfi", "-i", source + ":rate=5"}, append(args, "-c:v", "libx264", "-preset", "ultrafast")...)
}

func TestThumbnail(t *testing.T) {
	wide := encode(t, "wide.mp4", silent("testsrc=size=640x360:duration=3")...)
	photo := encode(t, "photo.png", "-f", "lavfi", "-i", "color=blue:size=64x64", "-frames:v", "1")
	red := encode(t, "red.mp4", silent("color=red:size=640x480:duration=3", "-pix_fmt", "yuv420p")...)
	whole := load(t, encode(t, "whole.mp4", append(silent("testsrc=size=640x480:duration=5"), "-movflags", "+faststart")...))
	two := load(t, encode(t, "two.mp4", "-i", red, "-i", wide, "-map", "0", "-map", "1", "-c", "copy"))
	first := bytes.Index(two, []byte("stsd"))
	copy(two[first+bytes.Index(two[first:], []byte("avc1")):], "zzzz")
	for _, test := range []struct {
		what, path    string
		width, height int
	}{
		{"wide", wide, 320, 180},
		{"portrait", encode(t, "x.mp4", silent("testsrc=size=360x640:duration=3")...), 180, 320},
		{"held upright", encode(t, "x.mp4", "-i", wide, "-c", "copy", "-metadata:s:v:0", "rotate=90"), 180, 320},
		{"square", encode(t, "x.mp4", silent("testsrc=size=600x600:duration=3")...), 320, 320},
		{"thin", encode(t, "x.mp4", silent("testsrc=size=1280x40:duration=3")...), 320, 10},
		{"odd", encode(t, "x.mkv", "-f", "lavfi", "-i", "testsrc=size=641x479:duration=3", "-c:v", "ffv1"), 320, 238},
		{"of a second", encode(t, "x.mp4", silent("testsrc=size=640x480:duration=1")...), 320, 240},
		{"of one frame", encode(t, "x.mp4", silent("testsrc=size=640x480", "-frames:v", "1")...), 320, 240},
		{"in full colour", encode(t, "x.mp4", silent("testsrc=size=640x480:duration=3", "-pix_fmt", "yuv444p")...), 320, 240},
		{"in grey", encode(t, "x.mkv", "-f", "lavfi", "-i", "testsrc=size=640x480:duration=1", "-c:v", "ffv1", "-pix_fmt", "gray"), 320, 240},
		{"in a webm", encode(t, "x.webm", both("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")...), 320, 240},
		{"after the sound", encode(t, "x.mkv", "-f", "lavfi", "-i", tone, "-i", wide, "-map", "0", "-map", "1", "-c:v", "copy"), 320, 180},
		{"beside a cover", encode(t, "x.mp4", "-i", photo, "-i", red, "-map", "0", "-map", "1", "-c:v:0", "png",
			"-c:v:1", "copy", "-disposition:v:0", "attached_pic"), 320, 240},
		{"beside pictures of an unknown kind", save(t, "x.mp4", two), 320, 180},
		{"half of a file", save(t, "half.mp4", whole[:len(whole)*2/3]), 320, 240},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			meter := NewMeter(Options{Concurrency: 1})
			for range 2 { // The turn was given back.
				picture, err := meter.Thumbnail(t.Context(), "user_a", test.path)
				if err != nil {
					t.Fatal(err)
				}
				size := decodeJPEG(t, picture).Bounds().Size()
				if size != image.Pt(test.width, test.height) {
					t.Errorf("it is %v, want %dx%d", size, test.width, test.height)
				}
			}
		})
	}
}

func decodeJPEG(t *testing.T, picture []byte) image.Image {
	t.Helper()
	decoded, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatalf("%d bytes are no JPEG: %v", len(picture), err)
	}
	return decoded
}

// TestThumbnailShowsTheVideo looks at a colour: not that of a cover, nor the
// black that most videos begin with.
func TestThumbnailShowsTheVideo(t *testing.T) {
	photo := encode(t, "photo.png", "-f", "lavfi", "-i", "color=blue:size=64x64", "-frames:v", "1")
	red := encode(t, "red.mp4", silent("color=red:size=640x480:duration=3", "-pix_fmt", "yuv420p")...)
	for what, path := range map[string]string{
		"beside a cover": encode(t, "x.mp4", "-i", photo, "-i", red, "-map", "0", "-map", "1", "-c:v:0", "png",
			"-c:v:1", "copy", "-disposition:v:0", "attached_pic"),
		"after black": encode(t, "x.mp4", silent("color=red:size=640x480:duration=4", "-g", "5", "-pix_fmt", "yuv420p",
			"-vf", "drawbox=color=black:thickness=fill:enable='lt(t,1)'")...),
	} {
		picture, err := NewMeter(Options{}).Thumbnail(t.Context(), "user_a", path)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		decoded := decodeJPEG(t, picture)
		center := color.RGBAModel.Convert(decoded.At(decoded.Bounds().Dx()/2, decoded.Bounds().Dy()/2)).(color.RGBA)
		if center.R < 200 || center.G > 50 || center.B > 50 {
			t.Errorf("%s: it shows %v, want red", what, center)
		}
	}
}

func TestThumbnailOfWhatHasNoPicture(t *testing.T) {
	cover := []string{
		"-f", "lavfi", "-i", tone, "-f", "lavfi", "-i", "testsrc=duration=1", "-map", "0", "-map", "1",
		"-frames:v", "1", "-c:v", "png", "-disposition:v", "attached_pic",
	}
	blank := load(t, encode(t, "blank.mp4", append(silent("testsrc=duration=3"), "-movflags", "+faststart")...))
	whole := bytes.Clone(blank)
	clear(blank[bytes.Index(blank, []byte("mdat"))+4:])
	for what, path := range map[string]string{
		"sound alone":          encode(t, "x.mp4", soundOnly("-c:a", "aac")...),
		"a recording":          encode(t, "x.wav", soundOnly()...),
		"a cover of an mp3":    encode(t, "x.mp3", cover...),
		"a cover of an m4a":    encode(t, "x.m4a", append(cover, "-c:a", "aac")...),
		"pictures of zeros":    save(t, "x.mp4", blank),
		"only the first bytes": save(t, "x.mp4", whole[:64]),
		"no pictures yet":      save(t, "x.mp4", whole[:bytes.Index(whole, []byte("mdat"))+4]),
		"garbage":              save(t, "x.mp4", append([]byte("\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom"), make([]byte, 5000)...)),
		"a text":               save(t, "x.mp4", []byte(strings.Repeat("This is no video. ", 400))),
		"nothing":              save(t, "x.mp4", nil),
		"a playlist":           save(t, "x.mp4", []byte("#EXTM3U\n#EXTINF:2,\n/etc/passwd\n#EXT-X-ENDLIST\n")),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			picture, err := NewMeter(Options{}).Thumbnail(t.Context(), "user_a", path)
			if !errors.Is(err, ErrNotVideo) || errors.Is(err, ErrUnavailable) || picture != nil {
				t.Errorf("got %d bytes, %v, want %v", len(picture), err, ErrNotVideo)
			}
		})
	}
}

func TestThumbnailUnavailable(t *testing.T) {
	video := encode(t, "x.mp4", silent("testsrc=duration=1")...)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		what    string
		options Options
		path    string
		ctx     context.Context
		cause   error
	}{
		{"no ffmpeg", Options{FFmpeg: "no-such-ffmpeg"}, video, t.Context(), nil},
		{"no file", Options{}, video + ".gone", t.Context(), os.ErrNotExist},
		{"given up", Options{}, video, ended, context.Canceled},
	} {
		t.Run(test.what, func(t *testing.T) {
			picture, err := NewMeter(test.options).Thumbnail(test.ctx, "user_a", test.path)
			if !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrNotVideo) || picture != nil {
				t.Fatalf("got %d bytes, %v, want %v", len(picture), err, ErrUnavailable)
			}
			if test.cause != nil && !errors.Is(err, test.cause) {
				t.Errorf("got %v, want it to be %v", err, test.cause)
			}
		})
	}
}

func TestThumbnailIsBounded(t *testing.T) {
	var b boundedBuffer
	if n, err := b.Write(make([]byte, thumbnailBytes-1)); err != nil || n != thumbnailBytes-1 {
		t.Fatal(n, err)
	}
	if _, err := b.Write(make([]byte, 2)); !errors.Is(err, ErrNotVideo) || b.Len() >= thumbnailBytes {
		t.Errorf("%d bytes: %v, want %v", b.Len(), err, ErrNotVideo)
	}
}
