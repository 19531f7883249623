package subtitles

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

const rambling = "Hello there. This is a rather long sentence that goes on and on, with a comma, and it has to be split. Is it? Yes!"

func TestShape(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cues []Cue
		o    Options
		want []Cue
	}{
		"what fits stays": {
			cues: []Cue{cue(0, 2000, "a\nb"), cue(2000, 3000, "c"), cue(2500, 4000, "d")},
			want: []Cue{cue(0, 2000, "a\nb"), cue(2000, 3000, "c"), cue(2500, 4000, "d")},
		},
		"lines are balanced, with the longer one below": {
			cues: []Cue{cue(0, 3000, "one two three four five six seven eight nine ten")},
			want: []Cue{cue(0, 3000, "one two three four five\nsix seven eight nine ten")},
		},
		"a third line": {
			cues: []Cue{cue(0, 3000, "one\ntwo\nthree")},
			want: []Cue{cue(0, 3000, "one two three")},
		},
		"after a sentence": {
			cues: []Cue{cue(0, 6000, "This is one sentence that is long. And this is another sentence which is quite a bit longer")},
			want: []Cue{cue(0, 2186, "This is one sentence that is long."), cue(2270, 6000, "And this is another sentence\nwhich is quite a bit longer")},
		},
		"two speakers": {
			cues: []Cue{cue(0, 6000, "- Where have you been all the time, my friend?\n- At the market, and then I went to my old home.")},
			want: []Cue{cue(0, 2916, "- Where have you been\nall the time, my friend?"), cue(3000, 6000, "- At the market,\nand then I went to my old home.")},
		},
		"by the times of the words": {
			cues: []Cue{{End: 6 * time.Second, Text: "one two three four", Words: []Word{
				{Start: 0, End: 1e9, Text: " one"}, {Start: 1e9, End: 2e9, Text: " two"}, {Start: 4e9, End: 5e9, Text: " three"}, {Start: 5e9, End: 6e9, Text: " four"},
			}}},
			o: Options{Width: 10, Lines: 1},
			want: []Cue{
				{End: 2 * time.Second, Text: "one two", Words: []Word{{Start: 0, End: 1e9, Text: " one"}, {Start: 1e9, End: 2e9, Text: " two"}}},
				{Start: 4 * time.Second, End: 6 * time.Second, Text: "three four", Words: []Word{{Start: 4e9, End: 5e9, Text: " three"}, {Start: 5e9, End: 6e9, Text: " four"}}},
			},
		},
		"words that are others": {
			cues: []Cue{{End: 6 * time.Second, Text: "one two three four", Words: []Word{{Start: 0, End: 6e9, Text: "nonsense"}}}},
			o:    Options{Width: 10, Lines: 1},
			want: []Cue{cue(0, 2316, "one two"), cue(2400, 6000, "three four")},
		},
		"a short one lasts on where there is room": {
			cues: []Cue{cue(0, 1, "a"), cue(500, 600, "b"), cue(5000, 5001, "c")},
			want: []Cue{cue(0, 416, "a"), cue(500, 1333, "b"), cue(5000, 5833, "c")},
		},
		"but never over the next": {
			cues: []Cue{cue(0, 1, "a"), cue(1, 2, "b"), cue(1, 900, "c"), cue(50, 60, "d")},
			want: []Cue{cue(0, 1, "a"), cue(1, 2, "b"), cue(1, 900, "c"), cue(50, 883, "d")},
		},
		"a long one ends earlier": {
			cues: []Cue{cue(1000, 60000, "Yes.")},
			want: []Cue{cue(1000, 8000, "Yes.")},
		},
		"a long one with much text": {
			cues: []Cue{cue(0, 12000, "This one has been said rather slowly, by somebody who likes pauses")},
			want: []Cue{cue(0, 6679, "This one has been said rather slowly,"), cue(6763, 12000, "by somebody who likes pauses")},
		},
		"a part that would be gone at once": {
			cues: []Cue{cue(0, 6000, "Oh! Antidisestablishment!")},
			o:    Options{Width: 22, Lines: 1},
			want: []Cue{cue(0, 833, "Oh!"), cue(917, 6000, "Antidisestablishment!")},
		},
		"more parts than milliseconds": {
			cues: []Cue{cue(0, 1, rambling), cue(1, 2, "next")},
			want: []Cue{cue(0, 1, rambling), cue(1, 834, "next")},
		},
		"no time, but room": {
			cues: []Cue{cue(0, 1, "one two three four"), cue(9000, 9900, "next")},
			o:    Options{Width: 10, Lines: 1},
			want: []Cue{cue(0, 833, "one two"), cue(917, 1834, "three four"), cue(9000, 9900, "next")},
		},
		"a word that is wider than a line": {
			cues: []Cue{cue(0, 3000, "a supercalifragilistic b")},
			o:    Options{Width: 12, Lines: 3},
			want: []Cue{cue(0, 3000, "a\nsupercalifra\ngilistic b")},
		},
		"Thai": {
			cues: []Cue{cue(0, 6000, "สวัสดีครับวันนี้เราจะมาพูดถึงการทำคำบรรยายวิดีโอด้วยคอมพิวเตอร์")},
			o:    Options{Width: 30, Lines: 2},
			want: []Cue{cue(0, 6000, "สวัสดีครับวันนี้เราจะมาพูดถึงการทำ\nคำบรรยายวิดีโอด้วยคอมพิวเตอร์")},
		},
		"a Thai abbreviation ends no sentence": {
			cues: []Cue{cue(0, 6000, "เมื่อวันศุกร์ที่ผ่านมานี้ ดร. สมชาย ใจดี และ ดร. สมหญิง รักเรียน ไปประชุมที่เชียงใหม่")},
			o:    Options{Width: 50},
			want: []Cue{cue(0, 6000, "เมื่อวันศุกร์ที่ผ่านมานี้ ดร. สมชาย ใจดี และ\nดร. สมหญิง รักเรียน ไปประชุมที่เชียงใหม่")},
		},
		"Thai words that one cue would break": {
			cues: []Cue{cue(0, 6000, "ผู้ประสบภัยน้ำท่วม ปลากระพงทอดน้ำปลา ร้านอาหารครัวคุณยาย")},
			o:    Options{Width: 26},
			want: []Cue{cue(0, 3804, "ผู้ประสบภัยน้ำท่วม\nปลากระพงทอดน้ำปลา"), cue(3888, 6000, "ร้านอาหารครัวคุณยาย")},
		},
		"but not where the time is short": {
			cues: []Cue{cue(0, 1500, "ผู้ประสบภัยน้ำท่วม ปลากระพงทอดน้ำปลา ร้านอาหารครัวคุณยาย"), cue(1600, 3000, "ครับ")},
			o:    Options{Width: 26},
			want: []Cue{cue(0, 1516, "ผู้ประสบภัยน้ำท่วม ปลากระพง\nทอดน้ำปลา ร้านอาหารครัวคุณยาย"), cue(1600, 3000, "ครับ")},
		},
		"lines of 35 columns in Thai, of 42 elsewhere": {
			cues: []Cue{
				cue(0, 5000, "คนเกาหลีรับประทานผักและเนื้อเสมอเพื่อรักษาสมดุล"),
				cue(5000, 9000, "This line of English has forty-two columns"),
				cue(9000, 14000, "This line of English with ไทย has 40 columns"),
			},
			want: []Cue{
				cue(0, 5000, "คนเกาหลีรับประทานผัก\nและเนื้อเสมอเพื่อรักษาสมดุล"),
				cue(5000, 9000, "This line of English has forty-two columns"),
				cue(9000, 14000, "This line of English\nwith ไทย has 40 columns"),
			},
		},
		"before a silence there is time to read": {
			cues: []Cue{
				cue(0, 500, "คนเกาหลีรับประทานผักและเนื้อเสมอ"),      // 27 columns
				cue(5000, 5500, "Take an umbrella, it rains today."), // 33 columns
				cue(20000, 20500, "Take an umbrella, it rains today."),
				cue(21000, 22000, "Yes."),
			},
			want: []Cue{
				cue(0, 1588, "คนเกาหลีรับประทานผักและเนื้อเสมอ"),
				cue(5000, 6650, "Take an umbrella, it rains today."),
				cue(20000, 20916, "Take an umbrella, it rains today."),
				cue(21000, 22000, "Yes."),
			},
		},
		"in each part": {
			cues: []Cue{cue(0, 500, "one two three four five six seven eight nine ten")},
			o:    Options{Width: 24, Lines: 1},
			want: []Cue{cue(0, 1142, "one two three four five"), cue(1226, 2518, "six seven eight nine ten")},
		},
		"but not beyond the video's end": {
			cues: []Cue{cue(500, 700, "a"), cue(4000, 4100, "Take an umbrella, it rains today."), cue(4900, 5400, "late"), cue(6000, 6001, "later")},
			o:    Options{Length: 5 * time.Second},
			want: []Cue{cue(500, 1333, "a"), cue(4000, 4816, "Take an umbrella, it rains today."), cue(4900, 5400, "late"), cue(6000, 6001, "later")},
		},
		"a person's own times": {
			cues: []Cue{cue(0, 1, "Take an umbrella, it rains today."), cue(4000, 20000, "Yes.")},
			o:    Options{KeepTimes: true},
			want: []Cue{cue(0, 1, "Take an umbrella, it rains today."), cue(4000, 20000, "Yes.")},
		},
		"Chinese": {
			cues: []Cue{cue(0, 6000, "我们今天要讨论的是如何用电脑自动制作字幕，这对很多人来说都是非常有用的")},
			want: []Cue{cue(0, 6000, "我们今天要讨论的是如何用电脑自动制作字幕，\n这对很多人来说都是非常有用的")},
		},
		"Chinese lines are joined without a space": {
			cues: []Cue{cue(0, 3000, "我们\n今天\n讨论")},
			want: []Cue{cue(0, 3000, "我们今天讨论")},
		},
		"nothing to see": {cues: []Cue{cue(0, 3000, " \n ")}, want: []Cue{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := Transcript{Language: "xx", Cues: test.cues}
			got := Shape(before, test.o)
			if got.Language != "xx" || !reflect.DeepEqual(got.Cues, test.want) {
				t.Errorf("got  %q\nwant %q", got.Cues, test.want)
			}
			mustBeShaped(t, before, test.o)
		})
	}
}

func TestShapeAnything(t *testing.T) {
	t.Parallel()
	options := []Options{
		{},
		{Width: 1, Lines: 1},
		{Width: 20, Lines: 1, MinTime: time.Second, MaxTime: 2 * time.Second},
		{Width: 1000, Lines: 1000},
		{Width: 30, Lines: 3, MinTime: time.Hour, MaxTime: 500 * time.Microsecond},
		{Length: 10 * time.Second},
		{KeepTimes: true},
	}
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 5))
		mustBeShaped(t, anyTranscript(r), options[r.IntN(len(options))])
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// mustBeShaped fails where Shape does not do what it says.
func mustBeShaped(t *testing.T, tr Transcript, o Options) {
	t.Helper()
	once := Shape(tr, o)
	mustKeepPromises(t, once.Cues)
	if twice := Shape(once, o); !reflect.DeepEqual(once, twice) {
		t.Errorf("%+v: shaped once  %q\nshaped twice %q", o, once, twice)
	}
	o = o.complete()
	before := tidy(tr.Cues)
	if a, b := spelled(before), spelled(once.Cues); len(once.Cues) == len(before) && a != b || len(a) != len(b) {
		t.Errorf("%+v: %q became %q", o, a, b)
	}
	if !overlap(before) && overlap(once.Cues) {
		t.Errorf("%+v: cues were made to overlap: %q became %q", o, before, once.Cues)
	}
	for i, c := range once.Cues {
		o := o.forText(c.Text)
		if c.End-c.Start > o.MaxTime {
			t.Errorf("%+v: cue %d stays %v", o, i+1, c.End-c.Start)
		}
		if !fits(c.Text, o) && c.End-c.Start > time.Duration(len(c.Text))*time.Millisecond {
			t.Errorf("%+v: cue %d is too large: %q", o, i+1, c.Text)
		}
	}
}

func overlap(cues []Cue) bool {
	for i := range cues[:max(len(cues)-1, 0)] {
		if cues[i].End > cues[i+1].Start {
			return true
		}
	}
	return false
}

// spelled gives all letters one after the other.
func spelled(cues []Cue) string {
	var b strings.Builder
	for _, c := range cues {
		b.WriteString(strings.Join(strings.Fields(c.Text), ""))
	}
	return b.String()
}
