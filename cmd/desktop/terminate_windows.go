package main

import "os"

// terminate ends a process: a windowed one cannot be asked by a signal here.
func terminate(p *os.Process) error { return p.Kill() }
