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
	Unreachable, Cancel, BackHome, CopyByHand             string

	// Signing in and registering.
	SignIn, SignInLead, NoAccount, Register, RegisterLead, HaveAccount string
	Username, Password, ShowPassword                                   string
	UsernameHint, PasswordHint                                         string

	// The quota widget.
	YourQuota, RefreshQuota, VideosUsed, MinutesUsed string
	QuotaFiles                                       Plural[UsedFormat] // of the limit
	SessionID                                        Format             // session id
	VideosLeft, UploadsRunning                       Format             // count
	MinutesOf                                        UsedFormat
	MinutesLeft                                      Format     // left
	BarValue                                         UsedFormat // figures or clocks

	// The upload form.
	UploadTitle, ChooseFile, DropHere, AddFiles, Upload string
	FileRequired, Accepts, OneFile, SignInToGoOn        string
	FileLimit                                           Format // size
	SomeFiles                                           Format // count
	UploadFiles, FilesFit                               Format // OneFile or SomeFiles
	ClearList                                           string
	FilesDone                                           Template // {done} {all}
	LeaveTitle, LeaveDetail                             string

	// Why the quota has no room for a file that was chosen.
	NoVideosLeft, NoMinutesLeft, VideosTaken, MinutesTaken string
	FileTooBig                                             Template // {size} {limit}
	VideoTooLong, VideoTooLongNow                          Template // {length} {left}

	// A file on its way.
	UploadWaiting, UploadStarting, UploadOffline, UploadChecking                string
	UploadCancelling, UploadCancelled, UploadFailed, UploadGone, FileUnreadable string
	Uploading                                                                   Format   // filename
	UploadPaused                                                                Format   // percent
	UploadProxyLimit                                                            Format   // size
	UploadProgress                                                              Template // {percent} {speed} {left}
	UploadCounted                                                               Format   // duration
	PauseUpload, ResumeUpload, RetryUpload, CancelUpload, RemoveFromUploads     Format   // filename

	// The list of videos.
	NoVideosTitle, NoVideosDetail, More, Download, Delete, Untitled string
	StatusReceiving, StatusMeasuring, StatusRejected                string
	DeleteVideo, DownloadVideo, VideoDeleted                        Format // filename
	DeleteTitle, DiscardTitle                                       Format // filename
	DeleteDetail, RejectedDetail, DiscardDetail, ChooseAgain        string
	SentSoFar                                                       Format // percent
	PartlyRead                                                      ReadFormat

	// The player.
	PlayVideo, ClosePlayer          Format // filename
	Close, Unplayable, BackToVideos string

	// The sessions page.
	SessionsTitle, SessionsLead, Search, SearchHint, NoSessions string
	User, Videos, Duration, LastUpload, Created, Action         string
	Never, Administrator, Disabled, Reset, NextPage, FirstPage  string
	SessionsTotal                                               Format // count
	ResetOf, ResetTitle, ResetDone                              Format // username
	ResetDetail                                                 string

	// January to December, as dates are written.
	Months [12]string

	Docs    DocsText
	Account AccountText

	Problems Problems
	Fields   Fields
	Rejected Rejected

	Plot     PlotText
	Sessions SessionsText
	Session  SessionText
	Users    UserText

	Subtitles SubtitleText

	language Language
}

// Messages returns the texts in a language, in Thai if it is not one of ours.
func Messages(l Language) *Text {
	if l == English {
		return &english
	}
	return &thai
}

// DateTime writes a moment in its time zone, which it does not name, as the
// page's script does.
func (t *Text) DateTime(at time.Time) string {
	day := t.Day(at)
	if t.language == Thai {
		return fmt.Sprintf("%s %d %s", day, at.Year()+543, at.Format("15:04")) // the Buddhist era
	}
	return day + at.Format(" 2006, 15:04")
}
