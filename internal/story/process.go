//go:build linux

package story

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program that the story started, in a process group of its own. Its
// output goes to a file of the desktop's captured output.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string        // where its output is
	done chan struct{} // closed when it has ended
	err  error         // of Wait; read after done
}

// start runs a program of the desktop with env. Its standard output and error go
// to captured/<name>.log, appended.
func (d *Desktop) start(name string, env []string, stdin string, argv ...string) (*process, error) {
	log := d.capturedFile(name)
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = env, d.Home
	cmd.Stdout, cmd.Stderr = out, out
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, log: log, done: make(chan struct{})}
	go func() { // ends with the program
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// pid is the program's process id.
func (p *process) pid() int { return p.cmd.Process.Pid }

// alive is nil while the program runs.
func (p *process) alive() error {
	select {
	case <-p.done:
		return hopeless{fmt.Errorf("%s has ended (%v): %s", p.name, p.err, tail(p.log))}
	default:
		return nil
	}
}

// ended waits for the program to end by itself.
func (p *process) ended(ctx context.Context, d time.Duration) error {
	return until(ctx, d, p.name+" to end", p.over)
}

// over is nil once the program has ended.
func (p *process) over() error {
	select {
	case <-p.done:
		return nil
	default:
		return errors.New("it still runs")
	}
}

// end asks the program's group to end, and ends it if it does not.
func (p *process) end() {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = syscall.Kill(-p.pid(), sig)
		if p.ended(context.Background(), 3*time.Second) == nil {
			return
		}
	}
}

// kill ends this one program as a crash or a power cut would.
func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return err
	}
	<-p.done
	return nil
}

// result is what a program that ran to its end has said.
type result struct {
	argv           string
	code           int
	stdout, stderr string
}

// String tells what happened, for errors.
func (r result) String() string {
	return fmt.Sprintf("%s: exit %d\nstdout: %s\nstderr: %s", r.argv, r.code, r.stdout, r.stderr)
}

// run runs a program to its end. What it prints is kept with the captured output.
func (d *Desktop) run(ctx context.Context, env []string, stdin string, argv ...string) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, scaled(2*time.Minute))
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = env, d.Home
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	r := result{argv: strings.Join(argv, " "), code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
	if keep := d.capture("runs", r.String()+"\n"); keep != nil {
		return r, keep
	}
	if _, exited := errors.AsType[*exec.ExitError](err); exited && ctx.Err() == nil {
		err = nil
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", r, err)
	}
	return r, nil
}

// capture appends to a file of the captured output.
func (d *Desktop) capture(name, what string) error {
	f, err := os.OpenFile(d.capturedFile(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, what)
	return errors.Join(err, f.Close())
}

// capturedFile is where the output of a program is kept.
func (d *Desktop) capturedFile(name string) string {
	return filepath.Join(d.Captured, name+".log")
}

// captured is what a program has written so far.
func (d *Desktop) captured(name string) string {
	b, err := os.ReadFile(d.capturedFile(name))
	if err != nil {
		return ""
	}
	return string(b)
}

// tail is the end of a log, for errors.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}

// Running is a process that belongs to the desktop: its environment names the
// desktop's folder. That holds for grandchildren and for what the bus has started.
type Running struct {
	PID     int
	Name    string // of the program's file
	Argv    string
	Environ string
}

// processes lists the processes that belong to the desktop.
func (d *Desktop) processes() []Running {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []Running
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err != nil || !bytes.Contains(env, []byte(d.Root)) {
			continue // gone, another person's, or not ours
		}
		argv, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err != nil || len(argv) == 0 {
			continue // ended, not yet waited for
		}
		name, _, _ := strings.Cut(string(argv), "\x00")
		found = append(found, Running{
			PID: pid, Name: filepath.Base(name),
			Argv:    strings.ReplaceAll(string(argv), "\x00", " "),
			Environ: strings.ReplaceAll(string(env), "\x00", "\n"),
		})
	}
	return found
}
