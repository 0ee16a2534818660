//go:build linux

// Command play shows the story where there is no display: it plays it on a
// virtual desktop and leaves pictures. `make run` uses it. With -measure it says
// what Debrief costs; `make bench` uses that.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"debrief/internal/story"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "debrief:", err)
		os.Exit(1)
	}
}

func run() error {
	shots := flag.String("shots", "build/demo", "`folder` for the pictures")
	measure := flag.Bool("measure", false, "measure launch, panel and rest instead of playing")
	flag.Parse()
	if err := os.MkdirAll(*shots, 0o755); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	config := story.Config{
		Tree: ".", Bin: cmp.Or(os.Getenv("STORY_BIN"), "build/bin"), Shots: *shots,
		Say: func(format string, args ...any) { fmt.Printf(format+"\n", args...) },
	}
	if *measure {
		return story.Measure(ctx, config)
	}
	err := story.Play(ctx, config)
	if err == nil {
		fmt.Println("The pictures of the story are in", *shots)
	}
	return err
}
