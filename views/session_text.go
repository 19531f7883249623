package views

// SessionText are the words of the page of one quota session.
type SessionText struct {
	Back, Deleted, You string
	Usage, History     string
	UsedByDay          string
	UploadsByDay       string

	// What an admin can change of the quota.
	Reason, ReasonOptional           string
	ResetHeading, ResetLead          string
	LimitsHeading, LimitsLead        string
	MaxVideos, MaxMinutes, MaxFileMB string
	SaveLimits                       string
	LimitsDone                       Format // username
	CorrectHeading, CorrectLead      string
	AddVideos, AddTime               string
	Correct                          string
	CorrectDone                      Format // username

	// The ledger.
	Ledger, LedgerLead, NoEvents, MoreEvents string
	KindUpload, KindReset, KindLimits        string
	KindCorrection                           string
	By, Why                                  Format // username; reason
	VideosBy                                 Format // signed count
	TimeBy                                   Format // signed clock
	LimitVideos, LimitTime, LimitFile        Format // limit
	ByDefault                                string
	UserVideos, NoUserVideos, MoreUserVideos string
	NewestEvents, NewestVideos               string
	UserVideosLead                           string
}

var sessionEnglish = SessionText{
	Back:         "All users",
	Deleted:      "Deleted",
	You:          "You",
	Usage:        "Used since the last reset",
	History:      "The last 30 days",
	UsedByDay:    "Minutes used at the end of each day",
	UploadsByDay: "Uploads per day",

	Reason:         "Reason",
	ReasonOptional: "Reason (optional)",
	ResetHeading:   "Reset",
	ResetLead:      "Sets the videos and minutes used back to zero. The video files stay.",
	LimitsHeading:  "Limits of this user",
	LimitsLead:     "An empty field follows the default, which it shows in grey.",
	MaxVideos:      "Videos",
	MaxMinutes:     "Minutes",
	MaxFileMB:      "MB per file",
	SaveLimits:     "Save limits",
	LimitsDone:     "The limits of %s were saved",
	CorrectHeading: "Correct the usage",
	CorrectLead:    "Adds to what is used. With a minus sign it gives back.",
	AddVideos:      "Videos",
	AddTime:        "Minutes:seconds",
	Correct:        "Correct",
	CorrectDone:    "The usage of %s was corrected",

	Ledger:         "Ledger",
	LedgerLead:     "Everything that changed this quota, newest first",
	NoEvents:       "Nothing has happened yet",
	MoreEvents:     "Show older entries",
	KindUpload:     "Upload",
	KindReset:      "Reset",
	KindLimits:     "Limits",
	KindCorrection: "Correction",
	By:             "by %s",
	Why:            "“%s”",
	VideosBy:       "Videos %s",
	TimeBy:         "Minutes %s",
	LimitVideos:    "Videos: %s",
	LimitTime:      "Minutes: %s",
	LimitFile:      "File: %s",
	ByDefault:      "default",
	UserVideos:     "Videos",
	NoUserVideos:   "No videos",
	MoreUserVideos: "Show older videos",
	NewestEvents:   "Back to the newest entries",
	NewestVideos:   "Back to the newest videos",
	UserVideosLead: "Only the user can play and download them.",
}

var sessionThai = SessionText{
	Back:         "ผู้ใช้ทั้งหมด",
	Deleted:      "ลบแล้ว",
	You:          "คุณเอง",
	Usage:        "ใช้ไปตั้งแต่รีเซ็ตครั้งล่าสุด",
	History:      "30 วันล่าสุด",
	UsedByDay:    "นาทีที่ใช้ไป ณ สิ้นวัน",
	UploadsByDay: "จำนวนอัปโหลดต่อวัน",

	Reason:         "เหตุผล",
	ReasonOptional: "เหตุผล (ไม่บังคับ)",
	ResetHeading:   "รีเซ็ต",
	ResetLead:      "ตั้งจำนวนวิดีโอและนาทีที่ใช้ไปกลับเป็นศูนย์ ส่วนไฟล์วิดีโอจะยังอยู่",
	LimitsHeading:  "โควตาของผู้ใช้คนนี้",
	LimitsLead:     "ช่องที่เว้นว่างไว้จะใช้ค่าเริ่มต้นของระบบ ซึ่งแสดงเป็นสีเทา",
	MaxVideos:      "จำนวนวิดีโอ",
	MaxMinutes:     "นาที",
	MaxFileMB:      "MB ต่อไฟล์",
	SaveLimits:     "บันทึกโควตา",
	LimitsDone:     "บันทึกโควตาของ %s แล้ว",
	CorrectHeading: "แก้ยอดที่ใช้ไป",
	CorrectLead:    "ค่าที่กรอกจะบวกเพิ่มจากยอดที่ใช้ไป ใส่เครื่องหมายลบเพื่อคืนโควตา",
	AddVideos:      "จำนวนวิดีโอ",
	AddTime:        "นาที:วินาที",
	Correct:        "แก้ยอด",
	CorrectDone:    "แก้ยอดที่ใช้ไปของ %s แล้ว",

	Ledger:         "บันทึกรายการ",
	LedgerLead:     "ทุกอย่างที่เปลี่ยนโควตานี้ ใหม่สุดอยู่บน",
	NoEvents:       "ยังไม่มีรายการ",
	MoreEvents:     "ดูรายการก่อนหน้า",
	KindUpload:     "อัปโหลด",
	KindReset:      "รีเซ็ต",
	KindLimits:     "ตั้งโควตา",
	KindCorrection: "แก้ยอด",
	By:             "โดย %s",
	Why:            "เหตุผล “%s”",
	VideosBy:       "วิดีโอ %s",
	TimeBy:         "นาที %s",
	LimitVideos:    "วิดีโอ %s",
	LimitTime:      "นาที %s",
	LimitFile:      "ไฟล์ละ %s",
	ByDefault:      "ค่าเริ่มต้น",
	UserVideos:     "วิดีโอ",
	NoUserVideos:   "ไม่มีวิดีโอ",
	MoreUserVideos: "ดูวิดีโอก่อนหน้า",
	NewestEvents:   "กลับไปที่รายการใหม่สุด",
	NewestVideos:   "กลับไปที่วิดีโอใหม่สุด",
	UserVideosLead: "มีแต่ผู้ใช้เองที่เล่นและดาวน์โหลดได้",
}
