package subtitles

import (
	"regexp"
	"strings"
)

// wordJoiner is as wide as nothing and forbids a line break, says Unicode.
const wordJoiner = "\u2060"

// These are the tags that players know; other things between < and > are what
// somebody said.
const tagNames = `b|i|u|s|strike|em|strong|ruby|rt|c`

var (
	vttTag = regexp.MustCompile(`^(?i:/?((` + tagNames + `)(\.[^\s<>]*)?[ \t]*|(font|span|v|lang)([. \t][^\n]*)?)?/?|[\d:.]+)$`)
	srtTag = regexp.MustCompile(`^(?i)/?((` + tagNames + `)(\.[^\s<>]*)?[ \t]*|(font|span|v|lang)([. \t][^\n]*)?)/?$`)

	lineBreakTag  = regexp.MustCompile(`(?i)<br[ \t]*/?>`)
	voiceTag      = regexp.MustCompile(`^(?i)/?v([. \t]|$)`)
	timeTag       = regexp.MustCompile(`^[\d:.]+$`)
	placeOverride = regexp.MustCompile(`\\(an?\d|pos|move|org)`)
	// settingPattern is what WebVTT, its drafts and SRT have after the times.
	settingPattern = regexp.MustCompile(`^(?i:(vertical|line|position|size|align|region):\S+|[ADLST]:\S+|[XY][12]:-?\d+)$`)

	// srtEntities are those that players know.
	srtEntities = regexp.MustCompile(`&(?:lt|gt|amp|quot|apos|nbsp|lrm|rlm|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});`)
	// What srtEntities would read, and players that know more of them.
	srtEntity = regexp.MustCompile(`&(#?[0-9A-Za-z]{1,32};)`)
	// srtEscaped is what SubStation Alpha brought into SRT.
	srtEscaped = strings.NewReplacer(`\N`, "\n", `\h`, " ")

	vttEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "{", "{"+wordJoiner, `\`, `\`+wordJoiner)
	srtEscapes = strings.NewReplacer("<", "<"+wordJoiner, "{", "{"+wordJoiner, `\`, `\`+wordJoiner, "-->", "--"+wordJoiner+">")
)

// without takes out each stretch from open to end whose inside holds neither
// of both and is drop. It looks at each byte twice at most.
func without(text, open, both, end string, drop func(inner string) bool) string {
	var kept strings.Builder
	for {
		before, rest, found := strings.Cut(text, open)
		kept.WriteString(before)
		if !found {
			return kept.String()
		}
		at := strings.IndexAny(rest, both)
		if at >= 0 && rest[at:at+1] == end && drop(rest[:at]) {
			text = rest[at+1:]
			continue
		}
		kept.WriteString(open)
		text = rest
	}
}

// vttText writes a text so that nothing in it is markup.
func vttText(text string) string { return protect(vttEscapes.Replace(text)) }

// srtText does the same for SRT, which has no escapes.
func srtText(text string) string {
	return protect(srtEscapes.Replace(srtEntity.ReplaceAllString(text, "&"+wordJoiner+"$1")))
}
