package views

import (
	"strings"
	"testing"
	"time"
)

func TestProblemsSayTheirFigures(t *testing.T) {
	for _, l := range languages {
		text := Messages(l)
		for _, test := range []struct {
			name    string
			problem Problem
			holds   []string
		}{
			{"videos", text.QuotaVideos(9, 10), []string{"9", "10"}},
			{"length known", text.QuotaDuration(750*time.Second, 550*time.Second, 600*time.Second), []string{"12:30", "9:10"}},
			{"a little too long", text.QuotaDuration(600*time.Second+time.Millisecond, 600*time.Second-time.Millisecond, 600*time.Second), []string{"10:01", "9:59"}},
			{"length unknown", text.QuotaDuration(0, 149500*time.Millisecond, 600*time.Second), []string{"2:29", "10:00"}},
			{"file", text.FileTooLarge(500 << 20), []string{"500 MB"}},
			{"a moment", text.TooManyAttempts(time.Second), []string{" 1 "}},
			{"rejected files", text.TooManyRejected(61 * time.Second), []string{" 2 "}},
			{"a while", text.TooManyAttempts(14*time.Minute + time.Second), []string{" 15 "}},
		} {
			t.Run(string(l)+"/"+test.name, func(t *testing.T) {
				if test.problem.Title == "" {
					t.Error("no title")
				}
				for _, figure := range test.holds {
					if !strings.Contains(test.problem.Detail, figure) {
						t.Errorf("%q does not say %q", test.problem.Detail, figure)
					}
				}
				if strings.Contains(test.problem.Detail, "%!") {
					t.Errorf("%q has a verb that does not fit", test.problem.Detail)
				}
			})
		}
	}
}

func TestReason(t *testing.T) {
	text := Messages(English)
	seen := map[string]string{}
	for _, code := range reasonCodes {
		reason := text.Reason(code)
		if reason == text.Rejected.Other {
			t.Errorf("%s has no words of its own", code)
		}
		if other, ok := seen[reason]; ok {
			t.Errorf("%s and %s are both %q", code, other, reason)
		}
		seen[reason] = code
	}
	if got := text.Reason("something new"); got != text.Rejected.Other {
		t.Errorf("an unknown code is %q", got)
	}
}
