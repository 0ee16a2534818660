// Package arch holds the rules of which package may import which, as a test. It
// has no code of its own: start with arch_test.go.
package arch
