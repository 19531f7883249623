package views

import (
	"regexp"
	"strings"
)

// agentName is a program or system as people call it, and what in a User-Agent
// header tells of it.
type agentName struct{ name, mark string }

// Most programs also claim to be others, so those that are claimed come last.
var (
	agentPrograms = []agentName{
		{"LINE", "Line/"},
		{"Facebook", "FBAN/"},
		{"Facebook", "FBAV/"},
		{"Edge", "Edg"},
		{"Opera", "OPR/"},
		{"Samsung Internet", "SamsungBrowser/"},
		{"Firefox", "Firefox/"},
		{"Firefox", "FxiOS/"},
		{"Chrome", "Chrome/"},
		{"Chrome", "CriOS/"},
		{"Safari", "Safari/"},
	}
	agentSystems = []agentName{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"Windows", "Windows"},
		{"ChromeOS", "CrOS"},
		{"macOS", "Mac OS X"},
		{"Linux", "Linux"},
	}
	// firstProduct is what a program that is no browser calls itself.
	firstProduct = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,30}`)
)

func nameIn(agent string, names []agentName) string {
	for _, n := range names {
		if strings.Contains(agent, n.mark) {
			return n.name
		}
	}
	return ""
}

// agent says in plain words what sent a User-Agent header. It believes whatever
// that says: it is a hint for the one who looks, who knows what is theirs.
func (t *Text) agent(header string) string {
	program, system := nameIn(header, agentPrograms), nameIn(header, agentSystems)
	if program == "" && !strings.HasPrefix(header, "Mozilla/") {
		program = firstProduct.FindString(header)
	}
	switch {
	case program != "" && system != "":
		return t.Account.AgentOn.With(program, system)
	case program != "":
		return program
	case system != "":
		return system
	}
	return t.Account.UnknownAgent
}

// handheld tells a phone or tablet from the rest.
func handheld(header string) bool {
	switch nameIn(header, agentSystems) {
	case "iPhone", "iPad", "Android":
		return true
	}
	return false
}
