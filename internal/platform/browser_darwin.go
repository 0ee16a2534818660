package platform

func desktopBrowser(address string) []string { return []string{"/usr/bin/open", address} }
