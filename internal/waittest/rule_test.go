package waittest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// limited names the functions that may wait by themselves, and what limits them
// or why they sleep.
var limited = map[string]string{
	"db/node_test.go beChild":                             "is the process that startChild kills",
	"db/subtitle_run_test.go beWorker":                    "is the process that TestKilledWorkers kills",
	"e2e/account_test.go parallel":                        "each request that it waits for has a limit of its own",
	"e2e/process_test.go TestSettingsFromEnvironment":     "starts a server; see launch",
	"e2e/server_test.go launch":                           "starts the server, which lives as long as its test",
	"e2e/log_reader_test.go piped":                        "starts a server; see launch",
	"e2e/proxy_test.go startNginx":                        "kills what it waits for",
	"e2e/crash_test.go TestKill":                          "sleeps until a random moment",
	"e2e/subtitle_crash_test.go TestKillDuringJobs":       "sleeps until a random moment",
	"e2e/tus_client_test.go serve":                        "is a slow line",
	"handlers/login_store_test.go TestLoginLifetime":      "its transport has a limit, and it sleeps by a clock of its own",
	"handlers/login_store_test.go newBrowser":             "its transport has a limit",
	"internal/waittest/waittest_test.go TestLimit":        "sleeps by a clock of its own",
	"internal/media/process_test.go TestWhatHangsIsEnded": "its writer is slow",
}

// endless are calls that wait without a limit, with what to use instead.
var endless = map[string]string{
	"exec.Command":                "waittest.Command",
	"http.DefaultClient":          "an http.Client with a Timeout",
	"http.DefaultTransport":       "an http.Client with a Timeout",
	"http.Get":                    "an http.Client with a Timeout",
	"http.Head":                   "an http.Client with a Timeout",
	"http.Post":                   "an http.Client with a Timeout",
	"http.PostForm":               "an http.Client with a Timeout",
	"httptest.NewServer":          "waittest.Server",
	"httptest.NewTLSServer":       "waittest.Server",
	"httptest.NewUnstartedServer": "waittest.Server",
	"net.Dial":                    "waittest.Dial",
	"net.Listen":                  "waittest.Listen",
	"sync.NewCond":                "a channel and waittest.Receive",
}

// asleep is what is wrong with a wait for no more than the time.
const asleep = "a sleep is too short or too long: use waittest.Until"

// TestWaitsHaveLimits reads every test of the project.
func TestWaitsHaveLimits(t *testing.T) {
	t.Parallel()
	root, read := filepath.Join("..", ".."), 0
	used := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && slices.Contains([]string{"node_modules", ".git"}, d.Name()) {
			return orSkip(err)
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		read++
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		for _, w := range waits(file) {
			if where := name + " " + w.function; limited[where] != "" {
				used[where] = true
				continue
			}
			t.Errorf("%s:%d: %s", name, set.Position(w.pos).Line, w.what)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 50 {
		t.Errorf("%d tests were read", read)
	}
	for where := range limited {
		if !used[where] {
			t.Errorf("%s waits no more by itself", where)
		}
	}
}

func orSkip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}

// wait is one without a limit, or a sleep, in a function.
type wait struct {
	function string
	pos      token.Pos
	what     string
}

// waits finds those of a file. It goes by names alone, which suffices for tests
// that are written like ours and needs no compiler.
func waits(file *ast.File) []wait {
	f := &finder{commands: map[string]bool{}, channels: map[string]bool{}, inSelect: map[ast.Node]bool{}}
	ast.Inspect(file, f.learn)
	for _, declaration := range file.Decls {
		f.function = ""
		if function, ok := declaration.(*ast.FuncDecl); ok {
			f.function = function.Name.Name
		}
		ast.Inspect(declaration, f.find)
	}
	return f.found
}

type finder struct {
	function string
	commands map[string]bool // variables made by waittest.Command
	channels map[string]bool // variables made as channels
	inSelect map[ast.Node]bool
	// background holds what runs in a goroutine of its own: it may wait, since
	// the test that waits for it has a limit.
	background []ast.Node
	found      []wait
}

func (f *finder) inBackground(n ast.Node) bool {
	return slices.ContainsFunc(f.background, func(b ast.Node) bool { return b.Pos() <= n.Pos() && n.End() <= b.End() })
}

// learn notes what kinds of variables the file has.
func (f *finder) learn(n ast.Node) bool {
	assigned, ok := n.(*ast.AssignStmt)
	if !ok || len(assigned.Lhs) != len(assigned.Rhs) {
		return true
	}
	for i, value := range assigned.Rhs {
		name, named := assigned.Lhs[i].(*ast.Ident)
		call, called := value.(*ast.CallExpr)
		if !named || !called {
			continue
		}
		switch selector(call.Fun) {
		case "waittest.Command", "waittest.CommandWithin":
			f.commands[name.Name] = true
		case "make":
			if _, ok := call.Args[0].(*ast.ChanType); ok {
				f.channels[name.Name] = true
			}
		}
	}
	return true
}

func (f *finder) find(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		f.background = append(f.background, n)
	case *ast.SelectStmt:
		f.findSelect(n)
	case *ast.UnaryExpr:
		if n.Op != token.ARROW || f.inSelect[n] {
			return true
		}
		if call, ok := n.X.(*ast.CallExpr); ok && selector(call.Fun) == "time.After" {
			f.add(n, asleep)
		} else if !ends(n) && !f.inBackground(n) {
			f.add(n, "a receive without a limit: use waittest.Receive")
		}
	case *ast.RangeStmt:
		if name, ok := n.X.(*ast.Ident); ok && f.channels[name.Name] && !f.inBackground(n) {
			f.add(n, "a range over a channel without a limit: use waittest.Receive")
		}
	case *ast.SelectorExpr:
		if selector(n) == "time.Sleep" {
			f.add(n, asleep)
		}
		if instead := endless[selector(n)]; instead != "" {
			f.add(n, selector(n)+" waits without a limit: use "+instead)
		}
	case *ast.CallExpr:
		f.findCall(n)
	case *ast.CompositeLit:
		if selector(n.Type) == "http.Client" && !slices.ContainsFunc(n.Elts, isTimeout) {
			f.add(n, "an http.Client without a Timeout")
		}
	}
	return true
}

func (f *finder) findSelect(s *ast.SelectStmt) {
	bounded := false
	for _, clause := range s.Body.List {
		comm := clause.(*ast.CommClause).Comm
		if comm == nil { // default
			bounded = true
			continue
		}
		ast.Inspect(comm, func(n ast.Node) bool {
			if receive, ok := n.(*ast.UnaryExpr); ok && receive.Op == token.ARROW {
				f.inSelect[receive] = true
				bounded = bounded || ends(receive)
			}
			return true
		})
	}
	if !bounded && !f.inBackground(s) {
		f.add(s, "a select without a limit: add a case of time.After or of a context")
	}
}

func (f *finder) findCall(call *ast.CallExpr) {
	if selector(call.Fun) == "exec.CommandContext" && len(call.Args) > 0 {
		if made, ok := call.Args[0].(*ast.CallExpr); ok {
			f.add(call, fmt.Sprintf("%s has no limit: use waittest.Command", selector(made.Fun)))
		}
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if ok && method.Sel.Name == "Go" {
		f.background = append(f.background, call)
	}
	if !ok || f.inBackground(call) || method.Sel.Name != "Wait" || len(call.Args) > 0 || selector(method) == "synctest.Wait" {
		return
	}
	if name, ok := method.X.(*ast.Ident); !ok || !f.commands[name.Name] {
		f.add(call, "a Wait without a limit: use waittest.Group or waittest.Command")
	}
}

func (f *finder) add(n ast.Node, what string) {
	f.found = append(f.found, wait{f.function, n.Pos(), what})
}

// ends tells whether a receive ends by itself: with the time, or with a context,
// as that of a request, which ends with whoever asked.
func ends(receive *ast.UnaryExpr) bool {
	switch from := receive.X.(type) {
	case *ast.CallExpr:
		method, ok := from.Fun.(*ast.SelectorExpr)
		return ok && (selector(method) == "time.After" || method.Sel.Name == "Done")
	case *ast.SelectorExpr:
		return from.Sel.Name == "C" // of a time.Ticker or time.Timer
	}
	return false
}

func isTimeout(element ast.Expr) bool {
	pair, ok := element.(*ast.KeyValueExpr)
	return ok && selector(pair.Key) == "Timeout"
}

// selector is how a name is written: f, or pkg.F.
func selector(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return x.Name + "." + e.Sel.Name
		}
	}
	return ""
}
