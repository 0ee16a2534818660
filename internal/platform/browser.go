package platform

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrNoBrowser means that no browser could be started.
var ErrNoBrowser = errors.New("platform: no browser could be started")

// browserFails is how long a browser's starter may take to say that it cannot:
// xdg-open exits with 3 or 4 within it when there is none.
const browserFails = 1500 * time.Millisecond

// OpenURL shows an http or https page in the browser that $BROWSER of environ
// names (a list; %s is the page's place), else in the desktop's own. It returns
// once a browser has been started, or with ErrNoBrowser; ctx bounds that wait
// only. The browser goes on by itself. The address is in no error: it may carry
// a sign-in's state.
func OpenURL(ctx context.Context, address string, environ []string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("platform: open: not the address of a web page")
	}
	var failures []string
	for _, argv := range browserCommands(getenvOf(environ, "BROWSER"), u.String()) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := startBrowser(ctx, argv, environ)
		if err == nil {
			return nil
		}
		failures = append(failures, filepath.Base(argv[0])+": "+err.Error())
	}
	return fmt.Errorf("%w (%s)", ErrNoBrowser, strings.Join(failures, "; "))
}

// browserCommands lists what to try, in order.
func browserCommands(list, address string) [][]string {
	var commands [][]string
	for _, entry := range filepath.SplitList(list) {
		if argv := browserCommand(entry, address); argv != nil {
			commands = append(commands, argv)
		}
	}
	return append(commands, desktopBrowser(address))
}

// browserCommand splits an entry of $BROWSER into words, without a shell. An
// entry that is itself a program's path may hold blanks.
func browserCommand(entry, address string) []string {
	if _, err := exec.LookPath(entry); err == nil {
		return []string{entry, address}
	}
	argv := strings.Fields(entry)
	if len(argv) == 0 {
		return nil
	}
	placed := false
	for i, word := range argv[1:] {
		if strings.Contains(word, "%s") {
			argv[i+1] = strings.ReplaceAll(word, "%s", address)
			placed = true
		}
	}
	if !placed {
		argv = append(argv, address)
	}
	return argv
}

// startBrowser returns nil once the program runs on, or has ended well.
func startBrowser(ctx context.Context, argv, environ []string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = HelperEnv(environ)
	detach(cmd)
	if err := cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return exec.ErrNotFound
		}
		return errors.New("could not be started")
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with the browser, and leaves no zombie
	patience := time.NewTimer(browserFails)
	defer patience.Stop()
	select {
	case err := <-ended:
		return err
	case <-patience.C:
		return nil
	case <-ctx.Done():
		return nil
	}
}
