package handlers

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// attachment is the header of a download (RFC 6266): its name in UTF-8, and before
// it one in ASCII for clients that know no other.
func attachment(name string) string {
	return fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, asciiName(name), extValue(name))
}

// extValue encodes a name for a parameter that ends in * (RFC 8187).
func extValue(name string) string {
	// Of what QueryEscape leaves alone only "~" is worth a thought, and may stay.
	return strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// asciiName is a name that needs no escape within quotes. Letters lose their
// accents, what is between others becomes "_", and the extension stays.
func asciiName(name string) string {
	extension := path.Ext(name)
	base := plainASCII(strings.TrimSuffix(name, extension))
	if extension = plainASCII(extension[min(1, len(extension)):]); extension != "" {
		extension = "." + extension
	}
	return cmp.Or(base, "download") + extension
}

// plainASCII is empty where no letter and no digit is left.
func plainASCII(text string) string {
	var b strings.Builder
	plain := false
	for _, r := range norm.NFKD.String(text) {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			plain = true
			b.WriteRune(r)
		case strings.ContainsRune(" .-_()[]", r):
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // An accent, or a Thai vowel above or below.
		case !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	if !plain {
		return ""
	}
	return strings.Trim(b.String(), " ._-")
}
