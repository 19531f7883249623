package engine

import "gensubtitle/internal/subtitles"

// engineLanguage is what engines call the language of this code.
func engineLanguage(code string) string {
	if code == subtitles.Javanese {
		return subtitles.OldJavanese
	}
	return code
}
