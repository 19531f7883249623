package views

// AccountText are the texts of the account page.
type AccountText struct {
	Title, Lead string
	Of          Format // username

	PasswordTitle, PasswordLead, OldPassword, NewPassword, ChangePassword, PasswordChanged string

	PromptTitle, PromptLead, Prompt, SavePrompt, PromptSaved string

	SignInsTitle, SignInsLead, ThisOne, SignedInScript, UnknownAgent string
	AgentOn                                                          AgentFormat
	LastSeen                                                         string
	EndSignInOf, EndSignInTitle, SignInEnded                         Format // what is signed in
	EndSignIn, EndSignInDetail                                       string
	EndOthers, EndOthersTitle, EndOthersDetail, OthersEnded          string

	TokensTitle, TokensLead, NoTokens, TokenName, TokenNameHint, TokenScope, TokenExpiry string
	ScopeRead, ScopeReadDetail, ScopeUpload, ScopeUploadDetail                           string
	ScopeAdmin, ScopeAdminDetail                                                         string
	Days                                                                                 Format // number
	CreateToken, NewTokenTitle, NewTokenDetail, Copy, Copied                             string
	Expires, LastUsed, NeverUsed, Revoke, RevokeDetail                                   string
	RevokeOf, RevokeTitle, Revoked                                                       Format // name

	SignInNeeded      Problem
	insufficientScope problemOf[Format] // scope
	tooManyTokens     problemOf[Format] // limit
}

// InsufficientScope says which scope a personal token lacks.
func (t *Text) InsufficientScope(needed string) Problem {
	p := t.Account.insufficientScope
	return p.with(p.Detail.With(needed))
}

// TooManyTokens says how many personal tokens there may be.
func (t *Text) TooManyTokens(limit int) Problem {
	p := t.Account.tooManyTokens
	return p.with(p.Detail.With(limit))
}

// AccountFields are what can be wrong with the forms of the account page.
type AccountFields struct {
	OldPasswordRequired, OldPasswordWrong, NewPasswordRequired string
	TokenNameInvalid, ScopeInvalid, TokenDaysInvalid           string
}

var thaiAccount = AccountText{
	Title: "บัญชีของคุณ",
	Lead:  "รหัสผ่าน อุปกรณ์ที่เข้าสู่ระบบ และโทเคนสำหรับสคริปต์",
	Of:    "บัญชี: %s",

	PasswordTitle:   "เปลี่ยนรหัสผ่าน",
	PasswordLead:    "เมื่อเปลี่ยนแล้ว อุปกรณ์อื่นทั้งหมดจะออกจากระบบ และโทเคนส่วนตัวทุกอันจะใช้ไม่ได้อีก",
	OldPassword:     "รหัสผ่านปัจจุบัน",
	NewPassword:     "รหัสผ่านใหม่",
	ChangePassword:  "เปลี่ยนรหัสผ่าน",
	PasswordChanged: "เปลี่ยนรหัสผ่านแล้ว อุปกรณ์อื่นทั้งหมดออกจากระบบแล้ว และโทเคนส่วนตัวเดิมใช้ไม่ได้อีก",

	PromptTitle: "ชื่อและคำเฉพาะ",
	PromptLead:  "ระบบถอดเสียงจะรู้จักคำเหล่านี้ในวิดีโอทุกไฟล์ของคุณ คำของวิดีโอแต่ละไฟล์ใส่เพิ่มได้ในหน้าวิดีโอ",
	Prompt:      "คำที่ใช้บ่อย",
	SavePrompt:  "บันทึก",
	PromptSaved: "บันทึกชื่อและคำเฉพาะแล้ว ใช้กับคำบรรยายที่สร้างนับจากนี้",

	SignInsTitle:    "อุปกรณ์ที่เข้าสู่ระบบ",
	SignInsLead:     "หากมีรายการที่ไม่รู้จัก ให้ออกจากระบบรายการนั้นแล้วเปลี่ยนรหัสผ่าน",
	ThisOne:         "อุปกรณ์นี้",
	SignedInScript:  "สคริปต์",
	UnknownAgent:    "อุปกรณ์ที่ไม่รู้จัก",
	AgentOn:         "{program} บน {system}",
	LastSeen:        "ใช้ล่าสุด",
	EndSignIn:       "ออกจากระบบ",
	EndSignInOf:     "ออกจากระบบ %s",
	EndSignInTitle:  "ให้ %s ออกจากระบบใช่ไหม?",
	EndSignInDetail: "อุปกรณ์นั้นจะต้องเข้าสู่ระบบใหม่ ไฟล์ที่ส่งค้างไว้ส่งต่อได้หลังเข้าสู่ระบบอีกครั้ง",
	SignInEnded:     "%s ออกจากระบบแล้ว",
	EndOthers:       "ออกจากระบบที่อื่นทั้งหมด",
	EndOthersTitle:  "ออกจากระบบที่อื่นทั้งหมดใช่ไหม?",
	EndOthersDetail: "ทุกอุปกรณ์ยกเว้นเครื่องนี้จะต้องเข้าสู่ระบบใหม่ ส่วนโทเคนส่วนตัวยังใช้ได้",
	OthersEnded:     "ออกจากระบบที่อื่นทั้งหมดแล้ว",

	TokensTitle:       "โทเคนส่วนตัว",
	TokensLead:        "ให้สคริปต์และโปรแกรมใช้แทนรหัสผ่าน โทเคนเปลี่ยนแปลงบัญชีไม่ได้",
	NoTokens:          "ยังไม่มีโทเคน",
	TokenName:         "ชื่อ",
	TokenNameHint:     "ใช้ทำอะไร เช่น สำรองข้อมูลทุกคืน",
	TokenScope:        "สิทธิ์",
	TokenExpiry:       "หมดอายุใน",
	ScopeRead:         "อ่านอย่างเดียว",
	ScopeReadDetail:   "ดูโควตา ดูรายการ และดาวน์โหลดวิดีโอ",
	ScopeUpload:       "อัปโหลด",
	ScopeUploadDetail: "อ่านได้ทุกอย่าง อัปโหลดและลบวิดีโอของคุณได้",
	ScopeAdmin:        "ผู้ดูแลระบบ",
	ScopeAdminDetail:  "ทุกอย่างข้างต้น และจัดการผู้ใช้และโควตาของทุกคน",
	Days:              "%d วัน",
	CreateToken:       "สร้างโทเคน",
	NewTokenTitle:     "โทเคนใหม่ของคุณ",
	NewTokenDetail:    "คัดลอกเก็บไว้ตอนนี้ จะไม่แสดงอีก",
	Copy:              "คัดลอก",
	Copied:            "คัดลอกแล้ว",
	Expires:           "หมดอายุ",
	LastUsed:          "ใช้ล่าสุด",
	NeverUsed:         "ยังไม่เคยใช้",
	Revoke:            "เพิกถอน",
	RevokeOf:          "เพิกถอน โทเคน %s",
	RevokeTitle:       "เพิกถอนโทเคน “%s” ใช่ไหม?",
	RevokeDetail:      "สคริปต์ที่ใช้โทเคนนี้จะใช้งานไม่ได้ทันที",
	Revoked:           "เพิกถอนโทเคน %s แล้ว",

	SignInNeeded:      Problem{"โทเคนนี้ทำสิ่งนี้ไม่ได้", "โทเคนส่วนตัวทำสิ่งนี้ไม่ได้ กรุณาเข้าสู่ระบบด้วยรหัสผ่าน"},
	insufficientScope: problemOf[Format]{"โทเคนนี้ทำสิ่งนี้ไม่ได้", "โทเคนส่วนตัวนี้ไม่มีสิทธิ์ กรุณาใช้โทเคนที่มีสิทธิ์ %s"},
	tooManyTokens:     problemOf[Format]{"มีโทเคนมากเกินไป", "มีโทเคนส่วนตัวได้ไม่เกิน %d อัน กรุณาเพิกถอนอันที่ไม่ใช้ก่อน"},
}

var englishAccount = AccountText{
	Title: "Your account",
	Lead:  "Your password, where you are signed in, and tokens for scripts",
	Of:    "Account: %s",

	PasswordTitle:   "Change your password",
	PasswordLead:    "It signs you out everywhere else, and ends all your personal tokens.",
	OldPassword:     "Current password",
	NewPassword:     "New password",
	ChangePassword:  "Change password",
	PasswordChanged: "Your password was changed. You are signed out everywhere else, and your personal tokens have ended.",

	PromptTitle: "Names and terms",
	PromptLead:  "The speech engine expects these words in all your videos. Those of one video can be added on its page.",
	Prompt:      "Words that you use often",
	SavePrompt:  "Save",
	PromptSaved: "The names and terms were saved. Subtitles that are made from now on use them.",

	SignInsTitle:    "Where you are signed in",
	SignInsLead:     "If you don't recognise one, sign it out and change your password.",
	ThisOne:         "This device",
	SignedInScript:  "Script",
	UnknownAgent:    "Unknown device",
	AgentOn:         "{program} on {system}",
	LastSeen:        "Last seen",
	EndSignIn:       "Sign out",
	EndSignInOf:     "Sign out %s",
	EndSignInTitle:  "Sign out %s?",
	EndSignInDetail: "It has to sign in again. Unfinished uploads can go on after that.",
	SignInEnded:     "%s was signed out",
	EndOthers:       "Sign out everywhere else",
	EndOthersTitle:  "Sign out everywhere else?",
	EndOthersDetail: "Everything but this device has to sign in again. Personal tokens go on working.",
	OthersEnded:     "You were signed out everywhere else",

	TokensTitle:       "Personal tokens",
	TokensLead:        "For scripts and programs, in place of your password. A token can't change your account.",
	NoTokens:          "No tokens yet",
	TokenName:         "Name",
	TokenNameHint:     "What it is for, such as “nightly backup”",
	TokenScope:        "What it may do",
	TokenExpiry:       "Expires in",
	ScopeRead:         "Read",
	ScopeReadDetail:   "See your quota, list and download your videos",
	ScopeUpload:       "Upload",
	ScopeUploadDetail: "Read, and also upload and delete your videos",
	ScopeAdmin:        "Admin",
	ScopeAdminDetail:  "All of that, and manage everybody's accounts and quotas",
	Days:              "%d days",
	CreateToken:       "Create token",
	NewTokenTitle:     "Your new token",
	NewTokenDetail:    "Copy it now. It won't be shown again.",
	Copy:              "Copy",
	Copied:            "Copied",
	Expires:           "Expires",
	LastUsed:          "Last used",
	NeverUsed:         "Never used",
	Revoke:            "Revoke",
	RevokeOf:          "Revoke the token %s",
	RevokeTitle:       "Revoke the token “%s”?",
	RevokeDetail:      "Scripts that use it stop working at once.",
	Revoked:           "The token %s was revoked",

	SignInNeeded:      Problem{"Not with this token", "A personal token cannot do this. Sign in with your password."},
	insufficientScope: problemOf[Format]{"Not with this token", "This personal token may not do that. It takes one with the scope %s."},
	tooManyTokens:     problemOf[Format]{"Too many tokens", "You may have %d personal tokens. Revoke one that you don't use first."},
}

var thaiAccountFields = AccountFields{
	OldPasswordRequired: "กรุณากรอกรหัสผ่านปัจจุบัน",
	OldPasswordWrong:    "รหัสผ่านปัจจุบันไม่ถูกต้อง",
	NewPasswordRequired: "กรุณากรอกรหัสผ่านใหม่",
	TokenNameInvalid:    "กรุณาตั้งชื่อโทเคน ยาว 1–100 ตัวอักษร",
	ScopeInvalid:        "กรุณาเลือกสิทธิ์ที่คุณมี: read, upload หรือ admin (เฉพาะผู้ดูแลระบบ)",
	TokenDaysInvalid:    "อายุของโทเคนต้องเป็น 1–365 วัน",
}

var englishAccountFields = AccountFields{
	OldPasswordRequired: "Enter your current password",
	OldPasswordWrong:    "This is not your current password",
	NewPasswordRequired: "Enter a new password",
	TokenNameInvalid:    "Give the token a name of 1–100 characters",
	ScopeInvalid:        "The scope is read or upload, or admin for admins",
	TokenDaysInvalid:    "A token can last 1–365 days",
}
