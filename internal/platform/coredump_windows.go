package platform

// DisableCoreDumps has nothing to do: Windows keeps no dump of a process unless
// an administrator asks for it.
func DisableCoreDumps() error { return nil }
