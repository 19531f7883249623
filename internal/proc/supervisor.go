package proc

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// supervisorName is the first argument that makes this program a supervisor.
const supervisorName = "gensubtitle-supervisor"

// Descriptors of a supervisor, beside the standard ones.
const (
	controlFD = 3 // orders come from here; its end is one too
	reportFD  = 4 // the program's pid and status go here
	firstFile = 5 // of those that the program is handed
)

// Orders to a supervisor, one byte each.
const (
	pauseOrder  = 's'
	resumeOrder = 'c'
)

const (
	// endTime bounds how long a supervisor waits for processes that it has
	// killed. The kernel may hold one that waits for a broken disk.
	endTime = 5 * time.Second
	endTick = 2 * time.Millisecond
)

// init takes over where Start has run this program as a supervisor, so that
// neither main nor the main of a test has to know of it.
func init() {
	if len(os.Args) > 0 && os.Args[0] == supervisorName {
		supervise(os.Args[1:])
	}
}

// order is what a supervisor is started with.
type order struct {
	limits Limits
	files  int // that the program is handed
	path   string
	args   []string // the first is the program's name
}

func (o order) encode() []string {
	return append([]string{
		supervisorName,
		strconv.Itoa(int(math.Ceil(o.limits.CPU.Seconds()))),
		strconv.FormatInt(o.limits.FileSize, 10),
		strconv.Itoa(o.limits.OpenFiles),
		strconv.Itoa(o.files),
		o.path,
	}, o.args...)
}

func decodeOrder(args []string) (o order, err error) {
	if len(args) < 6 {
		return o, fmt.Errorf("%d arguments", len(args))
	}
	cpu, cpuErr := strconv.ParseInt(args[0], 10, 64)
	fileSize, sizeErr := strconv.ParseInt(args[1], 10, 64)
	openFiles, openErr := strconv.Atoi(args[2])
	files, filesErr := strconv.Atoi(args[3])
	o.limits = Limits{CPU: time.Duration(cpu) * time.Second, FileSize: fileSize, OpenFiles: openFiles}
	o.files, o.path, o.args = files, args[4], args[5:]
	return o, errors.Join(cpuErr, sizeErr, openErr, filesErr)
}

// supervise runs a program and ends this process when nothing of it is left,
// with syscall.Exit: that of os takes a second longer with the race detector.
func supervise(args []string) {
	// A service manager signals all of a service. The program hears it too, and
	// only its end ends the supervisor. Caught signals are not inherited, ignored
	// ones would be.
	signal.Notify(make(chan os.Signal, 1), unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT)
	s := &supervisor{report: os.NewFile(reportFD, "report")}
	if err := s.start(args); err != nil {
		fmt.Fprintf(s.report, "error %v\n", err)
		syscall.Exit(1)
	}
	fmt.Fprintf(s.report, "pid %d\n", s.program)
	go s.obey(os.NewFile(controlFD, "control"))
	s.reap()
	syscall.Exit(0)
}

// supervisor is the parent of a program, and of all that the program leaves.
type supervisor struct {
	program int
	report  *os.File
	ending  sync.Once

	// A child keeps its number until it is reaped, so that a signal sent under
	// mu can never reach a process that got the number later.
	mu     sync.Mutex
	reaped bool // the program was
}

func (s *supervisor) start(args []string) error {
	o, err := decodeOrder(args)
	if err != nil {
		return fmt.Errorf("read order: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("adopt orphans: %w", err)
	}
	if err := o.limits.set(); err != nil {
		return err
	}
	files := []uintptr{0, 1, 2}
	for fd := range o.files {
		files = append(files, uintptr(firstFile+fd))
	}
	// Nothing else goes on to the program, not what this process inherited either.
	if err := unix.CloseRange(controlFD, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil { // Linux 5.11
		for fd := controlFD; fd < firstFile+o.files; fd++ {
			unix.CloseOnExec(fd)
		}
	}
	s.program, err = syscall.ForkExec(o.path, o.args, &syscall.ProcAttr{
		Env: os.Environ(), Files: files,
		// A group of its own keeps a terminal's Ctrl-C away. This goroutine runs
		// on the first thread, which lasts as long as the process, so Pdeathsig
		// is about the process (golang.org/issue/27505).
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL},
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", o.path, err)
	}
	if o.limits != noLimits {
		// Best effort: a kernel that is short of memory shall take the program first.
		_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", s.program), []byte("1000"), 0)
	}
	return nil
}

// set limits this process, and with it what it starts.
func (l Limits) set() error {
	if l == noLimits {
		return nil
	}
	for resource, most := range map[int]uint64{
		// With both limits alike there is no SIGXCPU first, which ffmpeg would
		// take as a wish to end early and well.
		unix.RLIMIT_CPU:    uint64(l.CPU / time.Second),
		unix.RLIMIT_FSIZE:  uint64(l.FileSize),
		unix.RLIMIT_NOFILE: uint64(l.OpenFiles),
		unix.RLIMIT_CORE:   0,
	} {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("set resource limit %d: %w", resource, err)
		}
	}
	return nil
}

// obey follows orders until there can be no more: the process that gave them
// wants an end, or has itself come to one.
func (s *supervisor) obey(control *os.File) {
	var order [1]byte
	for {
		if _, err := control.Read(order[:]); err != nil {
			break
		}
		switch order[0] {
		case pauseOrder:
			s.signal(unix.SIGSTOP)
		case resumeOrder:
			s.signal(unix.SIGCONT)
		}
	}
	s.end()
}

// signal sends the program a signal while it is there.
func (s *supervisor) signal(number unix.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.reaped {
		_ = unix.Kill(s.program, number)
	}
}

// reap waits for the program and for everything that it leaves, and reports how
// the program ended.
func (s *supervisor) reap() {
	for {
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return // There is nothing left.
		}
		s.reapEnded()
	}
}

func (s *supervisor) reapEnded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var status unix.WaitStatus
	pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
	if err != nil || pid != s.program {
		return
	}
	s.reaped = true
	fmt.Fprintf(s.report, "status %d\n", uint32(status))
	s.end()
}

// end kills the children again and again until there are none: what a killed
// one leaves becomes a child of this process. A process that cannot be killed
// does not hold it up for ever.
func (s *supervisor) end() {
	s.ending.Do(func() {
		go func() {
			for deadline := time.Now().Add(endTime); time.Now().Before(deadline); time.Sleep(endTick) {
				s.killChildren()
			}
			syscall.Exit(1)
		}()
	})
}

func (s *supervisor) killChildren() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pid := range children() {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// children are those of this process, dead ones included.
func children() []int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	var found []int
	self := strconv.Itoa(os.Getpid())
	for _, path := range stats {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			continue // It has gone meanwhile.
		}
		// Its name, in parentheses, may hold anything (proc(5)).
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) > 1 && string(fields[1]) == self {
			found = append(found, pid)
		}
	}
	return found
}
