// Package interop shows that Debrief and Microsoft's other libraries understand
// each other, with the libraries themselves: MSAL for Python and MSAL for Node read
// what `debrief export` writes, Debrief uses what MSAL for Python wrote, and both
// sign in against `debrief emulator --listen` as if it were Microsoft.
//
// It is tests only. Start with interop_test.go; what the libraries do is in
// testdata/msal_python.py and msal_node.mjs, which play the same part.
package interop
