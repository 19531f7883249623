package views

// UserText are the words with which an admin changes users.
type UserText struct {
	// A new user.
	NewUser, NewUserLead, Role string
	RoleUser, RoleAdmin        string
	PasswordHint               string
	Make                       string
	Made                       Format // username

	// A password that is shown once.
	NewPassword                  string
	NewPasswordOf, PasswordSet   Format // username
	NewPasswordLead, SetPassword string
	PasswordOnce, Copy, Copied   string
	SignInAgain                  string
	BackToUser                   Format // username

	// What can be done with a user.
	Account, AccountLead    string
	MakeAdmin, MakeUser     UserQuestion
	Disable, Enable, Delete UserQuestion

	// What it means for the reader's own account.
	SelfMakeUser, SelfDisable string
	SelfDelete, SelfPassword  string
}

// UserQuestion asks before a user is changed.
type UserQuestion struct {
	Label       string
	Title, Done Format // username
	Detail      string
}

var userEnglish = UserText{
	NewUser:      "New user",
	NewUserLead:  "Makes an account for somebody else, also where registration is closed.",
	Role:         "Role",
	RoleUser:     "User",
	RoleAdmin:    "Admin: may change every user",
	PasswordHint: "8–128 characters. Leave it empty to have a long random one made up, which is shown once on the next page.",
	Make:         "Make the account",
	Made:         "The account %s is ready",

	NewPassword:     "New password…",
	NewPasswordOf:   "New password for %s",
	PasswordSet:     "%s has a new password",
	NewPasswordLead: "The old password stops working. Every sign-in and token of this user ends at once, on all devices.",
	SetPassword:     "Set the new password",
	PasswordOnce:    "This password is shown only now and is kept nowhere. Hand it over in a safe way.",
	Copy:            "Copy",
	Copied:          "Copied",
	SignInAgain:     "Sign in with the new password",
	BackToUser:      "Go to the page of %s",

	Account:     "Account",
	AccountLead: "Each of these asks first.",
	MakeAdmin: UserQuestion{
		"Make admin…", "Make “%s” an admin?", "%s is an admin now",
		"Admins see what every user has used, change limits, and make and delete users.",
	},
	MakeUser: UserQuestion{
		"Take admin role…", "Take the admin role from “%s”?", "%s is no admin any more",
		"The account, its quota and its videos stay.",
	},
	Disable: UserQuestion{
		"Disable…", "Disable “%s”?", "%s is disabled",
		"Every sign-in and token ends at once, and signing in is refused until you enable the account again. Quota and videos stay.",
	},
	Enable: UserQuestion{
		"Enable…", "Enable “%s” again?", "%s can sign in again",
		"Signing in works again with the same password. Earlier sign-ins stay ended.",
	},
	Delete: UserQuestion{
		"Delete user…", "Delete the user “%s”?", "%s was deleted",
		"Every sign-in ends at once and the video files are removed for good. The name stays taken; the quota and its ledger stay. This cannot be undone.",
	},

	SelfMakeUser: "This is your own account: you leave the admin pages at once, and only another admin can let you back in.",
	SelfDisable:  "This is your own account: you are signed out at once, and only another admin can enable it again.",
	SelfDelete:   "This is your own account: you are signed out at once and can never sign in with it again.",
	SelfPassword: "This is your own account: you are signed out at once, here too. Keep the new password before you leave the page that shows it.",
}

var userThai = UserText{
	NewUser:      "เพิ่มผู้ใช้",
	NewUserLead:  "สร้างบัญชีให้ผู้อื่น ทำได้แม้ปิดรับสมัคร",
	Role:         "สิทธิ์",
	RoleUser:     "ผู้ใช้ทั่วไป",
	RoleAdmin:    "ผู้ดูแล: จัดการผู้ใช้ทุกคนได้",
	PasswordHint: "8–128 ตัวอักษร เว้นว่างไว้เพื่อให้ระบบสุ่มรหัสผ่านแบบยาวให้ ซึ่งจะแสดงครั้งเดียวในหน้าถัดไป",
	Make:         "สร้างบัญชี",
	Made:         "บัญชี %s พร้อมใช้แล้ว",

	NewPassword:     "เปลี่ยนรหัสผ่าน…",
	NewPasswordOf:   "รหัสผ่านใหม่ของ %s",
	PasswordSet:     "เปลี่ยนรหัสผ่านของ %s แล้ว",
	NewPasswordLead: "รหัสผ่านเดิมจะใช้ไม่ได้ และผู้ใช้คนนี้จะออกจากระบบทันทีในทุกอุปกรณ์ รวมถึง token ทั้งหมด",
	SetPassword:     "ตั้งรหัสผ่านใหม่",
	PasswordOnce:    "รหัสผ่านนี้แสดงเฉพาะตอนนี้และไม่ได้เก็บไว้ที่ใด กรุณาส่งให้ผู้ใช้ด้วยวิธีที่ปลอดภัย",
	Copy:            "คัดลอก",
	Copied:          "คัดลอกแล้ว",
	SignInAgain:     "เข้าสู่ระบบด้วยรหัสผ่านใหม่",
	BackToUser:      "ไปที่หน้าของ %s",

	Account:     "บัญชี",
	AccountLead: "ทุกรายการจะถามยืนยันก่อน",
	MakeAdmin: UserQuestion{
		"ให้เป็นผู้ดูแล…", "ให้ “%s” เป็นผู้ดูแลใช่ไหม?", "%s เป็นผู้ดูแลแล้ว",
		"ผู้ดูแลเห็นการใช้งานของทุกคน ตั้งโควตา สร้างและลบผู้ใช้ได้",
	},
	MakeUser: UserQuestion{
		"ถอนสิทธิ์ผู้ดูแล…", "ถอนสิทธิ์ผู้ดูแลของ “%s” ใช่ไหม?", "%s ไม่ได้เป็นผู้ดูแลแล้ว",
		"บัญชี โควตา และวิดีโอจะยังอยู่",
	},
	Disable: UserQuestion{
		"ปิดใช้งาน…", "ปิดใช้งาน “%s” ใช่ไหม?", "ปิดใช้งาน %s แล้ว",
		"จะออกจากระบบทันทีในทุกอุปกรณ์ และเข้าสู่ระบบไม่ได้จนกว่าจะเปิดใช้งานอีกครั้ง โควตาและวิดีโอจะยังอยู่",
	},
	Enable: UserQuestion{
		"เปิดใช้งาน…", "เปิดใช้งาน “%s” อีกครั้งใช่ไหม?", "%s เข้าสู่ระบบได้แล้ว",
		"จะเข้าสู่ระบบได้ด้วยรหัสผ่านเดิม ส่วนการเข้าสู่ระบบก่อนหน้านี้ต้องเข้าใหม่",
	},
	Delete: UserQuestion{
		"ลบผู้ใช้…", "ลบผู้ใช้ “%s” ใช่ไหม?", "ลบ %s แล้ว",
		"จะออกจากระบบทันทีและไฟล์วิดีโอจะถูกลบถาวร ชื่อนี้จะใช้ซ้ำไม่ได้ ส่วนโควตาและบันทึกรายการจะยังอยู่ ย้อนกลับไม่ได้",
	},

	SelfMakeUser: "นี่คือบัญชีของคุณเอง: คุณจะออกจากหน้าผู้ดูแลทันที และมีแต่ผู้ดูแลคนอื่นที่คืนสิทธิ์ให้ได้",
	SelfDisable:  "นี่คือบัญชีของคุณเอง: คุณจะออกจากระบบทันที และมีแต่ผู้ดูแลคนอื่นที่เปิดใช้งานให้ได้",
	SelfDelete:   "นี่คือบัญชีของคุณเอง: คุณจะออกจากระบบทันทีและใช้บัญชีนี้ไม่ได้อีก",
	SelfPassword: "นี่คือบัญชีของคุณเอง: คุณจะออกจากระบบทันที รวมถึงหน้านี้ กรุณาเก็บรหัสผ่านใหม่ก่อนออกจากหน้าที่แสดง",
}
