package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCommand says what was built.
type versionCommand struct {
	outputSettings
}

// Help is the longer text of --help.
func (versionCommand) Help() string {
	return "The revision is that of the source that the program was built from; modified says that the source was changed since."
}

type versionBody struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Run prints what the Go tools wrote into the program.
func (c *versionCommand) Run(sh *Shell) error {
	v := versionBody{Version: "(unknown)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Version = info.Main.Version
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Revision = s.Value
			case "vcs.time":
				v.Time = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
	}
	if c.JSON {
		return writeJSON(sh.Out, v)
	}
	text := "gensubtitle " + v.Version
	if v.Revision != "" {
		text += ", revision " + v.Revision
		if v.Modified {
			text += " (modified)"
		}
	}
	_, err := fmt.Fprintf(sh.Out, "%s, %s, %s\n", text, v.Go, v.Platform)
	return err
}
