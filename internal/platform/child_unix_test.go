//go:build !windows

package platform

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// childJob names what this test binary does when a test starts it again as a
// process of its own, to be killed or limited.
const childJob = "PLATFORM_TEST_CHILD"

// children are those jobs; each gets the folder that it works in.
var children = map[string]func(dir string) error{
	"write":   writeForever,
	"limited": writePastALimit,
	"dump":    checkCoreDumps,
	"lock":    holdALock,
}

func TestMain(m *testing.M) {
	job, ok := children[os.Getenv(childJob)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := job(os.Args[len(os.Args)-1]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// startChild runs a job and returns its output; the process ends with the test.
func startChild(t *testing.T, job, dir string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, dir)
	cmd.Env = append(os.Environ(), childJob+"="+job)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	})
	return cmd, bufio.NewReader(out)
}
