package subtitles

// NoticeKind says what a file had that is not as it was, for a page to explain.
type NoticeKind string

// The kinds there are.
const (
	NoticePositions   NoticeKind = "positions-dropped"
	NoticeVoices      NoticeKind = "voices-dropped"
	NoticeStyles      NoticeKind = "styles-dropped"
	NoticeComments    NoticeKind = "comments-dropped"
	NoticeIdentifiers NoticeKind = "identifiers-dropped" // of WebVTT, but for numbers
	NoticeHeader      NoticeKind = "header-dropped"      // lines of it that are not known
	NoticeEmpty       NoticeKind = "empty-dropped"       // cues without text
	NoticeJoined      NoticeKind = "text-joined"         // text after an empty line
	NoticeRolling     NoticeKind = "rolling-joined"      // lines that were shown before
	NoticeNoLength    NoticeKind = "no-length"           // cues that end when they start
	NoticeReordered   NoticeKind = "reordered"           // cues that start before the one above
	NoticeLetters     NoticeKind = "broken-letters"
	NoticeDecoded     NoticeKind = "decoded-twice" // UTF-8 within UTF-8
	NoticeThai        NoticeKind = "windows-874"
	NoticeShifted     NoticeKind = "shifted"    // the file would fit if it began earlier
	NoticeBeyond      NoticeKind = "beyond-end" // cues that end after the video
)

// Notice tells what was changed or dropped, or lies beyond the video.
type Notice struct {
	Line    int // from 1; 0 for the file as a whole
	Kind    NoticeKind
	Content string // what stands there, or its begin
	More    int    // how many others of the kind have no notice of their own
}

// maxNotices is how many notices of a kind name their lines.
const maxNotices = 10

// notices gathers them. Of what only looks different, one names its line.
type notices struct {
	list []Notice
	of   map[NoticeKind]*noticeCount
}

type noticeCount struct{ shown, last int } // last is the index of the last one in the list

func (n *notices) add(line int, kind NoticeKind, what string) {
	if n.of == nil {
		n.of = map[NoticeKind]*noticeCount{}
	}
	most := 1
	if kind == NoticeBeyond || kind == NoticeJoined || kind == NoticeHeader || kind == NoticeLetters {
		most = maxNotices
	}
	known := n.of[kind]
	if known == nil {
		known = &noticeCount{}
		n.of[kind] = known
	}
	if known.shown == most {
		n.list[known.last].More++
		return
	}
	known.shown++
	known.last = len(n.list)
	n.list = append(n.list, Notice{Line: line, Kind: kind, Content: content(what)})
}
