package waittest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// failing notes how a test fails instead of failing.
type failing struct {
	testing.TB
	mu       sync.Mutex
	messages []string
}

func (f *failing) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func (f *failing) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.messages = append(f.messages, fmt.Sprintf(format, args...))
}

// TestLimit waits for what never comes, by a clock that does not make us wait.
func TestLimit(t *testing.T) {
	for name, wait := range map[string]func(testing.TB){
		"channel": func(t testing.TB) { Receive(t, make(chan int)) },
		"group": func(t testing.TB) {
			var group sync.WaitGroup
			group.Go(func() { time.Sleep(10 * Limit) })
			Group(t, &group)
		},
		"condition": func(t testing.TB) { Until(t, "nothing", func() bool { return false }) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &failing{TB: t}
				began, ended := time.Now(), make(chan struct{})
				go func() {
					defer close(ended)
					wait(f)
				}()
				select {
				case <-ended:
				case <-time.After(2 * Limit):
					t.Fatal("still waits")
				}
				if took := time.Since(began); took != Limit {
					t.Errorf("waited %v, want %v", took, Limit)
				}
				if len(f.messages) != 1 || !strings.Contains(f.messages[0], "waited 2m0s") || !strings.Contains(f.messages[0], "goroutine ") {
					t.Errorf("failed with %q", f.messages)
				}
				time.Sleep(10 * Limit) // What hangs ends within the bubble.
			})
		})
	}
}

func TestWithinTheLimit(t *testing.T) {
	t.Parallel()
	values := make(chan int, 1)
	values <- 5
	if got := Receive(t, values); got != 5 {
		t.Errorf("got %d", got)
	}
	var group sync.WaitGroup
	done := 0
	group.Go(func() { done++ })
	if Group(t, &group); done != 1 {
		t.Error("the group was not waited for")
	}
	asked := 0
	if Until(t, "the third time", func() bool { asked++; return asked == 3 }); asked != 3 {
		t.Errorf("asked %d times", asked)
	}
	if out, err := Command(t, "echo", "hello").Output(); string(out) != "hello\n" || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestCommandIsKilled(t *testing.T) {
	t.Parallel()
	f := &failing{TB: t}
	cmd := CommandWithin(f, 100*time.Millisecond, "sleep", "600")
	if err := cmd.Run(); err == nil || cmd.ProcessState.Success() {
		t.Errorf("ended with %v", err)
	}
	if !slices.Equal(f.messages, []string{"sleep still ran after 100ms"}) {
		t.Errorf("failed with %q", f.messages)
	}
}

func TestRunning(t *testing.T) {
	t.Parallel()
	mark := Mark()
	UntilRunning(t, mark, 0)
	cmd, ended := Command(t, "sleep", mark), make(chan error, 1)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { ended <- cmd.Wait() }()
	UntilRunning(t, mark, 1)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	Receive(t, ended)
	if n := Running(t, mark); n > 0 {
		t.Errorf("%d processes are left", n)
	}
}

// TestHangingHandler ends a test while a request is under way, of which the
// handler has read nothing.
func TestHangingHandler(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	t.Run("hangs", func(t *testing.T) {
		asked := make(chan struct{})
		server := Server(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(asked)
			<-r.Context().Done()
		}))
		go func() {
			defer close(ended)
			client := http.Client{Timeout: Limit}
			if res, err := client.Post(server.URL, "text/plain", strings.NewReader("x")); err == nil {
				_ = res.Body.Close()
			}
		}()
		Receive(t, asked)
	})
	Receive(t, ended)
}

// TestIdleConnections ends a test while somebody reads from a connection.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	read := make(chan error, 1)
	t.Run("idle", func(t *testing.T) {
		listener := Listen(t)
		accepted := make(chan struct{})
		go func() {
			c, err := listener.Accept()
			close(accepted)
			if err == nil {
				_, err = io.ReadAll(c)
			}
			read <- err
		}()
		if _, err := Dial(t, listener.Addr().String()).Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		Receive(t, accepted)
	})
	Receive(t, read)
}

// TestRule shows each kind of wait to the rule: those on lines that end in
// "// found" have no limit, or wait for no more than the time.
func TestRule(t *testing.T) {
	t.Parallel()
	const source = `package x

func f() {
	<-ch // found
	x, ok := <-ch // found
	<-time.After(time.Second) // found
	time.Sleep(time.Second) // found
	go func() { time.Sleep(time.Second) }() // found
	<-tick.C
	<-r.Context().Done()
	go func() { <-ch }()
	group.Go(func() { other.Wait() })
	group.Wait() // found
	synctest.Wait()
	select { // found
	case <-ch:
	case v := <-other:
	}
	select {
	case <-ch:
	default:
	}
	select {
	case <-ch:
	case <-time.After(time.Second):
	}
	select {
	case <-ch:
	case <-ctx.Done():
	}
	made := make(chan int)
	for range made { // found
	}
	for range list {
	}
	cmd := waittest.Command(t, "x")
	cmd.Wait()
	exec.Command("x").Run() // found
	exec.CommandContext(t.Context(), "x").Run() // found
	exec.CommandContext(ctx, "x").Run()
	http.Get("x") // found
	c := http.Client{} // found
	d := &http.Client{Jar: jar} // found
	e := &http.Client{Timeout: time.Second}
	http.DefaultClient.Do(r) // found
	httptest.NewServer(h) // found
	net.Dial("tcp", "x") // found
	net.DialTimeout("tcp", "x", time.Second)
	net.Listen("tcp", "x") // found
	sync.NewCond(mu) // found
}
`
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "x_test.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []int
	for _, w := range waits(file) {
		got = append(got, set.Position(w.pos).Line)
	}
	for i, line := range strings.Split(source, "\n") {
		if strings.HasSuffix(line, "// found") {
			want = append(want, i+1)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("found on lines %v, want %v", got, want)
	}
}
