package views

// SubtitleText are the words of the subtitles of a video.
type SubtitleText struct {
	Title string
	Notes NotesText

	// How far they are.
	NoEngine, NoEngineAdmin string
	None, NoneLead          string
	Queued                  Format // place
	QueuedLead              string
	Waiting, WaitingAgain   string // for an engine that does not answer
	Running                 string
	Percent                 Format // percent
	Progress                string
	Failed, Cancelled       string
	Done, DoneEmpty, Edited string
	KeptMeanwhile           string
	NoSound, EngineRefused  string
	FileMissing             string
	EngineFailed, Crashed   string
	Offline                 string

	// In the list of videos.
	BadgeQueued, BadgeRunning         Format // place; percent
	BadgeWaiting, BadgeDone, BadgeNot string
	Open                              Format // filename
	OpenShort                         string

	// Having them made.
	Make, MakeAgain, Retry, Language, Automatic   string
	Translate, TranslateShort                     string
	Track, DefaultTrack                           string
	Prompt, PromptHint                            string
	TakeTrack, TakeTrackLead, TakeTrackLabel      string
	TakeTrackDo, TakeTrackTitle, TakeTrackDetail  string
	AgainTitle, AgainDetail, AgainHint            string
	Stop, StopTitle, StopDetail, StopDo           string
	Upload, UploadLead, UploadFile, UploadDo      string
	UploadTitle, UploadDetail                     string
	Restore, RestoreLead, RestoreDo, RestoreTitle string
	Downloads, Width, WidthHint                   string
	WithVideo, WithSubtext                        string
	DownloadAs                                    Format // MKV or MP4
	LeftOut                                       LeftOutFormat
	AudioTrack, SubtitleTrack                     Format // track
	EditText, EditTextLead, EditTextDo            string

	Editor EditorText
	Queue  SubtitleQueueText
}

// EditorText are the words of the editor of subtitles.
type EditorText struct {
	Lines, Tools                              string
	Seek                                      Format // time
	Start, End, Text                          Format // line
	Play, SetStart, SetEnd                    string
	Split, Merge, Add, Delete, Undo, Redo     string
	Keys, KeyMove, KeySplit, KeyMerge         string
	KeyDelete, KeyAdd, KeyUndo, KeyRedo       string
	KeyPlay, KeyTimes, KeySeek                string
	Deleted, SplitDone, Merged, Added         Format // line
	Undone, Redone                            string
	NotATime, EndBeforeStart, BeforeLast      string
	Overlaps, BeyondVideo                     string
	TooFast                                   Format // characters per second
	TooLong                                   Format // characters
	Blank, NoLines                            string
	Saved, Saving, Changed, SaveOffline       string
	NotSavedLine                              Format // line
	NotSaved                                  Format // what is wrong
	Conflict                                  string
	ConflictTitle, ConflictDetail             string
	TakeTheirs, TakeMine, Decide              string
	LeaveTitle, LeaveDetail, LeaveDo, SaveNow string
}

// NotesText are the words of what was odd in an engine's answer.
type NotesText struct {
	Title, Lead                          string
	Repaired, Dropped, Silence, Repeated string
	Refused                              string
}

// SubtitleQueueText are the words of the admin's page of everybody's subtitles.
type SubtitleQueueText struct {
	Title, Lead, Link                string
	EngineSet                        Format // engine
	EngineUnset, AllWell, Trouble    string
	TroubleSince, AskedAgain         string
	EngineSays                       string
	SetupAddress, SetupKey           string
	SetupModel, SetupTimes           string
	SetupTranslation                 string
	Video, State, Waited, Tries, Try string
	Empty, EmptyLead                 string
	Queued                           Format // place
	Running, Failed                  string
	Cancel, Retry                    string
	CancelOf, RetryOf, CancelTitle   Format // filename
	CancelDetail, CancelDo           string
	NoSound, Refused, GaveUp         string
	NoFile                           string
	Crashed                          string
	CancelDone, RetryDone            Format // filename
}

var subtitlesEnglish = SubtitleText{
	Title: "Subtitles",

	Notes: NotesText{
		Title:    "Places to check",
		Lead:     "The speech engine's answer was odd there. Listen to them before you rely on the text.",
		Repaired: "the time is a guess",
		Dropped:  "left out, since its time is not known",
		Silence:  "left out, since the engine heard nobody speak",
		Refused:  "the engine refused the sound from here to the end",
		Repeated: "was repeated again and again, and is kept once",
	},

	NoEngine:      "Subtitles are written by a speech engine, and the administrator of this site has not set one up yet. You can upload a subtitle file of your own meanwhile.",
	NoEngineAdmin: "You are an administrator: start the program with --engine-url (a service that speaks the OpenAI transcription API) or --engine-command (a program on this machine).",
	None:          "No subtitles yet",
	NoneLead:      "Have them written from what is said in the video. You can correct every line afterwards.",
	Queued:        "Waiting in the queue: place %d",
	QueuedLead:    "They are made by themselves; you may close this page.",
	Waiting:       "Waiting for the speech engine, which does not answer at the moment",
	WaitingAgain:  "It will be asked again:",
	Running:       "The subtitles are being written",
	Percent:       "%d%%",
	Progress:      "Progress of the subtitles",
	Failed:        "The subtitles could not be made",
	Cancelled:     "Cancelled",
	Done:          "The subtitles are ready",
	DoneEmpty:     "Nothing is said in this video, as far as the engine could hear",
	Edited:        "Edited",
	KeptMeanwhile: "The present text stays over the video and in the downloads until the new one is ready, which then takes its place.",
	NoSound:       "No sound could be read, so there is nothing to write down.",
	FileMissing:   "The file of this video is missing on the server. Please tell the administrator, or upload the video again.",
	EngineRefused: "The speech engine does not take this sound or this language. Try another language.",
	EngineFailed:  "The speech engine failed. Try again later, and tell the administrator if it stays.",
	Crashed:       "The program stopped unexpectedly twice while making these subtitles, so it will not try again by itself. You can try again; tell the administrator if it stays.",
	Offline:       "The connection is lost. This part updates again once it is back.",

	BadgeQueued:  "Subtitles: place %d",
	BadgeRunning: "Subtitles: %d%%",
	BadgeWaiting: "Subtitles: waiting for the engine",
	BadgeDone:    "Subtitled",
	BadgeNot:     "Subtitles failed",
	Open:         "Subtitles of %s",
	OpenShort:    "Subtitles",

	Make:           "Make subtitles",
	MakeAgain:      "Make them again",
	Retry:          "Try again",
	Language:       "Language spoken",
	Automatic:      "Find out by itself",
	Translate:      "Translate into English",
	TranslateShort: "into English",
	Track:          "Which sound?",
	DefaultTrack:   "default",
	Prompt:         "Names and terms (optional)",
	PromptHint:     "Words that the engine would not know how to write, such as names of people and places. Separate them with commas.",

	TakeTrack:       "Begin with the subtitles in the file",
	TakeTrackLead:   "The video file has subtitles of its own. Take them over and correct them here.",
	TakeTrackLabel:  "Subtitles in the file",
	TakeTrackDo:     "Take them over",
	TakeTrackTitle:  "Put the subtitles in the file in the place of the text?",
	TakeTrackDetail: "This text was edited. Your edits are gone afterwards.",

	AgainTitle:   "Make the subtitles again?",
	AgainDetail:  "This text was edited. When the new one is ready it takes its place, and your edits are gone.",
	AgainHint:    "The new text takes the place of this one, edits included.",
	Stop:         "Cancel",
	StopTitle:    "Stop making these subtitles?",
	StopDetail:   "What was written so far is dropped. You can have them made again.",
	StopDo:       "Stop making them",
	Upload:       "Upload a file instead",
	UploadLead:   "A subtitle file: SRT, WebVTT, ASS, SBV, TTML, LRC, MicroDVD, or the JSON or TSV of whisper. Its lines take the place of the present ones.",
	UploadFile:   "Subtitle file",
	UploadDo:     "Use this file",
	UploadTitle:  "Put this file in the place of the text?",
	UploadDetail: "This text was edited. Your edits are gone afterwards.",
	Restore:      "Back to the original",
	RestoreLead:  "Brings back what the engine wrote. All edits are dropped.",
	RestoreDo:    "Restore the original",
	RestoreTitle: "Restore what the engine wrote?",
	Downloads:    "Download",
	Width:        "Characters per line",
	WidthHint:    "If left empty: 35 where there is Thai, 42 elsewhere",
	WithVideo:    "Video with the subtitles in it",
	LeftOut:      "What {format} cannot hold is left out: {tracks}",
	AudioTrack:   "sound %s", SubtitleTrack: "subtitles %s",
	WithSubtext:  "Players show them when they are switched on. The picture stays untouched.",
	DownloadAs:   "Video with subtitles as %s",
	EditText:     "Edit as text",
	EditTextLead: "This is the whole file in WebVTT. Change it and save.",
	EditTextDo:   "Save",

	Editor: EditorText{
		Lines:          "Lines of the subtitles",
		Tools:          "Change the current line",
		Seek:           "Go to %s",
		Start:          "Start of line %s",
		End:            "End of line %s",
		Text:           "Text of line %s",
		Play:           "Play or pause",
		SetStart:       "Starts here",
		SetEnd:         "Ends here",
		Split:          "Split",
		Merge:          "Join",
		Add:            "Add",
		Delete:         "Delete",
		Undo:           "Undo",
		Redo:           "Redo",
		Keys:           "Keys",
		KeyMove:        "line before or after",
		KeySplit:       "split at the caret",
		KeyMerge:       "at the start of a text: join with the line before",
		KeyDelete:      "delete the line",
		KeyAdd:         "add a line after this one",
		KeyUndo:        "undo",
		KeyRedo:        "redo",
		KeyPlay:        "play or pause",
		KeyTimes:       "start or end at the present moment",
		KeySeek:        "in a time: go there in the video",
		Deleted:        "Line %s deleted",
		SplitDone:      "Line %s split",
		Merged:         "Joined with line %s",
		Added:          "Line %s added",
		Undone:         "Undone",
		Redone:         "Redone",
		NotATime:       "Write minutes and seconds, such as 1:02.500",
		EndBeforeStart: "Ends before it starts",
		BeforeLast:     "Starts before the line above",
		Overlaps:       "Runs into the next line",
		BeyondVideo:    "Ends after the video does",
		TooFast:        "Fast: %s characters a second",
		TooLong:        "Long: %s characters in a line",
		Blank:          "Empty lines are not kept",
		NoLines:        "There are no lines. Add the first one.",
		Saved:          "Saved",
		Saving:         "Saving…",
		Changed:        "Not saved yet",
		SaveOffline:    "No connection. It is saved once it is back.",
		NotSavedLine:   "Not saved: correct line %s first",
		NotSaved:       "Not saved: %s",
		Conflict:       "Not saved: somebody else has changed this text",
		ConflictTitle:  "This text was changed elsewhere",
		ConflictDetail: "It was saved in another tab or by another program after you opened it here. Which version do you want to keep?",
		TakeTheirs:     "Take the other version",
		TakeMine:       "Keep mine",
		Decide:         "Choose a version",
		LeaveTitle:     "Leave without saving?",
		LeaveDetail:    "The last changes to the subtitles could not be saved yet.",
		LeaveDo:        "Leave",
		SaveNow:        "Save now",
	},

	Queue: SubtitleQueueText{
		Title:        "Subtitle queue",
		Lead:         "Videos that wait for the speech engine, are with it, or failed",
		Link:         "Subtitles",
		EngineSet:    "Speech engine: %s",
		EngineUnset:  "No speech engine is set. Start the program with --engine-url or --engine-command.",
		AllWell:      "No trouble with it",
		Trouble:      "It can't be reached, or does not answer as it is set up.",
		EngineSays:   "Last message:",
		SetupAddress: "No speech engine answers at this address. Check --engine-url.",
		SetupKey:     "It refuses the key. Check GENSUB_ENGINE_KEY.",
		SetupModel:   "It doesn't have this model. Set --engine-model to one that it has.",
		SetupTimes:   "This model gives no times. Set --engine-model to one that does, such as whisper-1.",

		SetupTranslation: "It doesn't translate. Start the program with --no-engine-translate.",

		TroubleSince: "Since:",
		AskedAgain:   "Next try:",
		Video:        "Video",
		State:        "State",
		Waited:       "Waited",
		Tries:        "Tries",
		Try:          "Next try",
		Empty:        "The queue is empty",
		EmptyLead:    "Nothing waits, runs or has failed.",
		Queued:       "Place %d",
		Running:      "Running",
		Failed:       "Failed",
		Cancel:       "Cancel",
		Retry:        "Try again",
		CancelOf:     "Cancel the subtitles of %s",
		RetryOf:      "Try again: the subtitles of %s",
		CancelTitle:  "Cancel the subtitles of “%s”?",
		CancelDo:     "Stop making them",
		NoSound:      "No sound could be read",
		NoFile:       "Its file is missing",
		Refused:      "The engine does not take this sound or language",
		GaveUp:       "The engine failed at it",
		Crashed:      "The program stopped twice while making it",
		CancelDetail: "Its owner sees that they were cancelled, and can have them made again.",
		CancelDone:   "The subtitles of %s were cancelled",
		RetryDone:    "The subtitles of %s are in the queue again",
	},
}

var subtitlesThai = SubtitleText{
	Title: "คำบรรยาย",

	Notes: NotesText{
		Title:    "จุดที่ควรตรวจ",
		Lead:     "คำตอบของระบบถอดเสียงในจุดเหล่านี้ผิดปกติ ควรฟังก่อนนำข้อความไปใช้",
		Repaired: "เวลาเป็นการประมาณ",
		Dropped:  "ตัดออก เพราะไม่รู้เวลา",
		Silence:  "ตัดออก เพราะระบบไม่ได้ยินเสียงพูด",
		Refused:  "ระบบไม่รับเสียงตั้งแต่จุดนี้จนจบ",
		Repeated: "ซ้ำติดกันหลายครั้ง จึงเก็บไว้ครั้งเดียว",
	},

	NoEngine:      "คำบรรยายสร้างด้วยระบบถอดเสียงพูด ซึ่งผู้ดูแลเว็บไซต์นี้ยังไม่ได้ตั้งค่า ระหว่างนี้คุณอัปโหลดไฟล์คำบรรยายของคุณเองได้",
	NoEngineAdmin: "คุณเป็นผู้ดูแล: เริ่มโปรแกรมด้วย --engine-url (บริการที่ใช้ API ถอดเสียงแบบ OpenAI) หรือ --engine-command (โปรแกรมในเครื่องนี้)",
	None:          "ยังไม่มีคำบรรยาย",
	NoneLead:      "ให้ระบบเขียนคำบรรยายจากเสียงพูดในวิดีโอ แล้วคุณแก้ไขได้ทุกบรรทัด",
	Queued:        "รอคิวอยู่ลำดับที่ %d",
	QueuedLead:    "ระบบจะทำให้เอง คุณปิดหน้านี้ได้",
	Waiting:       "รอระบบถอดเสียง ซึ่งยังไม่ตอบในขณะนี้",
	WaitingAgain:  "จะลองอีกครั้งเมื่อ",
	Running:       "กำลังเขียนคำบรรยาย",
	Percent:       "เสร็จแล้ว %d%%",
	Progress:      "ความคืบหน้าของคำบรรยาย",
	Failed:        "สร้างคำบรรยายไม่สำเร็จ",
	Cancelled:     "ยกเลิกแล้ว",
	Done:          "คำบรรยายพร้อมแล้ว",
	DoneEmpty:     "ระบบไม่ได้ยินเสียงพูดในวิดีโอนี้",
	Edited:        "แก้ไขแล้ว",
	KeptMeanwhile: "คำบรรยายปัจจุบันยังแสดงบนวิดีโอและดาวน์โหลดได้ จนกว่าคำบรรยายใหม่จะเสร็จและมาแทนที่",
	NoSound:       "ไม่พบเสียงที่อ่านได้ จึงไม่มีอะไรให้เขียน",
	FileMissing:   "ไม่พบไฟล์ของวิดีโอนี้บนเซิร์ฟเวอร์ กรุณาแจ้งผู้ดูแลระบบ หรืออัปโหลดวิดีโอใหม่",
	EngineRefused: "ระบบถอดเสียงไม่รับเสียงหรือภาษานี้ กรุณาลองเลือกภาษาอื่น",
	EngineFailed:  "ระบบถอดเสียงทำงานผิดพลาด กรุณาลองใหม่ภายหลัง หากยังพบปัญหากรุณาแจ้งผู้ดูแลระบบ",
	Crashed:       "โปรแกรมหยุดทำงานกะทันหันสองครั้งระหว่างสร้างคำบรรยายนี้ จึงจะไม่ลองใหม่เอง คุณสั่งลองอีกครั้งได้ หากยังพบปัญหากรุณาแจ้งผู้ดูแลระบบ",
	Offline:       "การเชื่อมต่อขาด ส่วนนี้จะอัปเดตต่อเองเมื่อเชื่อมต่อได้",

	BadgeQueued:  "คำบรรยาย: คิวที่ %d",
	BadgeRunning: "คำบรรยาย: %d%%",
	BadgeWaiting: "คำบรรยาย: รอระบบถอดเสียง",
	BadgeDone:    "มีคำบรรยายแล้ว",
	BadgeNot:     "คำบรรยายไม่สำเร็จ",
	Open:         "คำบรรยายของ %s",
	OpenShort:    "คำบรรยาย",

	Make:           "สร้างคำบรรยาย",
	MakeAgain:      "สร้างใหม่อีกครั้ง",
	Retry:          "ลองอีกครั้ง",
	Language:       "ภาษาที่พูด",
	Automatic:      "ให้ระบบตรวจหาเอง",
	Translate:      "แปลเป็นภาษาอังกฤษ",
	TranslateShort: "แปลเป็นอังกฤษ",
	Track:          "ใช้เสียงแทร็กไหน",
	DefaultTrack:   "ค่าเริ่มต้น",
	Prompt:         "ชื่อและคำเฉพาะ (ไม่จำเป็น)",
	PromptHint:     "คำที่ระบบอาจสะกดไม่ถูก เช่น ชื่อคน ชื่อสถานที่ คั่นด้วยเครื่องหมายจุลภาค",

	TakeTrack:       "เริ่มจากคำบรรยายที่มีในไฟล์",
	TakeTrackLead:   "ไฟล์วิดีโอนี้มีคำบรรยายอยู่แล้ว นำมาใช้แล้วแก้ไขต่อที่นี่ได้",
	TakeTrackLabel:  "คำบรรยายในไฟล์",
	TakeTrackDo:     "นำมาใช้",
	TakeTrackTitle:  "ใช้คำบรรยายในไฟล์แทนคำบรรยายปัจจุบันใช่ไหม?",
	TakeTrackDetail: "คำบรรยายนี้มีการแก้ไขไว้ สิ่งที่แก้ไขไว้จะหายไป",

	AgainTitle:   "สร้างคำบรรยายใหม่ใช่ไหม?",
	AgainDetail:  "คำบรรยายนี้มีการแก้ไขไว้ เมื่อคำบรรยายใหม่เสร็จจะมาแทนที่ และสิ่งที่แก้ไขไว้จะหายไป",
	AgainHint:    "คำบรรยายใหม่จะมาแทนที่ของเดิม รวมทั้งสิ่งที่แก้ไขไว้",
	Stop:         "ยกเลิก",
	StopTitle:    "หยุดสร้างคำบรรยายนี้ใช่ไหม?",
	StopDetail:   "ส่วนที่เขียนไปแล้วจะถูกทิ้ง คุณสั่งสร้างใหม่ได้",
	StopDo:       "หยุดสร้าง",
	Upload:       "อัปโหลดไฟล์แทน",
	UploadLead:   "ไฟล์คำบรรยาย SRT, WebVTT, ASS, SBV, TTML, LRC, MicroDVD หรือ JSON และ TSV ของ whisper จะมาแทนที่ข้อความปัจจุบันทั้งหมด",
	UploadFile:   "ไฟล์คำบรรยาย",
	UploadDo:     "ใช้ไฟล์นี้",
	UploadTitle:  "ใช้ไฟล์นี้แทนคำบรรยายปัจจุบันใช่ไหม?",
	UploadDetail: "คำบรรยายนี้มีการแก้ไขไว้ สิ่งที่แก้ไขไว้จะหายไป",
	Restore:      "กลับไปใช้ต้นฉบับ",
	RestoreLead:  "นำข้อความที่ระบบถอดเสียงเขียนไว้กลับมา สิ่งที่แก้ไขไว้ทั้งหมดจะถูกทิ้ง",
	RestoreDo:    "กลับไปใช้ต้นฉบับ",
	RestoreTitle: "กลับไปใช้ต้นฉบับที่ระบบเขียนใช่ไหม?",
	Downloads:    "ดาวน์โหลด",
	Width:        "จำนวนตัวอักษรต่อบรรทัด",
	WidthHint:    "หากเว้นว่าง: 35 สำหรับภาษาไทย และ 42 สำหรับภาษาอื่น",
	WithVideo:    "วิดีโอพร้อมคำบรรยายในไฟล์",
	LeftOut:      "ไฟล์ {format} จะไม่มี: {tracks} เพราะเก็บในไฟล์ชนิดนี้ไม่ได้",
	AudioTrack:   "เสียง %s", SubtitleTrack: "คำบรรยาย %s",
	WithSubtext:  "โปรแกรมเล่นวิดีโอจะแสดงเมื่อเปิดคำบรรยาย ภาพในวิดีโอไม่เปลี่ยน",
	DownloadAs:   "วิดีโอพร้อมคำบรรยายเป็น %s",
	EditText:     "แก้ไขเป็นข้อความ",
	EditTextLead: "นี่คือไฟล์ WebVTT ทั้งหมด แก้ไขแล้วบันทึกได้",
	EditTextDo:   "บันทึก",

	Editor: EditorText{
		Lines:          "บรรทัดคำบรรยาย",
		Tools:          "แก้ไขบรรทัดปัจจุบัน",
		Seek:           "ไปที่ %s",
		Start:          "เวลาเริ่มของบรรทัด %s",
		End:            "เวลาจบของบรรทัด %s",
		Text:           "ข้อความของบรรทัด %s",
		Play:           "เล่นหรือหยุด",
		SetStart:       "เริ่มตรงนี้",
		SetEnd:         "จบตรงนี้",
		Split:          "แยก",
		Merge:          "รวม",
		Add:            "เพิ่ม",
		Delete:         "ลบ",
		Undo:           "เลิกทำ",
		Redo:           "ทำซ้ำ",
		Keys:           "ปุ่มลัด",
		KeyMove:        "บรรทัดก่อนหน้าหรือถัดไป",
		KeySplit:       "แยกบรรทัดที่เคอร์เซอร์",
		KeyMerge:       "ที่ต้นข้อความ: รวมกับบรรทัดก่อนหน้า",
		KeyDelete:      "ลบบรรทัด",
		KeyAdd:         "เพิ่มบรรทัดถัดจากนี้",
		KeyUndo:        "เลิกทำ",
		KeyRedo:        "ทำซ้ำ",
		KeyPlay:        "เล่นหรือหยุด",
		KeyTimes:       "ตั้งเวลาเริ่มหรือจบตามตำแหน่งที่เล่น",
		KeySeek:        "ในช่องเวลา: ไปที่เวลานั้นในวิดีโอ",
		Deleted:        "ลบบรรทัด %s แล้ว",
		SplitDone:      "แยกบรรทัด %s แล้ว",
		Merged:         "รวมกับบรรทัด %s แล้ว",
		Added:          "เพิ่มบรรทัด %s แล้ว",
		Undone:         "เลิกทำแล้ว",
		Redone:         "ทำซ้ำแล้ว",
		NotATime:       "กรอกนาทีและวินาที เช่น 1:02.500",
		EndBeforeStart: "เวลาจบอยู่ก่อนเวลาเริ่ม",
		BeforeLast:     "เริ่มก่อนบรรทัดข้างบน",
		Overlaps:       "ซ้อนกับบรรทัดถัดไป",
		BeyondVideo:    "จบหลังจากวิดีโอจบแล้ว",
		TooFast:        "เร็วไป: %s ตัวอักษรต่อวินาที",
		TooLong:        "ยาวไป: %s ตัวอักษรในบรรทัดเดียว",
		Blank:          "บรรทัดว่างจะไม่ถูกบันทึก",
		NoLines:        "ยังไม่มีบรรทัด กดเพิ่มเพื่อเริ่มบรรทัดแรก",
		Saved:          "บันทึกแล้ว",
		Saving:         "กำลังบันทึก…",
		Changed:        "ยังไม่ได้บันทึก",
		SaveOffline:    "ไม่มีการเชื่อมต่อ จะบันทึกเองเมื่อเชื่อมต่อได้",
		NotSavedLine:   "ยังไม่ได้บันทึก: กรุณาแก้บรรทัด %s ก่อน",
		NotSaved:       "ยังไม่ได้บันทึก: %s",
		Conflict:       "ยังไม่ได้บันทึก: คำบรรยายนี้ถูกแก้จากที่อื่น",
		ConflictTitle:  "คำบรรยายนี้ถูกแก้จากที่อื่น",
		ConflictDetail: "มีการบันทึกจากแท็บอื่นหรือโปรแกรมอื่นหลังจากที่คุณเปิดหน้านี้ คุณต้องการเก็บฉบับไหน?",
		TakeTheirs:     "ใช้ฉบับที่บันทึกไว้",
		TakeMine:       "ใช้ฉบับของฉัน",
		Decide:         "เลือกฉบับ",
		LeaveTitle:     "ออกโดยไม่บันทึกใช่ไหม?",
		LeaveDetail:    "ยังบันทึกการแก้ไขคำบรรยายล่าสุดไม่ได้",
		LeaveDo:        "ออกจากหน้านี้",
		SaveNow:        "บันทึกเดี๋ยวนี้",
	},

	Queue: SubtitleQueueText{
		Title:        "คิวคำบรรยาย",
		Lead:         "วิดีโอที่รอระบบถอดเสียง กำลังทำ หรือทำไม่สำเร็จ",
		Link:         "คำบรรยาย",
		EngineSet:    "ระบบถอดเสียง: %s",
		EngineUnset:  "ยังไม่ได้ตั้งค่าระบบถอดเสียง เริ่มโปรแกรมด้วย --engine-url หรือ --engine-command",
		AllWell:      "ไม่พบปัญหา",
		Trouble:      "ใช้ระบบถอดเสียงไม่ได้ หรือตั้งค่าไว้ไม่ถูกต้อง",
		EngineSays:   "ข้อความล่าสุด:",
		SetupAddress: "ไม่มีระบบถอดเสียงที่ที่อยู่นี้ ตรวจสอบ --engine-url",
		SetupKey:     "ระบบไม่รับคีย์นี้ ตรวจสอบ GENSUB_ENGINE_KEY",
		SetupModel:   "ระบบไม่มีโมเดลนี้ ตั้ง --engine-model เป็นโมเดลที่มี",
		SetupTimes:   "โมเดลนี้ไม่บอกเวลา ตั้ง --engine-model เป็นโมเดลที่บอกเวลา เช่น whisper-1",

		SetupTranslation: "ระบบแปลไม่ได้ เริ่มโปรแกรมด้วย --no-engine-translate",

		TroubleSince: "ตั้งแต่:",
		AskedAgain:   "ลองครั้งต่อไป:",
		Video:        "วิดีโอ",
		State:        "สถานะ",
		Waited:       "รอมาแล้ว",
		Tries:        "จำนวนครั้งที่ลอง",
		Try:          "ลองครั้งถัดไป",
		Empty:        "ไม่มีอะไรอยู่ในคิว",
		EmptyLead:    "ไม่มีวิดีโอที่รอ กำลังทำ หรือทำไม่สำเร็จ",
		Queued:       "คิวที่ %d",
		Running:      "กำลังทำ",
		Failed:       "ไม่สำเร็จ",
		Cancel:       "ยกเลิก",
		Retry:        "ลองอีกครั้ง",
		CancelOf:     "ยกเลิก คำบรรยายของ %s",
		RetryOf:      "ลองอีกครั้ง คำบรรยายของ %s",
		CancelTitle:  "ยกเลิกคำบรรยายของ “%s” ใช่ไหม?",
		CancelDo:     "หยุดสร้าง",
		NoSound:      "ไม่พบเสียงที่อ่านได้",
		NoFile:       "ไม่พบไฟล์วิดีโอ",
		Refused:      "ระบบไม่รับเสียงหรือภาษานี้",
		GaveUp:       "ระบบทำไม่สำเร็จ",
		Crashed:      "โปรแกรมหยุดทำงานสองครั้งระหว่างสร้าง",
		CancelDetail: "เจ้าของวิดีโอจะเห็นว่าถูกยกเลิก และสั่งสร้างใหม่ได้",
		CancelDone:   "ยกเลิกคำบรรยายของ %s แล้ว",
		RetryDone:    "นำคำบรรยายของ %s กลับเข้าคิวแล้ว",
	},
}
