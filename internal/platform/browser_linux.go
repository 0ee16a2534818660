package platform

func desktopBrowser(address string) []string { return []string{"xdg-open", address} }
