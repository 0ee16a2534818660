module debrief

go 1.26.0

require (
	filippo.io/age v1.3.2 // the file vault's passphrase (scrypt) and sealing
	fyne.io/fyne/v2 v2.8.1 // the windows of debrief-panel
	fyne.io/systray v1.12.3-0.20260810170012-af4e8e793ec4 // the tray, without the rest of Fyne; the version that Fyne requires
	github.com/Azure/azure-sdk-for-go/sdk/azcore v1.24.0 // the Graph client's pipeline of policies
	github.com/AzureAD/microsoft-authentication-library-for-go v1.10.1 // Microsoft's own sign-in library; v1.10.0 is retracted
	github.com/Microsoft/go-winio v0.6.4 // named pipes on Windows
	github.com/fsnotify/fsnotify v1.10.1 // the store is watched without polling
	github.com/godbus/dbus/v5 v5.2.4 // Secret Service, tray host and sleep, on connections of our own
	github.com/gofrs/flock v0.13.2 // one Debrief per folder, on every system
	github.com/golang-jwt/jwt/v5 v5.3.1 // the emulator's tokens
	github.com/google/uuid v1.6.0 // request ids, and ids as Microsoft writes them
	github.com/gowebpki/jcs v1.0.2 // canonical JSON (RFC 8785) under a record's signature
	github.com/joho/godotenv v1.5.1 // tests only: says what settings.env means to others
	github.com/microcosm-cc/bluemonday v1.0.27 // the second wall behind the summary's renderer
	github.com/spf13/cobra v1.10.2 // the command line's verbs, flags and help
	github.com/spf13/pflag v1.0.9 // cobra's flags, by name
	github.com/webview/webview_go v0.0.0-20240831120633-6173450d4dd6 // the sign-in window; the module has no tags
	github.com/yuin/goldmark v1.8.7 // Markdown, parsed
	github.com/zalando/go-keyring v0.2.8 // the system's keyring on all three systems
	golang.org/x/net v0.62.0 // an HTML tokenizer, for the emulator and its test person
	golang.org/x/sys v0.49.0 // peer credentials, limits and Windows' calls
	golang.org/x/term v0.47.0 // a passphrase is typed unseen
	gopkg.in/natefinch/lumberjack.v2 v2.2.1 // the log's rotation
)

require (
	filippo.io/hpke v0.4.0 // indirect
	github.com/Azure/azure-sdk-for-go/sdk/internal v1.13.0 // indirect
	github.com/BurntSushi/toml v1.6.0 // indirect
	github.com/anthonynsimon/bild v0.14.0 // indirect
	github.com/aymerick/douceur v0.2.0 // indirect
	github.com/clipperhouse/uax29/v2 v2.2.0 // indirect
	github.com/danieljoos/wincred v1.2.3 // indirect
	github.com/fyne-io/gl-js v0.2.1-0.20260315212741-029c47fd27e8 // indirect
	github.com/fyne-io/glfw-js v0.4.0 // indirect
	github.com/fyne-io/image v0.1.1 // indirect
	github.com/fyne-io/oksvg v0.2.0 // indirect
	github.com/go-gl/gl v0.0.0-20260331235117-4566fea9a276 // indirect
	github.com/go-gl/glfw/v3.4/glfw v0.1.0-pre.1.0.20260707082822-2a407d02d01a // indirect
	github.com/go-text/render v0.2.1 // indirect
	github.com/go-text/typesetting v0.3.4 // indirect
	github.com/gorilla/css v1.0.1 // indirect
	github.com/hack-pad/go-indexeddb v0.3.2 // indirect
	github.com/hack-pad/safejs v0.1.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/jeandeaual/go-locale v0.0.0-20250612000132-0ef82f21eade // indirect
	github.com/jsummers/gobmp v0.0.0-20230614200233-a9de23ed2e25 // indirect
	github.com/kylelemons/godebug v1.1.0 // indirect
	github.com/mattn/go-runewidth v0.0.24 // indirect
	github.com/nfnt/resize v0.0.0-20180221191011-83c6a9932646 // indirect
	github.com/nicksnyder/go-i18n/v2 v2.5.1 // indirect
	github.com/pkg/browser v0.0.0-20240102092130-5ac0b6a4141c // indirect
	github.com/rymdport/portal v0.4.2 // indirect
	github.com/srwiley/oksvg v0.0.0-20221011165216-be6e8873101c // indirect
	github.com/srwiley/rasterx v0.0.0-20220730225603-2ab79fcdd4ef // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/image v0.24.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
