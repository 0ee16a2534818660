//go:build linux

package story

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
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
	last, err := d.Screen(ctx)
	if err != nil {
		return nil, err
	}
	since := time.Now()
	err = until(ctx, startup, "the screen to come to rest", func() error {
		now, err := d.Screen(ctx)
		if err != nil {
			return err
		}
		changed := difference(last, now)
		last = now
		if changed > blinking {
			since = time.Now()
		}
		if time.Since(since) < scaled(400*time.Millisecond) {
			return fmt.Errorf("%d pixels changed", changed)
		}
		return nil
	})
	return last, err
}

// Changed waits until the screen differs from before by more than a cursor, and
// is still again.
func (d *Desktop) Changed(ctx context.Context, before *image.RGBA) (*image.RGBA, error) {
	err := until(ctx, startup, "the screen to change", func() error {
		now, err := d.Screen(ctx)
		if err != nil {
			return err
		}
		if n := difference(before, now); n <= blinking {
			return fmt.Errorf("%d pixels changed", n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d.Still(ctx)
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
