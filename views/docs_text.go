package views

import "gensubtitle/internal/apidoc"

// DocsText holds the texts around the description of the API, which itself is
// in English alone.
type DocsText struct {
	Title, Lead, Link, Download, Contents       string
	Introduction, Errors, ErrorsLead, Shapes    string
	Parameters, Body, Answers, Headers, Command string
	Example                                     Format // of what
	Meaning, Required, Status                   string
	Anyone, SignedInOrNot, SignedIn, AdminOnly  string
	Scopes                                      Format // names
	AnyOther                                    string
}

func (t *DocsText) access(a apidoc.Access) string {
	switch a {
	case apidoc.SignedInOrNot:
		return t.SignedInOrNot
	case apidoc.SignedIn:
		return t.SignedIn
	case apidoc.AdminOnly:
		return t.AdminOnly
	}
	return t.Anyone
}

var thaiDocs = DocsText{
	Title:         "เอกสาร API",
	Lead:          "ทุกอย่างที่หน้าเว็บทำได้ สคริปต์ก็ทำได้ คำอธิบายแต่ละรายการเป็นภาษาอังกฤษ",
	Link:          "เอกสาร API",
	Download:      "ดาวน์โหลดเอกสาร OpenAPI 3.1",
	Contents:      "ในหน้านี้",
	Introduction:  "ก่อนเริ่มใช้",
	Errors:        "ข้อผิดพลาด",
	ErrorsLead:    "ทุกข้อผิดพลาดตอบเป็น application/problem+json ให้แยกชนิดด้วย type",
	Shapes:        "โครงสร้างข้อมูล",
	Parameters:    "พารามิเตอร์",
	Body:          "เนื้อหาคำขอ",
	Answers:       "คำตอบ",
	Headers:       "เฮดเดอร์",
	Command:       "ลองด้วย curl",
	Example:       "ตัวอย่างของ %s",
	Meaning:       "ความหมาย",
	Required:      "จำเป็น",
	Status:        "สถานะ",
	Anyone:        "ไม่ต้องเข้าสู่ระบบ",
	SignedInOrNot: "เข้าสู่ระบบหรือไม่ก็ได้",
	SignedIn:      "ต้องเข้าสู่ระบบ",
	AdminOnly:     "เฉพาะผู้ดูแลระบบ",
	Scopes:        "ขอบเขตที่ต้องมี: %s",
	AnyOther:      "อื่น ๆ",
}

var englishDocs = DocsText{
	Title:         "API documentation",
	Lead:          "Everything that the pages do, scripts can do too.",
	Link:          "API documentation",
	Download:      "Download the OpenAPI 3.1 document",
	Contents:      "On this page",
	Introduction:  "Before you start",
	Errors:        "Errors",
	ErrorsLead:    "Every error is application/problem+json; tell them apart by type.",
	Shapes:        "Data shapes",
	Parameters:    "Parameters",
	Body:          "Request body",
	Answers:       "Answers",
	Headers:       "Headers",
	Command:       "Try it with curl",
	Example:       "Example of %s",
	Meaning:       "Meaning",
	Required:      "required",
	Status:        "Status",
	Anyone:        "No sign-in needed",
	SignedInOrNot: "With or without sign-in",
	SignedIn:      "Sign-in needed",
	AdminOnly:     "Admins only",
	Scopes:        "Needs the scope %s",
	AnyOther:      "other",
}

// bodyName tells an operation's bodies apart where it has several.
func bodyName(o apidoc.Operation, b apidoc.Content) string {
	name := o.Method + " " + o.Path
	if len(o.Bodies) > 1 {
		name += ", " + b.MediaType
	}
	return name
}
