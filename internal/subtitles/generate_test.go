package subtitles

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// said are things that have broken subtitle files before.
var said = []string{
	"Hello there.", "สวัสดีครับ", "น้ำท่วมกรุงเทพฯเมื่อปีที่แล้ว", "เด็กๆ", "ที่", "我们今天要讨论的", "日本語です。", "한국어",
	"👩‍👩‍👧‍👦", "🇹🇭", "👍🏽", "❤️", "e\u0301", "שלום", "مرحبا", "क्षत्रिय", "กำ\u0e48\u0e49\u0e4a\u0e31",
	"-->", "--->", "00:00:01,000 --> 00:00:02,000", "00:01.000 --> 00:02.000", "<!-- x -->", "a --> b", "- Who? -", "--", ">",
	"<script>alert(1)</script>", "<b>", "</b>", "<i>it</i>", "<3", "a<b", "<", "< b >", "<v Ann>", "<00:00:01.000>", "<c.x>", "<font color=red>",
	"&", "&amp;", "&lt;b&gt;", "&nbsp;", "&#60;", "&copy", "AT&T", "&;", "{\\an8}", "{\\i1}", "{", "}", "{Y:i}", "{a}", "\\N", "\\n", "\\h", "\\", "C:\\new",
	"NOTE", "NOTE this", "STYLE", "REGION", "WEBVTT", "X-TIMESTAMP-MAP=", "Region: id=1", "1", "42", "2024", ".", "...", "!", "\"quoted\"",
	"\n", "\n\n", "\n \n", "\r\n", "\r", "\t", " ", "   ", "\u00a0", "\u3000", "\u200b", "\u2028", "\u0085", "\v", "\x00", "\x1b[31m", "\u2060", "\ufeff", "\ufffe", "\uffff",
	"\u202e", "\u200f", "\u0301", "\ufffd", "\xff", "\xe0\xb8", "supercalifragilisticexpialidocious", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk", "https://example.com/a-b/c?d=e&f=g",
	"พ.ศ. ", "รมว.คลัง", "ฯลฯ", "ฯพณฯ", " ๆ", "ปี๒๕๔๐", "โทร02-123-4567", "ที่\u200bเกลือสมุทร\u200b", "เกี่ยวกับ", "ความ",
	"One, two; three: four.", "Mr. Smith said no", "and so on, and so forth",
}

// anyTranscript makes cues of all kinds: overlapping, at the same time, of 1 ms,
// after 99 hours, with nothing in them, with more than fits.
func anyTranscript(r *rand.Rand) Transcript {
	var t Transcript
	at := time.Duration(0)
	for range r.IntN(8) {
		c := Cue{Start: at, Text: anyText(r)}
		c.End = c.Start + time.Millisecond*time.Duration(1+[]int{0, r.IntN(500), r.IntN(5000), r.IntN(40000)}[r.IntN(4)])
		if r.IntN(3) == 0 {
			c.Words = anyWords(r, c)
		}
		t.Cues = append(t.Cues, c)
		switch r.IntN(6) {
		case 0: // at the same time
		case 1:
			at += (c.End - c.Start) / 2
		case 2:
			at += 100 * time.Hour
		default:
			at = c.End + time.Duration(r.IntN(3))*time.Duration(r.IntN(2000))*time.Millisecond
		}
		at = at.Truncate(time.Millisecond)
	}
	return t
}

func anyText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN([]int{2, 3, 6, 12, 40}[r.IntN(5)]) {
		b.WriteString(said[r.IntN(len(said))])
		if r.IntN(2) == 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// anyWords times the words of a cue, sometimes wrongly.
func anyWords(r *rand.Rand, c Cue) []Word {
	var words []Word
	fields := strings.Fields(CleanText(c.Text))
	each := (c.End - c.Start) / time.Duration(len(fields)+1)
	for i, f := range fields {
		start := c.Start + each*time.Duration(i)
		words = append(words, Word{Start: start, End: start + each*time.Duration(r.IntN(3)), Text: " " + f})
	}
	if r.IntN(10) == 0 && len(words) > 0 {
		words[0].Text = "else"
	}
	return words
}

// mustKeepPromises fails where cues are not what Cue says that they are.
func mustKeepPromises(t *testing.T, cues []Cue) {
	t.Helper()
	for i, c := range cues {
		if c.Start < 0 || c.Start >= c.End || c.End > MaxEnd || c.Start%time.Millisecond != 0 || c.End%time.Millisecond != 0 {
			t.Errorf("cue %d: from %v to %v", i+1, c.Start, c.End)
		}
		if c.Text == "" || c.Text != CleanText(c.Text) {
			t.Errorf("cue %d: text %q is not clean", i+1, c.Text)
		}
		if i > 0 && cues[i-1].Start > c.Start {
			t.Errorf("cue %d starts before the one before it", i+1)
		}
	}
}

// withoutWords gives cues as a file can hold them.
func withoutWords(cues []Cue) []Cue {
	bare := make([]Cue, len(cues))
	for i, c := range cues {
		bare[i] = Cue{Start: c.Start, End: c.End, Text: c.Text}
	}
	return bare
}
