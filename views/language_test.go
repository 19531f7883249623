package views

import "testing"

func TestMatchLanguage(t *testing.T) {
	for _, test := range []struct {
		name, cookie, header string
		want                 Language
	}{
		{"nothing known", "", "", Thai},
		{"anything", "", "*", Thai},
		{"English browser", "", "en-US,en;q=0.9", English},
		{"Thai browser", "", "th-TH,th;q=0.9,en;q=0.8", Thai},
		{"English preferred", "", "th;q=0.5,en", English},
		{"neither spoken", "", "de-DE,de;q=0.9", Thai},
		{"second choice spoken", "", "de,en;q=0.5", English},
		{"refused", "", "en;q=0", Thai},
		{"cookie wins", "th", "en", Thai},
		{"cookie wins the other way", "en", "th", English},
		{"foreign cookie", "de", "en", English},
		{"cookie in capitals", "EN", "", Thai},
		{"malformed header", "", "en;;q=x,,\x00", Thai},
		{"malformed cookie", "en\r\nSet-Cookie: x", "", Thai},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := MatchLanguage(test.cookie, test.header); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
