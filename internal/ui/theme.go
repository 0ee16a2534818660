package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Colours of our own, beside Fyne's.
const (
	colorCard     fyne.ThemeColorName = "debrief.card"
	colorRail     fyne.ThemeColorName = "debrief.rail"
	colorAccent   fyne.ThemeColorName = "debrief.accentSoft"
	colorGoodSoft fyne.ThemeColorName = "debrief.goodSoft"
	colorWarnSoft fyne.ThemeColorName = "debrief.warnSoft"
	colorBadSoft  fyne.ThemeColorName = "debrief.badSoft"
	colorCalmSoft fyne.ThemeColorName = "debrief.calmSoft"
)

// look is Debrief's theme: Fyne's own with quiet surfaces, rounder corners and
// one accent, in light and dark.
type look struct{ fyne.Theme }

// Theme is the theme of all windows.
func Theme() fyne.Theme { return look{theme.DefaultTheme()} }

type shades struct{ light, dark color.NRGBA }

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 255}
}

func tint(hex uint32, alpha uint8) color.NRGBA {
	c := rgb(hex)
	c.A = alpha
	return c
}

var palette = map[fyne.ThemeColorName]shades{
	theme.ColorNameBackground:          {rgb(0xF5F6FA), rgb(0x15171E)},
	theme.ColorNameForeground:          {rgb(0x1C1E27), rgb(0xE9EAF1)},
	theme.ColorNamePrimary:             {rgb(0x4453C6), rgb(0x8E9BFF)},
	theme.ColorNameForegroundOnPrimary: {rgb(0xFFFFFF), rgb(0x11131B)},
	theme.ColorNameHyperlink:           {rgb(0x4453C6), rgb(0x9AA5FF)},
	theme.ColorNameFocus:               {tint(0x4453C6, 0x38), tint(0x8E9BFF, 0x48)},
	theme.ColorNameSelection:           {tint(0x4453C6, 0x2C), tint(0x8E9BFF, 0x3C)},
	theme.ColorNameHover:               {tint(0x1C1E27, 0x0C), tint(0xFFFFFF, 0x0E)},
	theme.ColorNamePressed:             {tint(0x1C1E27, 0x1C), tint(0xFFFFFF, 0x1E)},
	theme.ColorNameButton:              {rgb(0xE7E9F2), rgb(0x2A2D3A)},
	theme.ColorNameDisabledButton:      {rgb(0xE9EAF0), rgb(0x22242D)},
	theme.ColorNameDisabled:            {rgb(0x6A6F82), rgb(0x969BAE)},
	theme.ColorNamePlaceHolder:         {rgb(0x6A6F82), rgb(0x8A8FA2)},
	theme.ColorNameInputBackground:     {rgb(0xFFFFFF), rgb(0x1A1C24)},
	theme.ColorNameInputBorder:         {rgb(0xD5D8E4), rgb(0x363A49)},
	theme.ColorNameSeparator:           {rgb(0xE1E3EC), rgb(0x2A2D38)},
	theme.ColorNameOverlayBackground:   {rgb(0xFFFFFF), rgb(0x20232D)},
	theme.ColorNameMenuBackground:      {rgb(0xFFFFFF), rgb(0x20232D)},
	theme.ColorNameScrollBar:           {tint(0x1C1E27, 0x50), tint(0xFFFFFF, 0x50)},
	theme.ColorNameShadow:              {tint(0x1C1E27, 0x30), tint(0x000000, 0x90)},
	theme.ColorNameSuccess:             {rgb(0x1B7A4B), rgb(0x63D29B)},
	theme.ColorNameWarning:             {rgb(0x9A5B00), rgb(0xF0B65A)},
	theme.ColorNameError:               {rgb(0xB3261E), rgb(0xFF8A80)},
	theme.ColorNameForegroundOnError:   {rgb(0xFFFFFF), rgb(0x1B0E0D)},

	colorCard:     {rgb(0xFFFFFF), rgb(0x1E212B)},
	colorRail:     {rgb(0xECEEF6), rgb(0x101218)},
	colorAccent:   {rgb(0xE1E5FB), rgb(0x2B3157)},
	colorGoodSoft: {rgb(0xDDF3E6), rgb(0x17372A)},
	colorWarnSoft: {rgb(0xFCEFD6), rgb(0x3B2F17)},
	colorBadSoft:  {rgb(0xFBE3E1), rgb(0x42211F)},
	colorCalmSoft: {rgb(0xE7EAF6), rgb(0x272B39)},
}

var sizes = map[fyne.ThemeSizeName]float32{
	theme.SizeNameButtonRadius:    8,
	theme.SizeNameInputRadius:     8,
	theme.SizeNameSelectionRadius: 8,
	theme.SizeNameDialogRadius:    14,
	theme.SizeNamePopupRadius:     10,
	theme.SizeNameMenuRadius:      8,
	theme.SizeNameHeadingText:     23,
	theme.SizeNameSubHeadingText:  17,
	theme.SizeNameCaptionText:     12,
}

func (l look) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	s, ours := palette[name]
	switch {
	case !ours:
		return l.Theme.Color(name, variant)
	case variant == theme.VariantDark:
		return s.dark
	}
	return s.light
}

func (l look) Size(name fyne.ThemeSizeName) float32 {
	if s, ours := sizes[name]; ours {
		return s
	}
	return l.Theme.Size(name)
}

// softOf is the quiet background of a tone.
func softOf(t Tone) fyne.ThemeColorName {
	switch t {
	case Good:
		return colorGoodSoft
	case Warn:
		return colorWarnSoft
	case Bad:
		return colorBadSoft
	}
	return colorCalmSoft
}
