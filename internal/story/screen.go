//go:build linux

package story

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Screen takes a picture of the whole screen.
func (d *Desktop) Screen(ctx context.Context) (*image.RGBA, error) {
	out, err := d.tool(ctx, "import", "-silent", "-window", "root", "png:-")
	if err != nil {
		return nil, err
	}
	img, err := png.Decode(strings.NewReader(out))
	if err != nil {
		return nil, err
	}
	rgba := image.NewRGBA(img.Bounds())
	draw.Draw(rgba, rgba.Bounds(), img, img.Bounds().Min, draw.Src)
	return rgba, nil
}

// Shot keeps a picture of the screen, numbered in the order of the story, and
// returns where.
func (d *Desktop) Shot(ctx context.Context, name string) (string, error) {
	img, err := d.Screen(ctx)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", err
	}
	d.shots++
	path := filepath.Join(d.Shots, fmt.Sprintf("%02d-%s.png", d.shots, name))
	return path, os.WriteFile(path, b.Bytes(), 0o644)
}

// A picture is still when no more pixels change than a blinking cursor has.
const blinking = 400

// Still waits until the screen no longer changes, and returns its picture: what
// was loading has come. A cursor may blink.
func (d *Desktop) Still(ctx context.Context) (*image.RGBA, error) {
	return still(ctx, "the screen", nil, func() (*image.RGBA, error) { return d.Screen(ctx) })
}

// Still waits until the window shows something and no longer changes.
func (w *Window) Still(ctx context.Context) (*image.RGBA, error) {
	return still(ctx, "the window", nil, func() (*image.RGBA, error) { return w.Picture(ctx) })
}

// Changed waits until the window shows something else than before, by more than a
// cursor, and is still.
func (w *Window) Changed(ctx context.Context, before *image.RGBA) (*image.RGBA, error) {
	return still(ctx, "the window", before, func() (*image.RGBA, error) { return w.Picture(ctx) })
}

// rest is for how long a picture that is still has not changed.
const rest = 400 * time.Millisecond

func still(ctx context.Context, what string, before *image.RGBA, picture func() (*image.RGBA, error)) (*image.RGBA, error) {
	last, err := picture()
	if err != nil {
		return nil, err
	}
	since := time.Now()
	err = until(ctx, startup, what+" to come to rest", func() error {
		now, err := picture()
		if err != nil {
			return err
		}
		changed := difference(last, now)
		last = now
		switch {
		case changed > blinking:
			since = time.Now()
			return fmt.Errorf("%d pixels changed", changed)
		case blank(now):
			return errors.New("it is blank")
		case before != nil && difference(before, now) <= blinking:
			return errors.New("it shows the same as before")
		case time.Since(since) < scaled(rest):
			return errors.New("it changed a moment ago")
		}
		return nil
	})
	return last, err
}

// Picture is what the screen shows where the window's content is.
func (w *Window) Picture(ctx context.Context) (*image.RGBA, error) {
	screen, err := w.desktop.Screen(ctx)
	if err != nil {
		return nil, err
	}
	out, err := w.desktop.tool(ctx, "xdotool", "getwindowgeometry", "--shell", w.id)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if at[name], err = strconv.Atoi(value); err != nil {
			return nil, fmt.Errorf("xdotool: %q: %w", line, err)
		}
	}
	r := image.Rect(at["X"], at["Y"], at["X"]+at["WIDTH"], at["Y"]+at["HEIGHT"]).Intersect(screen.Bounds())
	content := image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	draw.Draw(content, content.Bounds(), screen, r.Min, draw.Src)
	return content, nil
}

// blank reports whether a picture has next to no colours: a page that is loading.
func blank(img *image.RGBA) bool {
	colours := map[[3]byte]bool{}
	for i := 0; i+3 < len(img.Pix); i += 4 {
		if colours[[3]byte(img.Pix[i:i+3])] = true; len(colours) > 8 {
			return false
		}
	}
	return true
}

// difference counts the pixels in which two pictures of one size differ.
func difference(a, b *image.RGBA) int {
	if a.Bounds() != b.Bounds() {
		return a.Bounds().Dx() * a.Bounds().Dy()
	}
	n := 0
	for i := 0; i+3 < len(a.Pix); i += 4 {
		if !bytes.Equal(a.Pix[i:i+3], b.Pix[i:i+3]) {
			n++
		}
	}
	return n
}
