package config

// Cloud is one of Microsoft's clouds. Tokens of one mean nothing in another.
type Cloud string

const (
	CloudGlobal   Cloud = "global" // GCC too
	CloudUSGov    Cloud = "usgov"  // GCC High (L4)
	CloudUSGovDoD Cloud = "usgovdod"
	CloudChina    Cloud = "china" // 21Vianet
)

// clouds pairs each cloud's sign-in with its Graph, after Microsoft's "National
// cloud deployments" (learn.microsoft.com/graph/deployments).
var clouds = map[Cloud]struct{ authority, graph string }{
	CloudGlobal:   {"https://login.microsoftonline.com", "https://graph.microsoft.com/v1.0"},
	CloudUSGov:    {"https://login.microsoftonline.us", "https://graph.microsoft.us/v1.0"},
	CloudUSGovDoD: {"https://login.microsoftonline.us", "https://dod-graph.microsoft.us/v1.0"},
	CloudChina:    {"https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn/v1.0"},
}
