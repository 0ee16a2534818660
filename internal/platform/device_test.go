package platform

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestADeviceIsMadeOnce(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first, err := LoadDevice(data)
	if err != nil || len(first.ID) != 32 || len(first.Home) != 16 || first.Name == "" {
		t.Fatalf("got %+v, %v", first, err)
	}
	if again, err := LoadDevice(data); err != nil || again != first {
		t.Errorf("again: got %+v, %v; want %+v", again, err, first)
	}
	other, err := LoadDevice(t.TempDir())
	if err != nil || other.ID == first.ID || other.Home == first.Home {
		t.Errorf("another folder: got %+v, %v; want other ids", other, err)
	}
}

func TestADeviceFileThatCannotBeUsedIsKeptAndSaid(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "truncated": `{"id":"0`, "without ids": `{}`, "another thing": `[1]`} {
		data := t.TempDir()
		path := filepath.Join(data, "device.json")
		if err := WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if d, err := LoadDevice(data); err == nil {
			t.Errorf("%s: got %+v", name, d)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%s: the file became %q, %v", name, got, err)
		}
	}
}

func TestADeviceThatIsGoneWhileTheVaultStayedIsNotMadeAnew(t *testing.T) {
	data := t.TempDir()
	if err := WriteFile(filepath.Join(data, "vault.key"), []byte("key")); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadDevice(data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if names := namesIn(t, data); len(names) != 1 {
		t.Errorf("folder holds %q", names)
	}
}
