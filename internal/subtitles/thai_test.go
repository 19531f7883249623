package subtitles

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestBreakThai(t *testing.T) {
	t.Parallel()
	// "|" is a good break between words, "+" one that may be within a word, "·" is
	// beside what is in no word, and "-" within it.
	for _, want := range []string{
		"สวัสดี+ครับ|วัน+นี้|เรา|จะ+มา|พูดถึง+การ·ทำ+คำ+บรรยาย+วิดีโอ",
		"ประเทศไทย|เป็น+ประเทศ|ที่+ตั้ง+อยู่|ใน+ภูมิภาค+เอเชีย",
		"เด็กๆ+ไป+โรงเรียน+กัน|หมด+แล้ว|ครับ",
		"น้ำ+ท่วม+กรุงเทพฯ|เมื่อ+ปี|ที่+แล้ว",
		"พันธุ์+สิทธิ์+จันทร์+ศุกร์",
		"ใช้·เฟ-ซ-บุ๊-ก·ทุก+วัน",
		"ส้ม+กล้วยฯลฯ|และ+ผัก",
		"ฯลฯ|และ+ผัก",
		"ความ·งาม|ของ+ผู้·หญิง",
		"ที่",
		"่้",
		"เ",
		"",
	} {
		text := strings.NewReplacer("|", "", "+", "", "·", "", "-", "").Replace(want)
		var got strings.Builder
		last := 0
		for _, b := range breakThai(text, false, thaiWords()) {
			got.WriteString(text[last:b.at])
			last = b.at
			got.WriteString(map[border]string{borderWord: "|", borderDoubt: "+", borderWeak: "·", borderTorn: "-"}[b.end])
		}
		got.WriteString(text[last:])
		if got.String() != want {
			t.Errorf("got %s, want %s", got.String(), want)
		}
	}
}

// What must stay whole does in lines of every width that people can ask for.
func TestThaiStaysWhole(t *testing.T) {
	t.Parallel()
	for text, whole := range map[string][]string{
		"ผลผลิตปี2561ถึง2564เพิ่มขึ้น1,250,000.50ตันแต่ปี๒๕๖๕ลดลงเหลือ๙๘๐,๐๐๐ตัน":        {"2561", "2564", "1,250,000.50", "๒๕๖๕", "๙๘๐,๐๐๐"},
		"ติดต่อ081-234-5678หรือ02-123-4567ต่อ99ได้ตั้งแต่8.30น.ถึง16:45น.":               {"081-234-5678", "02-123-4567", "99", "8.30", "16:45"},
		"สั่งผักคะน้าแตงกวามะเขือฯลฯและของแห้งเช่นพริกกระเทียมหอม ฯลฯ มาทุกวัน":          {"ฯลฯ", "หอม ฯลฯ"},
		"นักข่าวถามรมว.คลังกับรมช.มหาดไทยเรื่องงบของกทม.ในพ.ศ.นี้":                       {"รมว.", "รมช.", "กทม.", "พ.ศ."},
		"ท่านส.ส.กำลังคุยกับดร.สมศรีและพล.ต.อ.ประเสริฐที่จ.เชียงใหม่เมื่อม.ค.ก่อน":       {"ส.ส.", "ดร.สม", "พล.ต.อ.", "จ.เชียง", "ม.ค."},
		"ขอเรียนเชิญฯพณฯเอกอัครราชทูตและฯพณฯรัฐมนตรีเข้าร่วมงาน":                         {"ฯพณฯ"},
		"ผู้อำนวยการกอ.รมน.กับเสธ.และคนพ.ศ.นี้ขับไป80กม./ชม.จากกทมถึงอบต.ริมน้ำ":         {"กอ.รมน.", "เสธ.", "พ.ศ.", "กม./ชม.", "กทม", "อบต."},
		"ข่าวจาก+66-2-123-4567บอกว่าราคา(รวมภาษี)฿1,500.50ต่อคน":                         {"+66-2-123-4567", "(รวม", "ภาษี)", "฿1,500.50"},
		"ของเก่าๆ และใหม่ ๆ ที่วางอยู่ต่าง ๆ กันในห้องเล็กๆๆ":                            {"เก่าๆ", "ใหม่ ๆ", "ต่าง ๆ", "เล็กๆๆ"},
		"ดูเพิ่มที่https://example.com/th/a-b?c=1หรือwww.example.com/xได้เลย":            {"https://example.com/th/a-b?c=1", "www.example.com/x"},
		"เรียก\u200bเกลือสมุทร\u200bว่า\u200bดอกเกลือบ้านแหลม\u200bและ\u200bโดซิโด้มาดา": {"เกลือสมุทร", "ดอกเกลือบ้านแหลม", "โดซิโด้มาดา"},
	} {
		for columns := 10; columns <= 60; columns++ {
			lines := linesIn(text, columns)
			for _, part := range whole {
				if columns >= width(part) && strings.Count(lines, part) != strings.Count(text, part) {
					t.Errorf("%d columns: %q is broken in %q", columns, part, lines)
				}
			}
		}
	}
}

// linesIn gives the lines that a text is broken into.
func linesIn(text string, columns int) string {
	var lines []string
	for _, c := range Shape(Transcript{Cues: []Cue{cue(0, 3_600_000, text)}}, Options{Width: columns}).Cues {
		lines = append(lines, c.Text)
	}
	return strings.Join(lines, "\n")
}

// However narrow the lines are, none begins with a mark of the letter before it or
// ends with a vowel of the letter after it.
func TestThaiLettersStayWhole(t *testing.T) {
	t.Parallel()
	const text = "เพื่อนๆของเราที่กรุงเทพฯใช้เฟซบุ๊กกับGoogleทุกวันจันทร์ที่ ๕ มกราคม ๒๕๖๙ น้ำใจไมตรีเหล่านี้ ๆ"
	for columns := 2; columns <= 60; columns++ {
		for _, c := range Shape(Transcript{Cues: []Cue{cue(0, 3_600_000, text)}}, Options{Width: columns}).Cues {
			for line := range strings.SplitSeq(c.Text, "\n") {
				first, _ := utf8.DecodeRuneInString(line)
				last, _ := utf8.DecodeLastRuneInString(line)
				if followsThai(first) && width(text) > columns && columns > 6 || leadsThai(last) || width(string(first)) == 0 {
					t.Errorf("%d columns: line %q", columns, line)
				}
			}
		}
	}
}

func TestThaiDictionary(t *testing.T) {
	t.Parallel()
	words := thaiDictionary()
	if len(words) != 26383 || !slices.IsSorted(words) {
		t.Errorf("%d words, want 26383 that are sorted", len(words))
	}
	for _, w := range words {
		for _, r := range w {
			if !isThaiLetter(r) {
				t.Fatalf("the word %q has %q, which is no Thai letter", w, r)
			}
		}
	}
	var got []int
	words.prefixes("กรุงเทพมหานคร", func(bytes int) { got = append(got, bytes/thaiBytes) })
	if !slices.Contains(got, 4) || !slices.IsSorted(got) {
		t.Errorf("words of %v letters, want กรุง among them", got)
	}
	if _, err := unpackDictionary(thaiWordsGzip[:1000]); err == nil {
		t.Error("half a dictionary was taken for a whole one")
	}
}

func TestWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "abc": 3, "ที่": 1, "น้ำ": 2, "เด็กๆ": 4, "สวัสดี": 4, "e\u0301": 1, "日本": 4, "한국": 4, "ﾆｯﾎﾟﾝ": 5,
		"👩‍👩‍👧‍👦": 2, "🇹🇭": 2, "👍🏽": 2, "\u200b\u200f": 0, "क्ष": 2, "a\u00adb": 2, "ｱ。": 3,
	} {
		if got := width(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}

func BenchmarkShapeThai(b *testing.B) {
	text := strings.Repeat("สวัสดีครับวันนี้เราจะมาพูดถึงการทำคำบรรยาย", MaxCueBytes/130)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Shape(Transcript{Cues: []Cue{cue(0, 3_600_000, text)}}, Options{})
	}
}

func BenchmarkUnpackDictionary(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := unpackDictionary(thaiWordsGzip); err != nil {
			b.Fatal(err)
		}
	}
}
