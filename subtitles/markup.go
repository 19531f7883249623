package subtitles

import (
	"regexp"
	"strings"
)

// wordJoiner is as wide as nothing and forbids a line break, says Unicode.
const wordJoiner = "\u2060"

var (
	vttTag = regexp.MustCompile(`^(/?[A-Za-z]*([. \t/][^\n]*)?|[\d:.]+)$`)
	// SRT was never written down. These are the tags that players know; other
	// things between < and > are what somebody said.
	srtTag = regexp.MustCompile(`^(?i)/?(b|i|u|s|strike|em|strong|font|span|c|v|lang|ruby|rt)([. \t/][^\n]*)?$`)

	srtEntities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&quot;", `"`, "&apos;", "'",
		"&#39;", "'", "&nbsp;", "\u00A0", "&lrm;", "\u200E", "&rlm;", "\u200F")
	// What srtEntities would read, and players that know more of them.
	srtEntity = regexp.MustCompile(`&(#?[0-9A-Za-z]{1,32};)`)

	vttEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "{", "{"+wordJoiner, `\`, `\`+wordJoiner)
	srtEscapes = strings.NewReplacer("<", "<"+wordJoiner, "{", "{"+wordJoiner, `\`, `\`+wordJoiner, "-->", "--"+wordJoiner+">")
)

// withoutTags takes out what tag takes for one between < and >.
func withoutTags(text string, tag *regexp.Regexp) string {
	return without(text, "<", "<>", ">", tag.MatchString)
}

// withoutOverrides takes out {\an8} and the like, which SubStation Alpha
// brought into SRT.
func withoutOverrides(text string) string {
	return without(text, "{", "{}", "}", func(inner string) bool { return strings.HasPrefix(inner, `\`) })
}

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
func vttText(text string) string { return vttEscapes.Replace(text) }

// srtText does the same for SRT, which has no escapes.
func srtText(text string) string {
	return srtEscapes.Replace(srtEntity.ReplaceAllString(text, "&"+wordJoiner+"$1"))
}
