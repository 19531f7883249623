package views

import (
	"fmt"
	"time"
)

// Text holds every text of the site in one language.
type Text struct {
	// Around every page.
	Tagline, SkipToContent, OtherLanguage, SwitchLanguage string
	SignOut, MyVideos, AllSessions, MainNavigation        string
	Unreachable, Cancel, BackHome                         string

	// Signing in and registering.
	SignIn, SignInLead, NoAccount, Register, RegisterLead, HaveAccount string
	Username, Password, ShowPassword                                   string
	UsernameHint, PasswordHint                                         string

	// The quota widget.
	YourQuota, RefreshQuota, VideosUsed, MinutesUsed string
	QuotaFiles                                       Format // used, limit
	SessionID                                        Format // session id
	VideosLeft, UploadsRunning                       Format // count
	MinutesOf                                        Format // used, limit
	MinutesLeft                                      Format // left
	BarValue                                         Format // used, limit, as figures or clocks

	// The upload form.
	UploadTitle, ChooseFile, DropHere, AnotherFile, Upload, Uploading string
	Measuring, UploadCancelled, LeaveTitle, LeaveDetail, Leave        string
	FileRequired, OneFile, NoVideosLeft, NoMinutesLeft, Accepts       string
	FileLimit                                                         Format // size
	FileTooBig                                                        Format // size, limit
	VideoTooLong                                                      Format // duration, left
	UploadProgress                                                    Format // percent, speed, time left
	UploadDone                                                        Format // filename

	// The list of videos.
	NoVideosTitle, NoVideosDetail, More, Download, Delete, Untitled string
	StatusReceiving, StatusMeasuring, StatusRejected                string
	DeleteVideo, DownloadVideo, VideoDeleted                        Format // filename
	DeleteTitle                                                     Format // filename
	DeleteDetail                                                    string

	// The sessions page.
	SessionsTitle, SessionsLead, Search, SearchHint, NoSessions string
	User, Videos, Duration, LastUpload, Created, Action         string
	Never, Administrator, Disabled, Reset, NextPage, FirstPage  string
	SessionsTotal                                               Format // count
	ResetOf, ResetTitle, ResetDone                              Format // username
	ResetDetail                                                 string

	// January to December, as dates are written.
	Months [12]string

	Problems Problems
	Fields   Fields
	Rejected Rejected

	language Language
}

// Format is a text with the verbs of package fmt in it.
type Format string

// With fills the verbs in.
func (f Format) With(values ...any) string {
	return fmt.Sprintf(string(f), values...)
}

// Messages returns the texts in a language, in Thai if it is not one of ours.
func Messages(l Language) *Text {
	if l == English {
		return &english
	}
	return &thai
}

// DateTime writes a moment in UTC. The page's script rewrites it in the
// reader's own time zone.
func (t *Text) DateTime(at time.Time) string {
	at = at.UTC()
	year := at.Year()
	if t.language == Thai {
		year += 543 // the Buddhist era
	}
	return fmt.Sprintf("%d %s %d %s UTC", at.Day(), t.Months[at.Month()-1], year, at.Format("15:04"))
}
