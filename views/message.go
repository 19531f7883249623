package views

import "unicode"

// DeleteConfirm asks before a video is deleted.
func DeleteConfirm(l Language, v Video) Confirm {
	t := Messages(l)
	return Confirm{
		Title: t.DeleteTitle.With(t.filename(v)), Detail: t.DeleteDetail,
		Action: v.path() + "/delete", Yes: t.Delete, Back: "/",
	}
}

// ResetConfirm asks before a quota session is reset.
func ResetConfirm(l Language, s Session) Confirm {
	t := Messages(l)
	return Confirm{
		Title: t.ResetTitle.With(s.Username), Detail: t.ResetDetail,
		Action: s.path() + "/reset", Yes: t.Reset, Back: "/admin/sessions",
	}
}

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
