package views

// LineFormat has {line} and {what} in it.
type LineFormat string

// QuoteFormat has {line}, {content} and {what} in it.
type QuoteFormat string

// SubtitleFileText says what is wrong with a file of subtitles, or was changed.
type SubtitleFileText struct {
	At    LineFormat  // what is wrong in which line
	Quote QuoteFormat // likewise, with what stands there

	// Why a file is refused.
	UnknownKind, NoCaptions, Malformed, NotUTF8, EncodedTwice, StrayText string
	Header, FrameRate, Missing, NotATime, Negative, TooLate, Backwards   string
	TooLarge, TooMany, TooLong                                           string

	// What was changed, dropped, or lies beyond the video.
	Title                                                               string
	Positions, Voices, Styles, Comments, Identifiers, HeaderLine        string
	Empty, Joined, Rolling, NoLength, Reordered, Letters, Decoded, T874 string
	Shifted, Beyond                                                     string
	More                                                                Plural[Format] // places
}

// Problem says why a file is refused, by the code of it.
func (t *SubtitleFileText) Problem(code string, line int, content string) string {
	what := map[string]string{
		"no-captions": t.NoCaptions, "malformed": t.Malformed, "not-utf-8": t.NotUTF8, "encoded-twice": t.EncodedTwice,
		"text-without-time": t.StrayText, "not-webvtt": t.Header, "missing": t.Missing, "not-a-time": t.NotATime,
		"negative": t.Negative, "too-late": t.TooLate, "ends-before-start": t.Backwards, "too-large": t.TooLarge,
		"too-many-cues": t.TooMany, "no-frame-rate": t.FrameRate, "text-too-long": t.TooLong,
	}[code]
	if what == "" {
		what = t.UnknownKind
	}
	return t.at(line, content, what)
}

// Notice says what was changed, by the code of it, there and in more places.
func (t *SubtitleFileText) Notice(code string, line int, content string, more int) string {
	what := map[string]string{
		"positions-dropped": t.Positions, "voices-dropped": t.Voices, "styles-dropped": t.Styles,
		"comments-dropped": t.Comments, "identifiers-dropped": t.Identifiers, "header-dropped": t.HeaderLine,
		"empty-dropped": t.Empty, "text-joined": t.Joined, "rolling-joined": t.Rolling, "no-length": t.NoLength,
		"reordered": t.Reordered, "broken-letters": t.Letters, "decoded-twice": t.Decoded, "windows-874": t.T874,
		"shifted": t.Shifted, "beyond-end": t.Beyond,
	}[code]
	if more > 0 {
		what += " " + t.More.Of(more).With(more)
	}
	return t.at(line, content, what)
}

func (t *SubtitleFileText) at(line int, content, what string) string {
	switch {
	case line == 0:
		return what
	case content == "":
		return fillIn(t.At, "{line}", line, "{what}", what)
	}
	return fillIn(t.Quote, "{line}", line, "{content}", content, "{what}", what)
}

var subtitleFileEnglish = SubtitleFileText{
	At:    "Line {line}: {what}",
	Quote: "Line {line}, “{content}”: {what}",

	UnknownKind:  "This cannot be read as subtitles. Use an SRT or WebVTT file",
	NoCaptions:   "There are no captions in this file. What was there is kept",
	Malformed:    "This JSON or XML cannot be read",
	NotUTF8:      "The letters are in an encoding that is not read here. Save the file as UTF-8 and choose it again",
	EncodedTwice: "The letters were encoded twice, and some were lost. Save the original file as UTF-8 and choose it again",
	StrayText:    "There is text before the first time. A time such as 00:00:01,000 --> 00:00:02,000 must come first",
	Header:       "The first line must be WEBVTT",
	FrameRate:    "These times count frames. Write how many frames a second has as the first line, such as {1}{1}25",
	Missing:      "The start or the end is missing",
	NotATime:     "The times cannot be read. Write them like 00:00:01,000 --> 00:00:02,000",
	Negative:     "A time must not be negative",
	TooLate:      "A time must be below 1000 hours",
	Backwards:    "The end comes before the start",
	TooLarge:     "The file has too much text: 4 MB at most, and 64 MB in all",
	TooMany:      "The file has more than 100,000 captions",
	TooLong:      "The text of this caption is too long. Split it",

	Title:       "The file was taken. Please note:",
	Positions:   "The place on the screen was left out.",
	Voices:      "The name of a speaker, which was a tag, was left out.",
	Styles:      "Italics, colours or another style were left out.",
	Comments:    "A comment was left out.",
	Identifiers: "The name of a caption was left out.",
	HeaderLine:  "This line is not known in a header and was left out.",
	Empty:       "A caption without text was left out.",
	Joined:      "This text comes after an empty line. It was added to the caption before it.",
	Rolling:     "Lines that the caption before it showed already are shown once.",
	NoLength:    "This caption ends when it starts, so that it can hardly be seen. Give it an end.",
	Reordered:   "This caption starts before the one above it. The captions were sorted by time.",
	Letters:     "A letter that cannot be read became �.",
	Decoded:     "The letters had been encoded twice and were put right.",
	T874:        "The letters were read as Windows-874 (Thai).",
	Shifted:     "The captions would fit the video if they began earlier. The file may be meant for another version of it.",
	Beyond:      "This caption ends after the video does.",
	More:        Plural[Format]{"The same holds in %d more place.", "The same holds in %d more places."},
}

var subtitleFileThai = SubtitleFileText{
	At:    "บรรทัดที่ {line}: {what}",
	Quote: "บรรทัดที่ {line} “{content}”: {what}",

	UnknownKind:  "อ่านไฟล์นี้เป็นคำบรรยายไม่ได้ กรุณาใช้ไฟล์ SRT หรือ WebVTT",
	NoCaptions:   "ไม่มีคำบรรยายในไฟล์นี้ คำบรรยายเดิมยังอยู่เหมือนเดิม",
	Malformed:    "อ่าน JSON หรือ XML นี้ไม่ได้",
	NotUTF8:      "ระบบไม่รองรับการเข้ารหัสตัวอักษรของไฟล์นี้ กรุณาบันทึกไฟล์เป็น UTF-8 แล้วเลือกใหม่",
	EncodedTwice: "ตัวอักษรถูกเข้ารหัสซ้ำสองครั้งและบางตัวหายไป กรุณาบันทึกไฟล์ต้นฉบับเป็น UTF-8 แล้วเลือกใหม่",
	StrayText:    "มีข้อความอยู่ก่อนเวลาแรก ต้องมีเวลานำหน้า เช่น 00:00:01,000 --> 00:00:02,000",
	Header:       "บรรทัดแรกต้องเป็น WEBVTT",
	FrameRate:    "เวลาในไฟล์นี้นับเป็นเฟรม กรุณาเพิ่มบรรทัดแรกที่บอกจำนวนเฟรมต่อวินาที เช่น {1}{1}25",
	Missing:      "ไม่มีเวลาเริ่มหรือเวลาจบ",
	NotATime:     "อ่านเวลาไม่ได้ กรุณาเขียนแบบ 00:00:01,000 --> 00:00:02,000",
	Negative:     "เวลาต้องไม่ติดลบ",
	TooLate:      "เวลาต้องน้อยกว่า 1000 ชั่วโมง",
	Backwards:    "เวลาจบอยู่ก่อนเวลาเริ่ม",
	TooLarge:     "ไฟล์มีข้อความมากเกินไป ข้อความรวมกันได้ไม่เกิน 4 MB และทั้งไฟล์ไม่เกิน 64 MB",
	TooMany:      "ไฟล์มีคำบรรยายเกิน 100,000 ช่วง",
	TooLong:      "ข้อความของคำบรรยายช่วงนี้ยาวเกินไป กรุณาแบ่งออก",

	Title:       "ใช้ไฟล์นี้แล้ว โปรดทราบ:",
	Positions:   "ตำแหน่งบนหน้าจอถูกตัดออก",
	Voices:      "ชื่อผู้พูดซึ่งเขียนเป็นแท็กถูกตัดออก",
	Styles:      "ตัวเอียง สี หรือรูปแบบอื่นถูกตัดออก",
	Comments:    "หมายเหตุในไฟล์ถูกตัดออก",
	Identifiers: "ชื่อของช่วงคำบรรยายถูกตัดออก",
	HeaderLine:  "ระบบไม่รู้จักบรรทัดนี้ในส่วนหัวของไฟล์ จึงตัดออก",
	Empty:       "คำบรรยายที่ไม่มีข้อความถูกตัดออก",
	Joined:      "ข้อความนี้อยู่หลังบรรทัดว่าง จึงนำไปต่อท้ายคำบรรยายก่อนหน้า",
	Rolling:     "บรรทัดที่คำบรรยายก่อนหน้าแสดงไปแล้วจะแสดงเพียงครั้งเดียว",
	NoLength:    "คำบรรยายนี้จบทันทีที่เริ่มจึงแทบมองไม่เห็น กรุณากำหนดเวลาจบ",
	Reordered:   "คำบรรยายนี้เริ่มก่อนช่วงที่อยู่ข้างบน จึงเรียงใหม่ตามเวลา",
	Letters:     "ตัวอักษรที่อ่านไม่ได้กลายเป็น �",
	Decoded:     "ตัวอักษรถูกเข้ารหัสซ้ำสองครั้งและแก้ให้ถูกต้องแล้ว",
	T874:        "อ่านตัวอักษรเป็น Windows-874 (ภาษาไทย)",
	Shifted:     "คำบรรยายจะพอดีกับวิดีโอหากเริ่มเร็วกว่านี้ ไฟล์นี้อาจทำไว้สำหรับวิดีโออีกฉบับ",
	Beyond:      "คำบรรยายนี้จบหลังจากวิดีโอจบแล้ว",
	More:        Plural[Format]{"", "มีแบบเดียวกันอีก %d แห่ง"},
}
