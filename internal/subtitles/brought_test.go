package subtitles

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
)

// twoCues are what most files of the table hold.
var twoCues = []Cue{cue(1000, 2000, "Hello"), cue(3000, 4000, "World")}

// TestReadBrought has the files of testdata/brought, which others were asked
// about, and more of each kind. Each is read as people mean it, or refused with
// the line.
func TestReadBrought(t *testing.T) {
	t.Parallel()
	const first, second = "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n", "2\n00:00:03,000 --> 00:00:04,000\nWorld\n"
	const below = first + "2\n00:00:03,000 --> 00:00:04,000\n"
	timeLine := func(times string) string { return first + "2\n" + times + "\nWorld\n" }
	vtt := func(rest string) string { return "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n\n" + rest }
	for name, test := range map[string]struct {
		file    string // a name in testdata/brought, or the text
		want    []Cue
		refused ReadError // where it has a problem
		notices string    // kinds in order
	}{
		"CR CR LF":                   {file: "h25-crcrlf.srt", want: twoCues},
		"CR CR CR LF":                {file: strings.ReplaceAll(first+second, "\n", "\r\r\r\n"), want: twoCues},
		"all lines twice as far":     {file: strings.ReplaceAll(first+second, "\n", "\n\n"), want: twoCues},
		"spaces in times":            {file: "h26-spaced-times.srt", want: []Cue{cue(1000, 2500, "สวัสดี"), cue(3000, 4000, "ครับ")}},
		"spaces before colons":       {file: timeLine("00 :00 :03 ,000  -->  00 :00 :04 ,000"), want: twoCues},
		"no-break spaces":            {file: timeLine("\u00a000:00:03,000\u00a0-->\u00a000:00:04,000\u00a0"), want: twoCues},
		"an embedding before":        {file: "h27-lre-before-time.srt", want: twoCues},
		"a space without width":      {file: "h28-zwsp-in-time.srt", want: twoCues},
		"a soft hyphen in a time":    {file: timeLine("00:00:\u00ad03,000 --\u00ad> 00:00:04,0\u206900"), want: twoCues},
		"a joiner before":            {file: timeLine("\u206000:00:03,000 --> 00:00:04,000"), want: twoCues},
		"a mark before a number":     {file: first + "\u200f2\u200b\n00:00:03,000 --> 00:00:04,000\nWorld\n", want: twoCues},
		"a short arrow":              {file: "h30-short-arrow.srt", want: twoCues},
		"a dash":                     {file: timeLine("00:00:03,000 - 00:00:04,000"), want: twoCues},
		"an en dash":                 {file: timeLine("00:00:03,000 –> 00:00:04,000"), want: twoCues},
		"a long arrow":               {file: timeLine("00:00:03,000 ----> 00:00:04,000"), want: twoCues},
		"a drawn arrow":              {file: timeLine("00:00:03,000 → 00:00:04,000"), want: twoCues},
		"an arrow as an entity":      {file: timeLine("00:00:03,000 --&gt; 00:00:04,000"), want: twoCues},
		"an arrow of equal signs":    {file: timeLine("00:00:03,000 ==> 00:00:04,000"), want: twoCues},
		"a broken arrow":             {file: timeLine("00:00:03,000 -- > 00:00:04,000"), want: twoCues},
		"no arrow":                   {file: "own-srt-second-arrow-missing.srt", want: []Cue{cue(1000, 2000, "A"), cue(3000, 4000, "B")}},
		"no arrow and no empty line": {file: "1\n00:00:01,000 00:00:02,000\nHello\n2\n00:00:03,000 00:00:04,000\nWorld", want: twoCues},
		"a comma for an arrow":       {file: "0:00:01.000,0:00:02.000\nHello\n\n0:00:03.000,0:00:04.000\nWorld\n", want: twoCues},
		"a mark first":               {file: "h32-lrm-first.srt", want: twoCues},
		"joined files":               {file: "h34-joined-bom.srt", want: twoCues},
		"long fractions":             {file: "h39-long-fraction.srt", want: []Cue{cue(519200, 529000, "A"), cue(530249, 531251, "B")}, notices: "shifted beyond-end beyond-end"},
		"long fractions of seconds":  {file: timeLine("00:00:03.00000000000000000001 --> 00:00:04.0004"), want: twoCues},
		"short fractions":            {file: timeLine("0:0:3,0 --> 0:0:4"), want: twoCues},
		"milliseconds by a colon":    {file: timeLine("00:00:03:000 --> 00:00:04:000"), want: twoCues},
		"minutes beyond the hour":    {file: timeLine("90:03.000 --> 90:04.000"), want: []Cue{cue(1000, 2000, "Hello"), cue(5403000, 5404000, "World")}, notices: "beyond-end"},
		"Thai digits":                {file: first + "๒\n๐๐:๐๐:๐๓,๐๐๐ --> ๐๐:๐๐:๐๔,๐๐๐\nห้า ๕\n", want: []Cue{twoCues[0], cue(3000, 4000, "ห้า ๕")}},
		"digits of full width":       {file: timeLine("００：００：０３，０００ --> ００：００：０４，０００"), want: twoCues},
		"a number with a sign":       {file: "#1\n00:00:01,000 --> 00:00:02,000\nHello\n\n#2\n00:00:03,000 --> 00:00:04,000\nWorld", want: twoCues},
		"a number with a point":      {file: "1.\n00:00:01,000 --> 00:00:02,000\nHello\n\n2.\n00:00:03,000 --> 00:00:04,000\nWorld", want: twoCues},
		"numbers without empty line": {file: strings.ReplaceAll(first+second, "\n\n", "\n"), want: twoCues},
		"numbers repeated":           {file: strings.Replace(first+second, "\n2\n", "\n1\n", 1), want: twoCues},
		"a number on the time line":  {file: "1 00:00:01,000 --> 00:00:02,000\nHello\n2 00:00:03,000 --> 00:00:04,000\nWorld", want: twoCues},
		"a number, then nothing":     {file: strings.ReplaceAll(first+second, "2\n", "2\n\n"), want: twoCues},
		"times, then nothing":        {file: strings.ReplaceAll(first+second, "000\n", "000\n\n"), want: twoCues},
		"a number that is said":      {file: "00:00:01,000 --> 00:00:02,000\n42\n00:00:03,000 --> 00:00:04,000\n7\n", want: []Cue{cue(1000, 2000, "42"), cue(3000, 4000, "7")}},
		"a number said at last":      {file: "1\n00:00:01,000 --> 00:00:02,000\nHow many?\n42\n\n2\n00:00:03,000 --> 00:00:04,000\nWorld\n", want: []Cue{cue(1000, 2000, "How many?\n42"), twoCues[1]}},
		"opening hours":              {file: below + "เปิด\n10:30 - 11:45\n10:30-11:45 น.\n", want: []Cue{twoCues[0], cue(3000, 4000, "เปิด\n10:30 - 11:45\n10:30-11:45 น.")}},
		"text on the time line":      {file: "own-text-on-time-line-lost.srt", want: twoCues},
		"Thai text on it":            {file: first + "2\n00:00:03,000 --> 00:00:04,000 ก\u200bข ๕ \u00a0\n", want: []Cue{twoCues[0], cue(3000, 4000, "ก\u200bข ๕")}},
		"text and place on it":       {file: timeLine("00:00:03,000 --> 00:00:04,000 X1:1 Y1:2 And"), want: []Cue{twoCues[0], cue(3000, 4000, "And\nWorld")}, notices: "positions-dropped"},
		"whisper's console":          {file: "[00:01.000 --> 00:02.000]  Hello\n[00:03.000 --> 00:04.000]  World\n", want: twoCues},
		"a hundred hours":            {file: "h44-hundred-hours.srt", want: []Cue{cue(363600000, 363601000, "A"), cue(3599998000, 3599999999, "B")}, notices: "empty-dropped shifted beyond-end beyond-end"},
		"a shifted file":             {file: "01:00:01,000 --> 01:00:02,000\nA\n\n01:00:03,000 --> 01:00:04,000\nB", want: []Cue{cue(3601000, 3602000, "A"), cue(3603000, 3604000, "B")}, notices: "shifted beyond-end beyond-end"},
		"an end beyond the video's":  {file: "00:00:01,000 --> 00:00:02,000\nHello\n\n00:00:50,000 --> 00:01:00,001\nB", want: []Cue{twoCues[0], cue(50000, 60001, "B")}, notices: "beyond-end"},
		"SubStation's escapes":       {file: "h45-ass-escapes.srt", want: []Cue{cue(1000, 2000, "hello\nworld again"), cue(3000, 4000, "top and {curly}")}, notices: "positions-dropped styles-dropped"},
		"entities by number":         {file: below + "&#3585;&#x0E02; &#39;x&#39; &amp;#39; &#x110000;", want: []Cue{twoCues[0], cue(3000, 4000, "กข 'x' &#39; \ufffd")}},
		"breaks and voices":          {file: below + "<v Ann>a<br>b<br/><i>c</i> <I said so> <laughs>", want: []Cue{twoCues[0], cue(3000, 4000, "a\nb\nc <I said so> <laughs>")}, notices: "voices-dropped styles-dropped"},
		"out of order":               {file: second + "\n" + first, want: twoCues, notices: "reordered"},
		"a cue of no length":         {file: timeLine("00:00:03,000 --> 00:00:03,000"), want: []Cue{twoCues[0], cue(3000, 3001, "World")}, notices: "no-length"},

		"VTT, nothing after times":  {file: "h48-blank-after-time.vtt", want: []Cue{cue(2715640, 2716760, "ใครพูดเรื่องนี้"), cue(2716960, 2720600, "ฉันเห็นมันที่ชั้นสี่\nแล้วเขาก็ถามฉัน"), cue(2720920, 2722040, "เขาคือใคร")}, notices: "positions-dropped shifted beyond-end beyond-end beyond-end"},
		"VTT, text after nothing":   {file: vtt("and goodbye\nall\n\n00:03.000 --> 00:04.000\nWorld"), want: []Cue{cue(1000, 2000, "Hello\nand goodbye\nall"), twoCues[1]}, notices: "text-joined"},
		"VTT, header in small":      {file: "h52-lower-header.vtt", want: twoCues[:1]},
		"VTT, header below":         {file: "\n\n" + vtt(""), want: twoCues[:1]},
		"VTT, header in words":      {file: strings.Replace(vtt(""), "WEBVTT", "WEB VTT", 1), refused: ReadError{Line: 1, Problem: ProblemHeader, Content: "WEB VTT"}},
		"VTT, header cut short":     {file: strings.Replace(vtt(""), "WEBVTT", "WEBVT", 1), refused: ReadError{Line: 1, Problem: ProblemHeader, Content: "WEBVT"}},
		"VTT, lines of the header":  {file: "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\nsomething\n\n" + vtt("")[8:], want: twoCues[:1], notices: "header-dropped"},
		"VTT, numbers without line": {file: "own-vtt-ids-no-blank-stray-2.vtt", want: []Cue{cue(1000, 2000, "A"), cue(3000, 4000, "B")}},
		"VTT, short arrow":          {file: "own-vtt-second-arrow-short-text-lost.vtt", want: []Cue{cue(1000, 2000, "A"), cue(3000, 4000, "B")}},
		"VTT, a name":               {file: vtt("intro\n00:03.000 --> 00:04.000\nWorld"), want: twoCues, notices: "identifiers-dropped"},
		"VTT, text before all":      {file: "WEBVTT\n\nlost\n\n00:01.000 --> 00:02.000\nHello", refused: ReadError{Line: 3, Problem: ProblemStrayText, Content: "lost"}},
		"VTT, text without times":   {file: "WEBVTT\n\nall is lost\n", refused: ReadError{Line: 3, Problem: ProblemStrayText, Content: "all is lost"}},
		"VTT, asides":               {file: vtt("NOTE a\nb\n\nSTYLE\n::cue{}\n\nREGION\nid:1\n\n00:03.000 --> 00:04.000\nWorld"), want: twoCues, notices: "comments-dropped styles-dropped"},
		"VTT, joined":               {file: vtt("WEBVTT\nX-TIMESTAMP-MAP=x\n\n00:03.000 --> 00:04.000\nWorld"), want: twoCues, notices: "header-dropped"},
		"VTT, words of no tag":      {file: vtt("00:03.000 --> 00:04.000\n<laughs> World <b.x>yes</b> <v.loud Ann Lee>me</v>"), want: []Cue{twoCues[0], cue(3000, 4000, "<laughs> World yes me")}, notices: "styles-dropped voices-dropped"},
		"VTT that rolls": {
			file: "WEBVTT\nKind: captions\nLanguage: en\n\n00:00:01.000 --> 00:00:02.000 align:start position:0%\n \nhello<00:00:01.400><c> everyone</c>\n\n" +
				"00:00:02.000 --> 00:00:02.010 align:start position:0%\nhello everyone\n \n\n" +
				"00:00:02.010 --> 00:00:04.000 align:start position:0%\nhello everyone\nwelcome<00:00:03.000><c> back</c>\n\n" +
				"00:00:04.000 --> 00:00:04.010 align:start position:0%\nwelcome back\n \n\n" +
				"00:00:09.000 --> 00:00:10.000 align:start position:0%\nwelcome back\n",
			want:    []Cue{cue(1000, 2010, "hello everyone"), cue(2010, 4010, "welcome back"), cue(9000, 10000, "welcome back")},
			notices: "positions-dropped styles-dropped rolling-joined",
		},

		"a lone byte":                 {file: "h53-lone-byte.srt", want: []Cue{cue(1000, 2000, "It is 20\ufffd here"), twoCues[1]}, notices: "broken-letters"},
		"a letter of Latin-1":         {file: "own-latin1-ef-taken-for-whole.srt", want: []Cue{cue(1000, 2000, "na\ufffdve")}, notices: "broken-letters"},
		"Thai with a lone byte":       {file: below + "สวัสดี\x96ครับ", want: []Cue{twoCues[0], cue(3000, 4000, "สวัสดี\ufffdครับ")}, notices: "broken-letters"},
		"Hebrew":                      {file: "own-hebrew-cp1255-shown-as-thai.srt", refused: ReadError{Line: 3, Problem: ProblemNotUTF8}},
		"Korean":                      {file: "own-euckr-shown-as-thai.srt", refused: ReadError{Line: 3, Problem: ProblemNotUTF8}},
		"Korean of Windows":           {file: first + encodedBy(korean.EUCKR.NewEncoder().String("오늘은 날씨가 좋습니다 그래서 우리는 공원에 갔습니다")), refused: ReadError{Line: 7, Problem: ProblemNotUTF8}},
		"Russian of Windows":          {file: first + encodedBy(charmap.Windows1251.NewEncoder().String("Здравствуйте, как ваши дела сегодня?")), refused: ReadError{Line: 7, Problem: ProblemNotUTF8}},
		"Russian of KOI8":             {file: first + encodedBy(charmap.KOI8R.NewEncoder().String("Здравствуйте, как ваши дела сегодня?")), refused: ReadError{Line: 7, Problem: ProblemNotUTF8}},
		"Greek":                       {file: first + encodedBy(charmap.Windows1253.NewEncoder().String("Καλημέρα σας, τι κάνετε σήμερα;")), refused: ReadError{Line: 7, Problem: ProblemNotUTF8}},
		"Arabic":                      {file: first + encodedBy(charmap.Windows1256.NewEncoder().String("السلام عليكم ورحمة الله")), refused: ReadError{Line: 7, Problem: ProblemNotUTF8}},
		"Windows-874":                 {file: "1\n00:00:01,000 --> 00:00:02,000\n" + windows874("สวัสดีครับ น้ำท่วม เธอ"), want: []Cue{cue(1000, 2000, "สวัสดีครับ น้ำท่วม เธอ")}, notices: "windows-874"},
		"UTF-8 taken for Western":     {file: "1\n00:00:01,000 --> 00:00:02,000\n" + takenFor(charmap.Windows1252, "สวัสดี ก“”"), want: []Cue{cue(1000, 2000, "สวัสดี ก“”")}, notices: "decoded-twice"},
		"UTF-8 taken for Thai":        {file: takenFor(charmap.Windows874, "\ufeff1\n00:00:01,000 --> 00:00:02,000\nสวัสดีครับ เธอ é"), want: []Cue{cue(1000, 2000, "สวัสดีครับ เธอ é")}, notices: "decoded-twice"},
		"UTF-8 taken for it twice":    {file: "1\n00:00:01,000 --> 00:00:02,000\n" + takenFor(charmap.Windows1252, takenFor(charmap.Windows1252, "สวัสดี")), want: []Cue{cue(1000, 2000, "สวัสดี")}, notices: "decoded-twice"},
		"UTF-8 that lost letters":     {file: "1\n00:00:01,000 --> 00:00:02,000\n" + strings.ReplaceAll(takenFor(charmap.Windows874, "การทำงานกัน"), "\u0081", "\ufffd"), refused: ReadError{Line: 3, Problem: ProblemEncodedUTF8}},
		"one quote taken for Western": {file: "1\n00:00:01,000 --> 00:00:02,000\nIt" + takenFor(charmap.Windows1252, "’") + "s\n", want: []Cue{cue(1000, 2000, "It’s")}, notices: "decoded-twice"},
		"French that is well":         {file: "1\n00:00:01,000 --> 00:00:02,000\nÇa va très bien, Noël à Ü“x\n", want: []Cue{cue(1000, 2000, "Ça va très bien, Noël à Ü“x")}},
		"Thai that is well":           {file: "1\n00:00:01,000 --> 00:00:02,000\nเธอ เธอ เธอ เน้น\n", want: []Cue{cue(1000, 2000, "เธอ เธอ เธอ เน้น")}},
		"SARA AM in halves":           {file: "h57-thai-decomposed.srt", want: []Cue{cue(1000, 5000, "การทำงานร่วมกันของทีมในองค์กรสำคัญมากสำหรับความสำเร็จและน้ำใจ"), cue(6000, 9000, "น้ำ กับ น้ำ")}},
		"Thai with places to break":   {file: "h58-thai-zwsp.srt"},

		"SBV":             {file: "0:00:01.000,0:00:02.000\nHello\n\n0:00:03.000,0:00:04.000\nWorld[br]again\n", want: []Cue{twoCues[0], cue(3000, 4000, "World\nagain")}},
		"SBV, a bad time": {file: "0:00:01.000,0:00:02.000\nHello\n\n0:00:03.000,0:00:0x.000\nWorld\n", refused: ReadError{Line: 4, Problem: ProblemNotATime}},
		"LRC": {
			file: "[ti:A song]\n[offset:+500]\n[00:01.50]Hello\n[00:02.50]\n[00:10.5][00:03.500]<00:03.50>World <00:04.0>all\n[00:04.500]สวัสดี\n[00:04.500]hi\n",
			want: []Cue{cue(1000, 2000, "Hello"), cue(3000, 4000, "World all"), cue(4000, 10000, "สวัสดี"), cue(4000, 10000, "hi"), cue(10000, 15000, "World all")}, notices: "header-dropped",
		},
		"LRC by hundredths":          {file: "[00:01:00]Hello\n[00:02:00]\n", refused: ReadError{Line: 1, Problem: ProblemNotATime}},
		"LRC with hours":             {file: "[00:00:01.00]Hello\n[00:00:02.00]\n[00:00:03.00]World\n[00:00:04.00]", want: twoCues},
		"LRC, a line below":          {file: "[00:01.00]Hello\nyou\n[00:02.00]", want: []Cue{cue(1000, 2000, "Hello\nyou")}},
		"LRC, a bad time":            {file: "[00:01.00]Hello\n[00:61.00]World", refused: ReadError{Line: 2, Problem: ProblemNotATime, Content: "[00:61.00]World"}},
		"LRC, text before a time":    {file: "[ti:x]\n[00:01.00][00:02.00]Hello\nlost", refused: ReadError{Line: 3, Problem: ProblemStrayText, Content: "lost"}},
		"LRC, a time among brackets": {file: "[00:01.00]Hello\n[00:0x.00]World\n[00:03.00]", refused: ReadError{Line: 2, Problem: ProblemNotATime}},
		"TSV":                        {file: "start\tend\ttext\n1000\t2000\tHello\n3000\t4000\tWorld\twide\n", want: []Cue{twoCues[0], cue(3000, 4000, "World wide")}},
		"TSV, a bad time":            {file: "start\tend\ttext\n1000\t2000\tHello\n3.5\t4000\tWorld\n", refused: ReadError{Line: 3, Problem: ProblemNotATime}},
		"TSV, backwards":             {file: "start\tend\ttext\n2000\t1000\tHello\n", refused: ReadError{Line: 2, Problem: ProblemBackwards}},
		"TSV, a short row":           {file: "start\tend\ttext\n1000\t2000\tHello\nWorld\n", refused: ReadError{Line: 3, Problem: ProblemMissing, Content: "World"}},
		"MicroDVD":                   {file: "{1}{1}25\n{25}{50}{y:i}Hello\n{75}{100}/World|wide\n", want: []Cue{twoCues[0], cue(3000, 4000, "World\nwide")}, notices: "styles-dropped"},
		"MicroDVD of film":           {file: "{0}{0}23.976\n{24}{48}Hello\n", want: []Cue{cue(1001, 2002, "Hello")}},
		"MicroDVD, no rate":          {file: "{25}{50}Hello\n", refused: ReadError{Line: 1, Problem: ProblemFrameRate, Content: "{25}{50}Hello"}},
		"MicroDVD, no end":           {file: "{1}{1}25\n{25}{}Hello\n", refused: ReadError{Line: 2, Problem: ProblemMissing}},
		"MicroDVD, a lost line":      {file: "{1}{1}25\n{25}{50}Hello\nWorld\n", refused: ReadError{Line: 3, Problem: ProblemNotATime, Content: "World"}},
		"TTML": {
			file: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tt xmlns=\"http://www.w3.org/ns/ttml\" xmlns:tts=\"x\" xml:lang=\"th\"><head><title>not said</title></head>\n<body><div>\n" +
				"<p begin=\"00:00:01.000\" end=\"2s\">Hello</p>\n<p begin=\"3000ms\" dur=\"1s\" region=\"r1\"><span tts:fontStyle=\"italic\">World</span> &amp;\n  all<br/>of it</p><p begin='5s' end='6s'> </p></div></body></tt>",
			want: []Cue{twoCues[0], cue(3000, 4000, "World & all\nof it")}, notices: "positions-dropped styles-dropped empty-dropped",
		},
		"TTML by frames":   {file: `<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="p" ttp:frameRate="25" ttp:tickRate="1000"><body begin="1s"><div><p begin="00:00:00:00" end="25f">Hello</p><p begin="2000t" end="00:00:03:00">World</p></div></body></tt>`, want: twoCues},
		"TTML by parts":    {file: `<tt><body><div><p><span begin="1s" end="2s">Hello</span><span begin="3s" end="4s">World</span></p></div></body></tt>`, want: twoCues},
		"TTML, no end":     {file: "<tt><body><div>\n<p begin=\"1s\">Hello</p></div></body></tt>", refused: ReadError{Line: 2, Problem: ProblemMissing}},
		"TTML, a bad time": {file: "<tt><body><div>\n<p begin=\"1x\" end=\"2s\">Hello</p></div></body></tt>", refused: ReadError{Line: 2, Problem: ProblemNotATime, Content: `<p begin="1x" end="2s">Hello</p></div></body></tt>`}},
		"TTML, stray text": {file: "<tt><body><div>lost<p begin=\"1s\" end=\"2s\">Hello</p></div></body></tt>", refused: ReadError{Line: 1, Problem: ProblemStrayText}},
		"TTML, cut":        {file: "<tt><body><div><p begin=\"1s\" end=\"2s\">Hello</p>", refused: ReadError{Line: 1, Problem: ProblemMalformed}},
		"SubStation Alpha": {
			file: "\ufeff[Script Info]\r\n; a comment\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\nFormat: Name, Fontname\r\nStyle: Default,Arial\r\n\r\n[Events]\r\n" +
				"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n" +
				"Dialogue: 0,0:00:03.00,0:00:04.00,Default,Ann,0,0,0,,{\\an8\\i1}World{\\i0}\r\n" +
				"Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello, \\hall\\Nof you {a comment}{\\p1}m 0 0 l 1 1{\\p0}\r\n" +
				"Comment: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,not said\r\n",
			want: []Cue{cue(1000, 2000, "Hello,  all\nof you"), twoCues[1]}, notices: "styles-dropped voices-dropped positions-dropped comments-dropped reordered",
		},
		"SubStation Alpha, old":      {file: "[Script Info]\n[Events]\nFormat: Marked, Start, End, Text\nDialogue: Marked=0,0:00:01.00,0:00:02.00,Hello\n", want: twoCues[:1]},
		"SubStation Alpha, events":   {file: "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello\n", want: twoCues[:1]},
		"SubStation Alpha, no time":  {file: "[Script Info]\n[Events]\nDialogue: 0,0:00:0x.00,0:00:02.00,Default,,0,0,0,,Hello\n", refused: ReadError{Line: 3, Problem: ProblemNotATime}},
		"SubStation Alpha, cut":      {file: "[Script Info]\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Def", refused: ReadError{Line: 3, Problem: ProblemMissing}},
		"SubStation Alpha, two rows": {file: "[Script Info]\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello\nWorld\n", refused: ReadError{Line: 4, Problem: ProblemStrayText, Content: "World"}},

		"a time of words":         {file: timeLine("00:00:03,000 bis 00:00:04,000"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00:00:03,000 bis 00:00:04,000"}},
		"a time of short words":   {file: vtt("00:03.000 bis 00:04.000\nWorld"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00:03.000 bis 00:04.000"}},
		"times without arrow":     {file: timeLine("00:03 bis 00:04"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00:03 bis 00:04"}},
		"a letter for a digit":    {file: timeLine("00:00:03,000 --> 00:00:04,0O0"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00:00:03,000 --> 00:00:04,0O0"}},
		"a letter in seconds":     {file: timeLine("00:00:00,000 --> 00:00:04x"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00:00:00,000 --> 00:00:04x"}},
		"text right after times":  {file: timeLine("00:00:03,000 --> 00:00:04,000สวัสดี"), want: []Cue{twoCues[0], cue(3000, 4000, "สวัสดี\nWorld")}},
		"semicolons":              {file: timeLine("00;00;03,000 --> 00;00;04,000"), want: twoCues},
		"points for colons":       {file: timeLine("00.00.03,000 --> 00.00.04,000"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00.00.03,000 --> 00.00.04,000"}},
		"letters for colons":      {file: timeLine("00h00m03s --> 00h00m04s"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00h00m03s --> 00h00m04s"}},
		"a word of Windows-874":   {file: strings.Repeat(first, 20) + "2\n00:00:03,000 --> 00:00:04,000\n" + windows874("น้ำ"), notices: "windows-874"},
		"half a letter of UTF-16": {file: "\xff\xfe" + strings.Join(strings.Split("1\n00:00:01,000 --> 00:00:02,000\nHell", ""), "\x00") + "\x00\x00\xd8o\x00", want: []Cue{cue(1000, 2000, "Hell\ufffdo")}, notices: "broken-letters"},
		"UTF-16 without a mark":   {file: strings.Join(strings.Split("1\n00:00:01,000 --> 00:00:02,000\nHello", ""), "\x00") + "\x00", want: twoCues[:1]},
		"quotes of Windows":       {file: first + "2\n00:00:03,000 --> 00:00:04,000\n\x93World\x94\n", want: []Cue{twoCues[0], cue(3000, 4000, "\ufffdWorld\ufffd")}, notices: "broken-letters"},
		"a time without end":      {file: timeLine("00:00:03,000"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00:00:03,000"}},
		"an arrow without end":    {file: timeLine("00:00:03,000 -> x"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00:00:03,000 -> x"}},
		"words before the times":  {file: timeLine("at 00:00:03,000 --> 00:00:04,000"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "at 00:00:03,000 --> 00:00:04,000"}},
		"three times":             {file: timeLine("00:00:03,000 --> 00:00:04,000 --> 00:00:05,000"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00:00:03,000 --> 00:00:04,000 --> 00:00:05,000"}},
		"frames":                  {file: timeLine("00:00:03:12 --> 00:00:04:12"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00:00:03:12 --> 00:00:04:12"}},
		"seconds of a minute":     {file: timeLine("00:00:63,000 --> 00:01:04,000"), refused: ReadError{Line: 6, Problem: ProblemNotATime, Content: "00:00:63,000 --> 00:01:04,000"}},
		"backwards":               {file: timeLine("00:00:04,000 -> 00:00:03,000"), refused: ReadError{Line: 6, Problem: ProblemBackwards, Content: "00:00:04,000 -> 00:00:03,000"}},
		"JSON, a null":            {file: "{\"segments\":[\n{\"start\":0,\"end\":1,\"text\":\"a\"},\n{\"start\":null,\"end\":2}]}", refused: ReadError{Line: 3, Problem: ProblemMissing, Content: `{"start":null,"end":2}]}`}},
		"JSON, a word":            {file: "{\"segments\":[\n{\"start\":\"x\",\"end\":1,\"text\":\"a\"}]}", refused: ReadError{Line: 2, Problem: ProblemMalformed, Content: `{"start":"x","end":1,"text":"a"}]}`}},
		"JSON, two lists":         {file: `{"cues":[{"start":1,"end":2,"text":"Hello"}],"segments":[]}`, want: twoCues[:1]},
		"JSON, beyond the end":    {file: `{"segments":[{"start":1,"end":2,"text":"Hello"},{"start":70,"end":71,"text":"x"}]}`, want: []Cue{twoCues[0], cue(70000, 71000, "x")}, notices: "beyond-end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := []byte(test.file)
			if strings.Contains(test.file, ".") && !strings.ContainsAny(test.file, "\n ") {
				var err error
				if data, err = os.ReadFile(filepath.Join("testdata", "brought", test.file)); err != nil {
					t.Fatal(err)
				}
			}
			got, err := ReadFile(data, Bounds{Video: time.Minute})
			if want := test.refused; want.Problem != "" {
				var failed *ReadError
				if !errors.As(err, &failed) || failed.Line != want.Line || failed.Problem != want.Problem || want.Content != "" && failed.Content != want.Content {
					t.Fatalf("got %+v, %+v, want %+v", got, failed, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if test.want != nil && !reflect.DeepEqual(got.Cues, test.want) {
				t.Errorf("got  %q\nwant %q", got.Cues, test.want)
			}
			var kinds []string
			for _, n := range got.Notices {
				kinds = append(kinds, string(n.Kind))
			}
			if strings.Join(kinds, " ") != test.notices {
				t.Errorf("got the notices %+v, want %s", got.Notices, test.notices)
			}
		})
	}
}

// broughtFiles are those of testdata/brought, and one of each other kind.
func broughtFiles(t testing.TB) (files [][]byte) {
	paths, err := filepath.Glob(filepath.Join("testdata", "brought", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	for _, file := range []string{
		"[Script Info]\n[V4+ Styles]\n[Events]\nFormat: Start, End, Name, Text\nDialogue: 0:00:01.00,0:00:02.00,Ann,{\\an8}a\\Nb{\\p1}m{\\p0}\nComment: x\n",
		"0:00:01.000,0:00:02.000\na[br]b\n",
		"[ti:x]\n[offset:+1]\n[00:01.50][00:03.50]<00:01.50>a\n[00:02.50]\n",
		"start\tend\ttext\n1000\t2000\ta\n",
		"{1}{1}25\n{25}{50}{y:i}a|/b\n",
		"<?xml version=\"1.0\"?><tt xml:lang=\"th\" frameRate=\"25\"><head>x</head><body begin=\"1s\"><div><p begin=\"00:00:01:12\" dur=\"1t\">a<br/>b<span begin=\"1f\" end=\"2s\">c</span></p></div></body></tt>",
		"WEBVTT\n\n00:01.000 --> 00:02.000\n \na<00:01.5><c> b</c>\n\n00:02.000 --> 00:02.010\na b\n",
		takenFor(charmap.Windows874, "1\n00:00:01,000 --> 00:00:02,000\nสวัสดี"),
	} {
		files = append(files, []byte(file))
	}
	return files
}

// A line of text that a writer protects is never a time line, and no line takes
// long or panics.
func FuzzTimeLine(f *testing.F) {
	for _, line := range append([]string{"1 [00:00:01,000 → 00:00:02,0001.5] x", "10:30 - 11:45", "๐๐:๐๑ –> 0:2", "-0:0:1,0 --> -0:0:2,0"}, said...) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		line, _, _ = strings.Cut(CleanText(line), "\n")
		for _, where := range []place{amongText, afterBlank, afterNumber} {
			times, ok := parseTimeLine(line, where)
			if ok && times.problem == "" && (times.start < 0 || times.end < times.start || times.end > MaxEnd) {
				t.Errorf("%q is from %v to %v", line, times.start, times.end)
			}
			if !strings.Contains(line, times.rest) {
				t.Errorf("%q ends with %q", line, times.rest)
			}
			if _, ok := parseTimeLine(protect(line), where); ok {
				t.Errorf("%q is a time line although it is protected", line)
			}
		}
	})
}

func encodedBy(text string, err error) string {
	if err != nil {
		panic(err)
	}
	return "2\n00:00:03,000 --> 00:00:04,000\n" + text + "\n"
}

// takenFor is text in UTF-8 whose bytes were taken for letters of another encoding.
func takenFor(table *charmap.Charmap, text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		r := table.DecodeByte(c)
		if r == '\ufffd' {
			r = rune(c)
		}
		b.WriteRune(r)
	}
	return b.String()
}
