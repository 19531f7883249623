package views

// SessionsText are the words of the list of sessions and of what is done with
// many of them at once.
type SessionsText struct {
	MoreThan Format // count

	// What the whole installation holds.
	Installation, AllUsers, AllVideos, AllHours, AllBytes, UploadsPerDay string

	// Filters.
	Filters, Everybody, Over, Near, OffFilter, Unused string

	// Choosing some.
	Select, SelectPage     string
	SelectUser             Format // username
	Chosen, Matching       string
	ResetChosen, LimitThem string
	ResetAll, LimitAll     string
	NobodyChosen           string
	AboutToReset           Plural[Format] // count
	AboutToLimit           Plural[Format] // count
	ManyResetDetail        string
	ManyLimitDetail        string
	AndMore                Format // count
	Reason, ReasonHint     string
	MaxVideos, MaxMinutes  string
	MaxMB, DefaultHint     string
	DoReset, DoLimit       string
	WereReset, WereLimited Plural[Format] // count
	DoneTitle, BackToList  string
}

var sessionsEnglish = SessionsText{
	MoreThan: "In this list: more than %d",

	Installation:  "The whole installation",
	AllUsers:      "Users",
	AllVideos:     "Videos stored",
	AllHours:      "Hours stored",
	AllBytes:      "Stored on disk",
	UploadsPerDay: "Uploads per day, last 30 days",

	Filters:   "Show",
	Everybody: "Everybody",
	Over:      "At the limit",
	Near:      "Near the limit",
	OffFilter: "Disabled",
	Unused:    "Never used",

	Select:          "Select",
	SelectPage:      "Select all on this page",
	SelectUser:      "Select %s",
	Chosen:          "With the selected users:",
	Matching:        "With everybody in this list:",
	ResetChosen:     "Reset…",
	LimitThem:       "Set limits…",
	ResetAll:        "Reset all…",
	LimitAll:        "Set limits of all…",
	NobodyChosen:    "Nobody is selected. Go back and tick at least one user.",
	AboutToReset:    Plural[Format]{"Reset the quota of %d user?", "Reset the quotas of %d users?"},
	AboutToLimit:    Plural[Format]{"Set the limits of %d user?", "Set the limits of %d users?"},
	ManyResetDetail: "Videos and minutes used go back to zero. The video files stay. The ledger keeps an entry for each user.",
	ManyLimitDetail: "Each user gets these limits. The ledger keeps an entry for each.",
	AndMore:         "and %d more",
	Reason:          "Reason",
	ReasonHint:      "Optional; kept in the ledger",
	MaxVideos:       "Videos",
	MaxMinutes:      "Minutes",
	MaxMB:           "Megabytes a file",
	DefaultHint:     "Leave a field empty for the default of the installation.",
	DoReset:         "Reset",
	DoLimit:         "Set these limits",
	WereReset:       Plural[Format]{"%d quota was reset.", "%d quotas were reset."},
	WereLimited:     Plural[Format]{"%d user has the new limits.", "%d users have the new limits."},
	DoneTitle:       "Done",
	BackToList:      "Back to the list",
}

var sessionsThai = SessionsText{
	MoreThan: "มากกว่า %d รายการ",

	Installation:  "ภาพรวมทั้งระบบ",
	AllUsers:      "ผู้ใช้",
	AllVideos:     "วิดีโอที่เก็บไว้",
	AllHours:      "ชั่วโมงที่เก็บไว้",
	AllBytes:      "พื้นที่ที่ใช้",
	UploadsPerDay: "จำนวนอัปโหลดต่อวัน 30 วันล่าสุด",

	Filters:   "แสดง",
	Everybody: "ทุกคน",
	Over:      "ครบโควตา",
	Near:      "ใกล้ครบโควตา",
	OffFilter: "ปิดใช้งาน",
	Unused:    "ยังไม่เคยใช้",

	Select:          "เลือก",
	SelectPage:      "เลือกทั้งหน้านี้",
	SelectUser:      "เลือก %s",
	Chosen:          "กับผู้ใช้ที่เลือก:",
	Matching:        "กับทุกคนในรายการนี้:",
	ResetChosen:     "รีเซ็ต…",
	LimitThem:       "กำหนดโควตา…",
	ResetAll:        "รีเซ็ตทั้งหมด…",
	LimitAll:        "กำหนดโควตาทั้งหมด…",
	NobodyChosen:    "ยังไม่ได้เลือกใคร กลับไปเลือกผู้ใช้อย่างน้อยหนึ่งคน",
	AboutToReset:    Plural[Format]{Other: "รีเซ็ตโควตาของผู้ใช้ %d คนใช่ไหม?"},
	AboutToLimit:    Plural[Format]{Other: "กำหนดโควตาของผู้ใช้ %d คนใช่ไหม?"},
	ManyResetDetail: "จำนวนวิดีโอและความยาวที่ใช้ไปจะกลับเป็นศูนย์ ส่วนไฟล์วิดีโอจะยังอยู่ และมีบันทึกไว้ของแต่ละคน",
	ManyLimitDetail: "แต่ละคนจะมีโควตาของตัวเองตามนี้ และมีบันทึกไว้ของแต่ละคน",
	AndMore:         "และอีก %d คน",
	Reason:          "เหตุผล",
	ReasonHint:      "ไม่บังคับ จะเก็บไว้ในบันทึก",
	MaxVideos:       "จำนวนวิดีโอ",
	MaxMinutes:      "จำนวนนาที",
	MaxMB:           "เมกะไบต์ต่อไฟล์",
	DefaultHint:     "เว้นว่างไว้เพื่อใช้ค่าเริ่มต้นของระบบ",
	DoReset:         "รีเซ็ต",
	DoLimit:         "กำหนดโควตานี้",
	WereReset:       Plural[Format]{Other: "รีเซ็ตโควตาแล้ว %d คน"},
	WereLimited:     Plural[Format]{Other: "กำหนดโควตาใหม่แล้ว %d คน"},
	DoneTitle:       "เสร็จแล้ว",
	BackToList:      "กลับไปที่รายการ",
}
