package state

import (
	"encoding/json"
	"log/slog"
)

// Passphrase is a passphrase on its way from a person to the vault. It travels
// over the local API and shows itself nowhere else.
type Passphrase []byte

func (Passphrase) String() string                 { return "[hidden]" }
func (Passphrase) GoString() string               { return "[hidden]" }
func (Passphrase) LogValue() slog.Value           { return slog.StringValue("[hidden]") }
func (p Passphrase) MarshalJSON() ([]byte, error) { return json.Marshal([]byte(p)) }

// OpenVault gives the passphrase of a file vault, or chooses it when New.
type OpenVault struct {
	Passphrase Passphrase `json:"passphrase"`
	New        bool       `json:"new,omitempty"`
}

// MoveVault asks for everything to be moved into another kind of vault: "keyring"
// or "file", which needs its passphrase (chosen when New).
type MoveVault struct {
	To         string     `json:"to"`
	Passphrase Passphrase `json:"passphrase,omitempty"`
	New        bool       `json:"new,omitempty"`
}

// MovedVault tells what a move did.
type MovedVault struct {
	Entries int    `json:"entries"`
	To      string `json:"to"`
}
