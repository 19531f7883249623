package views

// jobError is the same for admins, in few words.
func (t *Text) jobError(code string) string {
	switch code {
	case "no-sound":
		return t.Subtitles.Queue.NoSound
	case "file-missing":
		return t.Subtitles.Queue.NoFile
	case "engine-refused":
		return t.Subtitles.Queue.Refused
	case "crashed":
		return t.Subtitles.Queue.Crashed
	default:
		return t.Subtitles.Queue.GaveUp
	}
}

// SubtitleError explains the code of subtitles that could not be made.
func (t *Text) SubtitleError(code string) string {
	switch code {
	case "no-sound":
		return t.Subtitles.NoSound
	case "file-missing":
		return t.Subtitles.FileMissing
	case "engine-refused":
		return t.Subtitles.EngineRefused
	case "crashed":
		return t.Subtitles.Crashed
	default:
		return t.Subtitles.EngineFailed
	}
}
