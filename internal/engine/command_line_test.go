package engine

import (
	"reflect"
	"testing"
	"time"
)

func TestFillCommandLine(t *testing.T) {
	t.Parallel()
	automatic := commandRun{audio: "/data/a b/audio.wav", output: "/data/{audio} {task}/out"}
	thai := automatic
	thai.language, thai.translate, thai.prompt = "th", true, "สมชาย {audio} 'Ann'"
	tests := []struct {
		setting         string
		automatic, thai []string
	}{
		{
			"whisper-cli -m model.bin -l {language} -oj -of {output} -pp {audio}",
			[]string{"whisper-cli", "-m", "model.bin", "-l", "auto", "-oj", "-of", automatic.output, "-pp", automatic.audio},
			[]string{"whisper-cli", "-m", "model.bin", "-l", "th", "-oj", "-of", automatic.output, "-pp", automatic.audio},
		},
		{
			"whisper-ctranslate2 --language {language?} --task {task} --output_dir={output} {audio}",
			[]string{"whisper-ctranslate2", "--task", "transcribe", "--output_dir=" + automatic.output, automatic.audio},
			[]string{"whisper-ctranslate2", "--language", "th", "--task", "translate", "--output_dir=" + automatic.output, automatic.audio},
		},
		{
			"x -v --language={language?} {audio} {output} {language?}",
			[]string{"x", "-v", automatic.audio, automatic.output},
			[]string{"x", "-v", "--language=th", automatic.audio, automatic.output, "th"},
		},
		{ // the program before it is no flag, whatever it is called
			"-x {language?} {audio} {output}",
			[]string{"-x", automatic.audio, automatic.output},
			[]string{"-x", "th", automatic.audio, automatic.output},
		},
		{
			"whisper-cli -l {language} --prompt {prompt} -of {output} {audio}",
			[]string{"whisper-cli", "-l", "auto", "-of", automatic.output, automatic.audio},
			[]string{"whisper-cli", "-l", "th", "--prompt", thai.prompt, "-of", automatic.output, automatic.audio},
		},
		{ // a flag goes with its own value alone
			"x -v --language {language?} {prompt} -q --prompt={prompt} {language?} {audio} {output}",
			[]string{"x", "-v", "-q", automatic.audio, automatic.output},
			[]string{"x", "-v", "--language", "th", thai.prompt, "-q", "--prompt=" + thai.prompt, "th", automatic.audio, automatic.output},
		},
		{
			"-x -l -- {language?} -{audio}{output}",
			[]string{"-x", "-l", "-" + automatic.audio + automatic.output},
			[]string{"-x", "-l", "--", "th", "-" + automatic.audio + automatic.output},
		},
		{
			"\t'/opt/my engine/run'  \"in={audio}\" a\\ b 'c \"d\\' \"e 'f\" \"\" \n {output} $HOME `id` $(id) | > ~ * {model} ไทย ",
			[]string{
				"/opt/my engine/run", "in=" + automatic.audio, "a b", `c "d\`, "e 'f", "", automatic.output, "$HOME", "`id`", "$(id)", "|", ">", "~", "*",
				"{model}", "ไทย",
			},
			nil,
		},
	}
	for _, test := range tests {
		line, err := parseCommandLine(test.setting)
		if err != nil {
			t.Errorf("%s: %v", test.setting, err)
			continue
		}
		if got := line.fill(automatic); !reflect.DeepEqual(got, test.automatic) {
			t.Errorf("%s, automatic:\n got %q\nwant %q", test.setting, got, test.automatic)
		}
		if got := line.fill(thai); test.thai != nil && !reflect.DeepEqual(got, test.thai) {
			t.Errorf("%s, Thai:\n got %q\nwant %q", test.setting, got, test.thai)
		}
	}
}

func TestRefuseCommands(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{
		"", " ", "''  {audio} {output}", "engine", "engine {audio}", "engine {output}", "engine {Audio} {output}", "engine {audio} # {output}",
		"engine '{audio} {output}", `engine "{audio} {output}`, `engine {audio} {output} \`, "{audio} {audio} {output}", "{language?} {audio} {output}", "{language?}", "{prompt} {audio} {output}",
		"/opt/{task}/run {audio} {output}", "engine {audio} {output} \x00",
	} {
		if _, err := NewCommand(CommandOptions{Command: setting, Dir: "/nowhere", Timeout: time.Minute}); err == nil {
			t.Errorf("%q passes", setting)
		}
	}
	if _, err := NewCommand(CommandOptions{Command: "x {audio} {output}", Dir: "/nowhere"}); err == nil {
		t.Error("no time limit passes")
	}
}
