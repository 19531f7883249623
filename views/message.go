package views

// DeleteConfirm asks before a video is deleted.
func DeleteConfirm(l Language, v Video) Confirm {
	t := Messages(l)
	return Confirm{
		Title: t.DeleteTitle.With(t.filename(v)), Detail: t.deleteDetail(v),
		Action: v.path() + "/delete", Yes: t.Delete, Back: "/",
	}
}

// ResetConfirm asks before a quota session is reset, and for the reason, which
// may have been typed already.
func ResetConfirm(l Language, s Session, reason string) Confirm {
	t := Messages(l)
	return Confirm{
		Title: t.ResetTitle.With(s.Username), Detail: t.ResetDetail,
		Action: s.path() + "/reset", Yes: t.Reset, Back: s.path(),
		Once: true, AsksReason: true, Reason: reason,
	}
}
