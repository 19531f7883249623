package subtitles

import (
	"path"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// maxNameBytes is what file systems take.
const maxNameBytes = 255

// FileName gives the name of a video's subtitles, for instance "My film.srt" for
// "My film.mp4" and "srt". It is safe to save under on any system: no folders,
// no control or direction characters, nothing that Windows keeps for itself,
// 255 bytes at most. A name of which nothing is left becomes "subtitles".
func FileName(video, ext string) string {
	base := path.Base(strings.ReplaceAll(strings.ToValidUTF8(video, "\uFFFD"), `\`, "/"))
	base = strings.TrimSuffix(base, path.Ext(base))
	base = strings.Map(nameRune, base)
	base = cutName(strings.TrimLeft(base, ". "), maxNameBytes-len(ext)-1)
	base = strings.TrimRight(base, ". ")
	if base == "" {
		base = "subtitles"
	}
	if isDevice(base) {
		base = "_" + base
	}
	return base + "." + ext
}

// nameRune keeps the zero-width joiners, which emoji and some scripts need.
func nameRune(r rune) rune {
	switch {
	case r == '\u200C', r == '\u200D':
		return r
	case strings.ContainsRune(`<>:"/\|?*`, r):
		return '_'
	case unicode.IsSpace(r):
		return ' '
	case unicode.In(r, unicode.C, unicode.Noncharacter_Code_Point):
		return -1
	}
	return r
}

// cutName cuts between letters that are seen as one each.
func cutName(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	end := 0
	for rest, state := name, -1; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if end+len(cluster) > limit {
			break
		}
		end += len(cluster)
	}
	return name[:end]
}

// isDevice reports names that Windows takes for devices, whatever follows the
// first point.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && stem[3] >= '1' && stem[3] <= '9'
}
