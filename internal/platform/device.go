package platform

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Device is this computer and folder, as sessions name it. It is made once and
// lies in device.json of the data folder; no secret is in it.
type Device struct {
	ID   string `json:"id"`   // 32 hex digits; sessions carry it
	Home string `json:"home"` // 16 hex digits; the keyring's items are named by it
	Name string `json:"name"` // the computer's name when the folder was made
}

// LoadDevice reads device.json, or makes it where the folder holds no vault yet.
// A file that cannot be used, or that is gone while the vault stayed, is an
// error: with another home nothing in the keyring would be found again.
func LoadDevice(data string) (Device, error) {
	path := filepath.Join(data, "device.json")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(data, "vault.key")); err == nil {
			return Device{}, fmt.Errorf("platform: %s is gone while vault.key is there: %w", path, fs.ErrNotExist)
		}
		d := Device{ID: randomHex(16), Home: randomHex(8), Name: DeviceName()}
		b, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			return Device{}, err
		}
		return d, WriteFile(path, append(b, '\n'))
	}
	if err != nil {
		return Device{}, err
	}
	var d Device
	if err := json.Unmarshal(b, &d); err != nil {
		return Device{}, fmt.Errorf("platform: %s: %w", path, err)
	}
	if len(d.ID) != 32 || len(d.Home) != 16 {
		return Device{}, fmt.Errorf("platform: %s: no id in it", path)
	}
	return d, nil
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}
