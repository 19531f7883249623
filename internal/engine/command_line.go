package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/shlex"
)

// What a command line leaves open until a run.
const (
	audioPlace    = "{audio}"
	outputPlace   = "{output}"
	languagePlace = "{language}"
	chosenPlace   = "{language?}"
	taskPlace     = "{task}"
	promptPlace   = "{prompt}"
)

// commandLine is a program and its arguments, with places to fill in.
type commandLine []string

// parseCommandLine takes a setting apart as a shell would: at spaces, but for
// those in single or double quotes or behind a backslash. Nothing is expanded
// and no shell is started, so "|", "$" and ">" mean themselves.
func parseCommandLine(setting string) (commandLine, error) {
	words, err := shlex.Split(setting)
	if err != nil {
		return nil, errors.New("a quotation or a backslash at its end is left open")
	}
	line := commandLine(words)
	switch {
	case len(line) == 0 || line[0] == "":
		return nil, errors.New("no program is named")
	case strings.ContainsRune(setting, 0):
		return nil, errors.New("it holds a zero byte")
	case line.fill(commandRun{audio: "x", output: "x", language: "x", prompt: "x"})[0] != line[0]:
		return nil, errors.New("its program must be named, not filled in")
	}
	for _, place := range []string{audioPlace, outputPlace} {
		if !line.has(place) {
			return nil, fmt.Errorf("no argument has %s", place)
		}
	}
	return line, nil
}

// ProgramOf is the program of CommandOptions.Command, without its arguments;
// "" where that is no command.
func ProgramOf(command string) string {
	line, err := parseCommandLine(command)
	if err != nil {
		return ""
	}
	return line[0]
}

func (l commandLine) has(place string) bool {
	return slices.ContainsFunc(l[1:], func(word string) bool { return strings.Contains(word, place) })
}

// commandRun is what one run of a command is about.
type commandRun struct {
	audio, output string // paths
	language      string // as in Request
	prompt        string // one that can be an argument
	translate     bool
}

// fill puts a run's values into the places. Each stays one argument, whatever
// is in it. Of an argument with {language?} nothing is left when the engine is
// to find the language out, of one with {prompt} when there is none; nor of a
// flag before it when it is that place alone.
func (l commandLine) fill(r commandRun) []string {
	language, task := "auto", "transcribe"
	if r.language != "" {
		language = engineLanguage(r.language)
	}
	if r.translate {
		task = "translate"
	}
	places := strings.NewReplacer(audioPlace, r.audio, outputPlace, r.output, languagePlace, language, chosenPlace, language,
		taskPlace, task, promptPlace, r.prompt)
	var args []string
	afterFlag := false // and the flag is the last of args
	for i, word := range l {
		if r.language == "" && strings.Contains(word, chosenPlace) || r.prompt == "" && strings.Contains(word, promptPlace) {
			if afterFlag && (word == chosenPlace || word == promptPlace) {
				args = args[:len(args)-1]
			}
			afterFlag = false
			continue
		}
		args = append(args, places.Replace(word))
		afterFlag = i > 0 && strings.HasPrefix(word, "-")
	}
	return args
}
