package engine

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gensubtitle/internal/waittest"

	"gensubtitle/internal/subtitles"
)

// program makes an engine of a shell script. It is called with the sound, the
// output, the language and the task.
func program(t *testing.T, text string, timeout time.Duration) *Command {
	t.Helper()
	path := filepath.Join(t.TempDir(), "my engine")
	// A child that begins meanwhile would hold the file open, which cannot be run then.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return command(t, "'"+path+"' {audio} {output} {language} {task}", timeout)
}

func command(t *testing.T, line string, timeout time.Duration) *Command {
	t.Helper()
	// With a space, as a data directory may have.
	engine, err := NewCommand(CommandOptions{Command: line, Dir: filepath.Join(t.TempDir(), "work of engines"), Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		left, err := os.ReadDir(engine.dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || len(left) > 0 {
			t.Errorf("%v are left, %v", left, err)
		}
	})
	return engine
}

const helloVTT = `printf 'WEBVTT\n\n00:00.500 --> 00:01.000\nHello\n' >`

var hello = []subtitles.Cue{{Start: ms(500), End: ms(1000), Text: "Hello", Words: nil}}

func TestCommand(t *testing.T) {
	t.Parallel()
	path := record(t, heard{time.Second, 0.5})
	tests := []struct {
		name, script string
		request      Request
		want         subtitles.Transcript
	}{
		{"output itself", helloVTT + `"$2"`, Request{}, subtitles.Transcript{Language: "", Cues: hello}},
		{"VTT", helloVTT + `"$2.vtt"`, Request{Language: "th"}, subtitles.Transcript{Language: "th", Cues: hello}},
		{"SRT", `printf '1\n00:00:00,500 --> 00:00:01,000\nHello\n' >"$2.srt"`, Request{}, subtitles.Transcript{Language: "", Cues: hello}},
		{
			"JSON of whisper.cpp", `printf '{"result":{"language":"de"},"transcription":[{"offsets":{"from":500,"to":1000},"text":" Hello"}]}' >"$2.json"`,
			Request{},
			subtitles.Transcript{Language: "de", Cues: hello},
		},
		{
			"a folder of all", `mkdir "$2"; printf '{"language":"de","segments":[{"start":0.5,"end":1,"text":"Hello"}]}' >"$2/audio.json"
				echo nonsense >"$2/audio.vtt"; echo nonsense >"$2/audio.srt"; echo Hello >"$2/audio.txt"`, Request{}, subtitles.Transcript{Language: "de", Cues: hello},
		},
		{"VTT before SRT, after JSON of another kind", `echo '{"model":1}' >"$2.json"; printf '1\n00:00:00,500 --> 00:00:01,000\nBye\n' >"$2.srt"; ` + helloVTT + `"$2.vtt"`, Request{}, subtitles.Transcript{Language: "", Cues: hello}},
		{"silence in VTT", `echo WEBVTT >"$2.vtt"`, Request{}, subtitles.Transcript{Language: "", Cues: []subtitles.Cue{}}},
		{"silence in SRT", `: >"$2.srt"`, Request{}, subtitles.Transcript{Language: "", Cues: []subtitles.Cue{}}},
		{"slightly off", `printf 'WEBVTT\n\n00:00.500 --> 00:09.000\nHello\n' >"$2"`, Request{}, subtitles.Transcript{Language: "", Cues: hello}},
		{"no arguments more or less", `test $# = 4 && ` + helloVTT + `"$2"`, Request{}, subtitles.Transcript{Language: "", Cues: hello}},
		{"automatic", `test "$3 $4" = "auto transcribe" && ` + helloVTT + `"$2"`, Request{}, subtitles.Transcript{Language: "", Cues: hello}},
		{"Javanese, into English", `test "$3 $4" = "jw translate" && ` + helloVTT + `"$2"`, Request{Language: "jv", Translate: true}, subtitles.Transcript{Language: "en", Cues: hello}},
		{"the sound as WAV", `cmp "$1" "` + wavOf(t, path) + `" && ` + helloVTT + `"$2"`, Request{}, subtitles.Transcript{Language: "", Cues: hello}},
		{"nothing to read", `test -z "$(cat)" && ` + helloVTT + `"$2"`, Request{}, subtitles.Transcript{Language: "", Cues: hello}},
		{"much to say", `yes | head -c 100000000; yes | head -c 3000000 >&2; ` + helloVTT + `"$2"`, Request{}, subtitles.Transcript{Language: "", Cues: hello}},
		{
			"links are not followed", `ln -s /etc/passwd "$2.srt"; ln -s /etc "$2"; mkfifo "$2.json"; ` + helloVTT + `"$2.vtt"`,
			Request{},
			subtitles.Transcript{Language: "", Cues: hello},
		},
		{
			"for nobody else", `test "$(stat -c %a "${1%/*}" "${1%/*/*}" | sort -u)" = 700 && ` + helloVTT + `"$2"`,
			Request{},
			subtitles.Transcript{Language: "", Cues: hello},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.request.Audio = path
			last := 0
			test.request.Progress = func(percent int) { last = percent }
			got, err := program(t, test.script, time.Minute).Transcribe(t.Context(), test.request)
			if err != nil || got.Language != test.want.Language || len(got.Cues) != len(test.want.Cues) ||
				len(got.Cues) > 0 && !reflect.DeepEqual(got, test.want) || last != 100 {
				t.Errorf("got %+v, %v at %d %%, want %+v", got, err, last, test.want)
			}
		})
	}
}

// TestCommandPrompt has a program write down its arguments behind the first two.
func TestCommandPrompt(t *testing.T) {
	t.Parallel()
	engine := command(t, `sh -c 'out=$2; shift 2; printf "WEBVTT\n\n00:00.500 --> 00:01.000\n%s\n" "$# $*" >"$out"' sh {audio} {output} -p {prompt} end`, time.Minute)
	for prompt, want := range map[string]string{
		"": "1 end", " \n--\x00": "1 end", "--help\nAnn $HOME \"Kubernetes\"": `3 -p help Ann $HOME "Kubernetes" end`,
	} {
		got, err := engine.Transcribe(t.Context(), Request{Audio: record(t, heard{time.Second, 0.5}), Prompt: prompt})
		if err != nil || len(got.Cues) != 1 || got.Cues[0].Text != want {
			t.Errorf("%q: got %+v, %v, want %s", prompt, got, err, want)
		}
	}
}

func wavOf(t *testing.T, path string) string {
	t.Helper()
	s := open(t, path)
	folder := &workFolder{path: t.TempDir()}
	if err := folder.keepSound(s); err != nil {
		t.Fatal(err)
	}
	return folder.audio()
}

func TestCommandFails(t *testing.T) {
	t.Parallel()
	path := record(t, heard{time.Second, 0.5})
	for name, test := range map[string]struct{ script, says string }{
		"exit status":   {helloVTT + `"$2"; echo 'no model' >&2; exit 3`, `exit status 3: "no model\n"`},
		"signal":        {helloVTT + `"$2"; kill -SEGV $$`, "segmentation fault"},
		"killed":        {helloVTT + `"$2"; kill -KILL $$`, "killed"},
		"the guard's":   {helloVTT + `"$2"; kill -KILL 0`, "killed"},
		"no output":     {"exit 0", "wrote no"},
		"text":          {`echo Hello >"$2.txt"`, "wrote no"},
		"nonsense":      {`echo Hello >"$2"`, "text without times"},
		"empty":         {`: >"$2"`, "neither text nor segments"},
		"binary":        {`{ printf '\377\1'; head -c 100000 /dev/urandom; } >"$2.vtt"`, subtitles.ErrUnreadable.Error()},
		"too much":      {`truncate -s 10G "$2.vtt"`, "more than 64 MB"},
		"impossible":    {`printf 'WEBVTT\n\n01:00.000 --> 01:01.000\nHello\n' >"$2"`, "none of 1 segments has a time within 1s"},
		"many files":    {`cd "${1%/*}"; seq -f a%g.txt 1 3000 | xargs touch`, "wrote no"},
		"the end of it": {`seq 100000 >&2; echo the reason >&2; exit 1`, `100000\nthe reason\n"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := program(t, test.script, time.Minute).Transcribe(t.Context(), Request{Audio: path})
			if !errors.Is(err, ErrFailed) || errors.Is(err, ErrDown) || !strings.Contains(err.Error(), test.says) || len(err.Error()) > 4*maxComplaints {
				t.Errorf("got %.300v, want ErrFailed that says %s", err, test.says)
			}
		})
	}
}

func TestCommandDown(t *testing.T) {
	t.Parallel()
	path := record(t, heard{time.Second, 0.5})
	file := keep(t, []byte("text"))
	noInterpreter := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(noInterpreter, []byte("#!/no/such/shell\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"no-such-program-here", "/no/such/program", file, "/tmp", noInterpreter} {
		if err := failed(t, command(t, line+" {audio} {output}", time.Minute), t.Context(), Request{Audio: path}); !errors.Is(err, ErrDown) {
			t.Errorf("%s: got %v, want ErrDown", line, err)
		}
	}
	engine, err := NewCommand(CommandOptions{Command: "true {audio} {output}", Dir: filepath.Join(file, "work"), Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := failed(t, engine, t.Context(), Request{Audio: path}); !errors.Is(err, ErrDown) {
		t.Errorf("no folder: got %v, want ErrDown", err)
	}
	engine = program(t, "exit 1", time.Minute)
	if err := failed(t, engine, t.Context(), Request{Audio: "/nowhere"}); !errors.Is(err, ErrFailed) {
		t.Errorf("no sound: got %v, want ErrFailed", err)
	}
	plain := command(t, "false {audio} {output}", time.Minute)
	if plain.Translates() || !engine.Translates() {
		t.Error("the engine does not know whether it translates")
	}
	for _, r := range []Request{{Translate: true}, {Language: "-x"}, {Language: "auto"}} {
		r.Audio = path
		if err := failed(t, plain, t.Context(), r); !errors.Is(err, ErrRefused) {
			t.Errorf("%+v: got %v, want ErrRefused", r, err)
		}
	}
	heard, err := plain.Transcribe(t.Context(), Request{Audio: record(t, heard{ms(50), 0.5}), Language: "th"})
	if err != nil || len(heard.Cues) > 0 || heard.Language != "th" {
		t.Errorf("50 ms: got %+v, %v without a run", heard, err)
	}
}

func TestCommandProgress(t *testing.T) {
	t.Parallel()
	var percents []int
	_, err := program(t, `printf '%s\r' ' 10%|█         ' 'it grew by 99%' >&2; echo '99%|' ; echo 'whisper_print_progress_callback: progress =  35%' >&2
printf ' 20%%|\n  45.5%%\n 100%%|##\n999%%|\n 60%%|' >&2; `+helloVTT+`"$2"`, time.Minute).
		Transcribe(t.Context(), Request{Audio: record(t, heard{time.Second, 0.5}), Progress: func(p int) { percents = append(percents, p) }})
	if err != nil || !reflect.DeepEqual(percents, []int{10, 35, 100}) {
		t.Errorf("progress goes %v, %v", percents, err)
	}
}

// TestCommandIsNotDoneBeforeItIs has a program that was done with something else.
func TestCommandIsNotDoneBeforeItIs(t *testing.T) {
	t.Parallel()
	last := 0
	_, err := program(t, "printf ' 99%%|\\n 100%%|\\n' >&2; exit 1", time.Minute).
		Transcribe(t.Context(), Request{Audio: record(t, heard{time.Second, 0.5}), Progress: func(p int) { last = p }})
	if !errors.Is(err, ErrFailed) || last != 99 {
		t.Errorf("got %v at %d %%, want ErrFailed at 99 %%", err, last)
	}
}

// TestCommandEnvironment has no parallel: it sets variables.
func TestCommandEnvironment(t *testing.T) {
	t.Setenv("GENSUB_ENGINE_KEY", "hush")
	t.Setenv("GENSUBTITLE_MODEL", "kept")
	err := failed(t, program(t, "env >&2; exit 1", time.Minute), t.Context(), Request{Audio: record(t, heard{time.Second, 0.5})})
	if said := err.Error(); strings.Contains(said, "GENSUB_") || strings.Contains(said, "hush") || !strings.Contains(said, "PATH=") ||
		!strings.Contains(said, "GENSUBTITLE_MODEL=kept") {
		t.Errorf("the engine has %s", said)
	}
}

// family is a script with children in the foreground, in the background, and
// below a shell of their own, all of whom ignore what can be ignored.
func family(mark string) string {
	return "trap '' TERM HUP INT; sleep " + mark + " & (sleep " + mark + " & sleep " + mark + ") & "
}

func TestCommandFamilyEnds(t *testing.T) {
	t.Parallel()
	path := record(t, heard{time.Second, 0.5})
	t.Run("time is up", func(t *testing.T) {
		t.Parallel()
		mark := waittest.Mark()
		err := failed(t, program(t, family(mark)+"sleep "+mark, 2*time.Second), t.Context(), Request{Audio: path})
		if !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "within 2s") {
			t.Errorf("got %v, want ErrFailed", err)
		}
		waittest.UntilRunning(t, mark, 0)
	})
	t.Run("nobody waits any more", func(t *testing.T) {
		t.Parallel()
		mark := waittest.Mark()
		ctx, cancel := context.WithCancel(t.Context())
		engine := program(t, family(mark)+"sleep "+mark, time.Minute)
		var group sync.WaitGroup
		group.Go(func() {
			if err := failed(t, engine, ctx, Request{Audio: path}); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the context's", err)
			}
		})
		waittest.UntilRunning(t, mark, 4)
		cancel()
		waittest.Group(t, &group)
		waittest.UntilRunning(t, mark, 0)
	})
	t.Run("done", func(t *testing.T) {
		t.Parallel()
		mark := waittest.Mark()
		heard, err := program(t, family(mark)+helloVTT+`"$2"`, time.Minute).Transcribe(t.Context(), Request{Audio: path})
		if err != nil || !reflect.DeepEqual(heard.Cues, hello) {
			t.Errorf("got %+v, %v", heard, err)
		}
		waittest.UntilRunning(t, mark, 0)
	})
	t.Run("one leaves the group", func(t *testing.T) {
		t.Parallel()
		mark := waittest.Mark()
		script := "setsid sleep " + mark + " & until grep -q sleep /proc/$!/comm; do :; done; " + helloVTT + `"$2"`
		heard, err := program(t, script, time.Minute).Transcribe(t.Context(), Request{Audio: path})
		if err != nil || !reflect.DeepEqual(heard.Cues, hello) {
			t.Errorf("got %+v, %v", heard, err)
		}
		if n := waittest.Running(t, mark); n > 0 {
			t.Errorf("%d processes are left", n)
		}
	})
}

// TestCommandEndsWithTheServer kills a process in the middle of a run. That
// process is this test again, told so by its environment.
func TestCommandEndsWithTheServer(t *testing.T) {
	if dir := os.Getenv("SUBTITLES_TEST_DIR"); dir != "" {
		engine, err := NewCommand(CommandOptions{Command: os.Getenv("SUBTITLES_TEST_COMMAND"), Dir: dir, Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		_, err = engine.Transcribe(t.Context(), Request{Audio: os.Getenv("SUBTITLES_TEST_AUDIO")})
		t.Fatalf("was to be killed, got %v", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	mark, dir := waittest.Mark(), filepath.Join(t.TempDir(), "work")
	script := keep(t, []byte(family(mark)+"sleep "+mark))
	server := waittest.Command(t, self, "-test.run=^TestCommandEndsWithTheServer$")
	server.Env = append(os.Environ(), "SUBTITLES_TEST_DIR="+dir, "SUBTITLES_TEST_COMMAND=sh "+script+" {audio} {output}",
		"SUBTITLES_TEST_AUDIO="+record(t, heard{time.Second, 0.5}))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	waittest.UntilRunning(t, mark, 4)

	// What is under way elsewhere is no leftover, nor is what others keep there.
	other := filepath.Join(dir, "notes")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	names := func() []string {
		if err := ClearWork(dir); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		return names
	}
	if left := names(); len(left) != 2 {
		t.Errorf("while it runs, %v are left", left)
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waittest.UntilRunning(t, mark, 0)
	_ = server.Wait()
	if left := names(); !reflect.DeepEqual(left, []string{"notes"}) {
		t.Errorf("after its end, %v are left", left)
	}
	if err := ClearWork(filepath.Join(dir, "none")); err != nil {
		t.Errorf("no folder: %v", err)
	}
}

// TestCommandOutlivesThreads ends many threads while a program runs: it must
// not be taken for the end of the server (golang.org/issue/27505).
func TestCommandOutlivesThreads(t *testing.T) {
	engine := program(t, `sleep 0.5; `+helloVTT+`"$2"`, time.Minute)
	path := record(t, heard{time.Second, 0.5})
	var group sync.WaitGroup
	ended := make(chan struct{})
	for range 4 {
		group.Go(func() {
			if heard, err := engine.Transcribe(t.Context(), Request{Audio: path}); err != nil || len(heard.Cues) != 1 {
				t.Errorf("got %+v, %v", heard, err)
			}
		})
	}
	go func() {
		group.Wait()
		close(ended)
	}()
	for {
		var threads sync.WaitGroup
		for range 20 {
			threads.Go(runtime.LockOSThread) // ends its thread with it
		}
		waittest.Group(t, &threads)
		select {
		case <-ended:
			return
		default:
		}
	}
}

// TestPocketsphinx has a real engine hear real speech, of a kind: what it is
// known to understand of it must come, once and when it is said.
func TestPocketsphinx(t *testing.T) {
	waittest.Slow(t, "runs pocketsphinx")
	t.Parallel()
	dir := t.TempDir()
	speech, pcm := filepath.Join(dir, "speech.wav"), filepath.Join(dir, "sound")
	for _, args := range [][]string{
		{"espeak-ng", "-v", "en-us", "-s", "140", "-w", speech, "The people want to know what the government will do about the problem."},
		// Twice, with silence before, between and after.
		{
			"ffmpeg", "-nostdin", "-v", "error", "-i", speech, "-af", "adelay=1000,apad=pad_dur=3,aloop=loop=1:size=200000",
			"-ar", "16000", "-ac", "1", "-f", "s16le", pcm,
		},
	} {
		if out, err := waittest.Command(t, args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", args[0], err, out)
		}
	}
	heard, err := command(t, "testdata/pocketsphinx.sh {audio} {output}", 5*time.Minute).Transcribe(t.Context(), Request{Audio: pcm, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("heard %+v", heard)
	if heard.Language != "en" || len(heard.Cues) != 2 {
		t.Fatalf("heard %+v, want two cues in English", heard)
	}
	for i, cue := range heard.Cues {
		if !strings.Contains(cue.Text, "want to know what") || !strings.Contains(cue.Text, "problem") || strings.ContainsAny(cue.Text, "<>[]()0123456789") {
			t.Errorf("cue %d: %+v", i, cue)
		}
	}
}
