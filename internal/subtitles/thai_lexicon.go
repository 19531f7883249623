package subtitles

import (
	"slices"
	"strings"
	"sync"
)

// Words that tell where a Thai line may well be broken. A style guide asks for a
// break before conjunctions and prepositions (Netflix Timed Text Style Guide:
// General Requirements, "Line Treatment"); such words also hardly ever stand
// within a compound, where the dictionary is not complete. Those of more than one
// part are in no dictionary, and would be broken themselves.
const (
	// thaiOpeners begin a phrase: conjunctions, prepositions, relative pronouns,
	// auxiliaries and negations.
	thaiOpeners = `และ หรือ แต่ เพราะ เพราะว่า ถ้า ถ้าหาก หาก แม้ว่า แม้แต่ เมื่อ ขณะที่ ในขณะที่ ซึ่ง ที่ อัน ว่า ไม่ว่า
		เพื่อ เพื่อให้ เพื่อที่ โดย โดยที่ ใน ของ จาก กับ แก่ ด้วย แห่ง ถึง จน จนถึง สู่ ระหว่าง ตั้งแต่ ตลอดจน
		เช่น เช่นเดียวกับ คือ เป็น กลายเป็น จะ ก็ จึง ไม่ เคย กำลัง ต้อง ควร อาจ
		เกี่ยวกับ ขึ้นอยู่กับ พร้อมกับ ร่วมกับ เท่ากับ เนื่องจาก หลังจาก นอกจาก ภายใต้ ภายใน ภายนอก ภายหลัง
		รวมถึง รวมทั้ง หมายถึง กล่าวถึง พูดถึง`
	// thaiClosers end a phrase: particles and demonstratives.
	thaiClosers = `ครับ ค่ะ คะ นะ นะครับ นะคะ จ้ะ จ้า เลย แล้ว นี้ นั้น ด้วย อยู่ กัน`
	// thaiPrefixes make a noun or an adjective of the word after them.
	thaiPrefixes = `การ ความ ผู้ นัก ชาว น่า ภาย`
	// thaiAbbreviations are in no dictionary, and not all of them have a full stop.
	thaiAbbreviations = `กกต กทม กสทช ขสมก ครม คสช ตชด ททท ธกส บขส ปปง ปปช รฟท รฟม รมช รมว สตง สตม สนช สปสช สพฐ สวทช สสส เสธ อบจ อบต อสมท`
)

// thaiLexicon is the dictionary, and what some of its words tell about breaks.
type thaiLexicon struct {
	words                      dictionary
	openers, closers, prefixes map[string]bool
}

// thaiWords is made when the first Thai text is shaped: that takes 10 ms and 3 MB.
var thaiWords = sync.OnceValue(newThaiLexicon)

func newThaiLexicon() thaiLexicon {
	l := thaiLexicon{words: thaiDictionary()}
	for list, set := range map[string]*map[string]bool{thaiOpeners: &l.openers, thaiClosers: &l.closers, thaiPrefixes: &l.prefixes} {
		*set = map[string]bool{}
		for _, word := range strings.Fields(list) {
			(*set)[word] = true
			l.words = append(l.words, word)
		}
	}
	l.words = append(l.words, strings.Fields(thaiAbbreviations)...)
	slices.Sort(l.words)
	l.words = slices.Compact(l.words)
	return l
}
