package engine

import (
	"encoding/json"

	"gensubtitle/internal/subtitles"
)

// MaxNotes is how many notes MarshalNotes writes.
const MaxNotes = 100

type storedNote struct {
	Kind  NoteKind `json:"kind"`
	Start float64  `json:"start"` // seconds
	Text  string   `json:"text"`
}

// MarshalNotes writes the first MaxNotes notes as [{"kind":"repeated","start":1.5,"text":"…"}].
func MarshalNotes(notes []Note) []byte {
	stored := make([]storedNote, 0, min(len(notes), MaxNotes))
	for _, n := range notes[:min(len(notes), MaxNotes)] {
		text := []rune(subtitles.CleanText(n.Text))
		stored = append(stored, storedNote{n.Kind, float64(n.At.Milliseconds()) / 1000, string(text[:min(len(text), maxNoteRunes)])})
	}
	data, err := json.Marshal(stored)
	if err != nil {
		panic("subtitles: numbers and strings that are no JSON: " + err.Error())
	}
	return data
}

// maxNoteRunes bounds the text of a note.
const maxNoteRunes = 200

// UnmarshalNotes reads what MarshalNotes writes, and nothing of what it does not.
func UnmarshalNotes(data []byte) []Note {
	var stored []storedNote
	if json.Unmarshal(data, &stored) != nil {
		return nil
	}
	notes := make([]Note, len(stored))
	for i, n := range stored {
		notes[i] = Note{n.Kind, toDuration(n.Start), n.Text}
	}
	return notes
}
