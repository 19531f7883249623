package subtitles

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The 26,383 words of ICU 72.1's thaidict, a line each, sorted. Debian's libicu72
// holds them as a trie, which this C++ program lists (g++ -licuuc -licudata, then
// gzip -9n):
//
//	UErrorCode e = U_ZERO_ERROR;
//	auto *head = (const int32_t *)udata_getMemory(
//	    udata_open("icudt72l-brkitr", "dict", "thaidict", &e));
//	icu::BytesTrie::Iterator it((const char *)head + head[0], 0, e);
//	while (it.next(e)) {
//	    std::string word = it.getString().data();
//	    for (unsigned char c : word) printf("\xe0%c%c", 0xb8 | c >> 6, 0x80 | c & 63);
//	    puts("");
//	}
//
//go:embed thaidict.txt.gz
var thaiWordsGzip []byte

func thaiDictionary() dictionary {
	d, err := unpackDictionary(thaiWordsGzip)
	if err != nil {
		panic("subtitles: the program's own dictionary: " + err.Error())
	}
	return d
}

// dictionary is a sorted list of words.
type dictionary []string

func unpackDictionary(gzipped []byte) (dictionary, error) {
	r, err := gzip.NewReader(bytes.NewReader(gzipped))
	if err != nil {
		return nil, fmt.Errorf("unpack words: %w", err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack words: %w", err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), nil
}

// prefixes calls found with the length of each word that text begins with, the
// shortest first.
func (d dictionary) prefixes(text string, found func(bytes int)) {
	for end := thaiBytes; end <= len(text) && len(d) > 0; end += thaiBytes {
		// All words here share the letters before; keep those that share this one.
		letter := text[end-thaiBytes : end]
		compare := func(word, letter string) int {
			return strings.Compare(word[min(len(word), end-thaiBytes):min(len(word), end)], letter)
		}
		from, _ := slices.BinarySearchFunc(d, letter, compare)
		d = d[from:]
		to, _ := slices.BinarySearchFunc(d, letter, func(word, letter string) int {
			return compare(word, letter)*2 - 1 // the first word beyond: nothing is equal
		})
		d = d[:to]
		if len(d) > 0 && len(d[0]) == end {
			found(end)
		}
	}
}
