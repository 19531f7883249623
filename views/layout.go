package views

import "unicode"

// initial is the letter that stands for a user. A Thai vowel written before
// its consonant is passed over, because alone it looks like a mistake.
func initial(username string) string {
	for _, r := range username {
		if unicode.IsLetter(r) && (r < 'เ' || r > 'ไ') || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "•"
}
