package engine

import "testing"

func TestEngineLanguage(t *testing.T) {
	t.Parallel()
	if engineLanguage("jv") != "jw" || engineLanguage("th") != "th" {
		t.Error("an engine is not asked with its own codes")
	}
}
