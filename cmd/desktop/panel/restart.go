package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"debrief/internal/api"
	"debrief/internal/platform"
)

// lookAgain is the time between two looks for the resident.
const lookAgain = 200 * time.Millisecond

// restart starts Debrief, which opens a window of its own, and waits until it
// answers.
func restart(ctx context.Context, client *api.Client, demo bool) error {
	program, err := resident()
	if err != nil {
		return err
	}
	var args []string
	if demo {
		args = append(args, "--demo")
	}
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = ownSession() // it outlives this window
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start debrief: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		if _, err := client.State(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("debrief does not answer: %w", ctx.Err())
		case err := <-ended:
			return fmt.Errorf("debrief ended: %w", err)
		case <-look.C:
		}
	}
}

// resident finds debrief: beside this program or, where it is installed, in the
// bin folder beside this one's lib folder.
func resident() (string, error) {
	program, missing := platform.FindHelper("debrief")
	if missing == nil {
		return program, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return "", missing
	}
	program = filepath.Join(filepath.Dir(exe), "..", "..", "bin", "debrief")
	if _, err := os.Stat(program); err != nil {
		return "", missing
	}
	return program, nil
}
