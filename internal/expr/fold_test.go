package expr

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// folded is the definition that the functions of fold.go must agree with:
// simple upper case, rune by rune, as UTF-16.
func folded(s string) []uint16 {
	var runes []rune
	for _, r := range s {
		runes = append(runes, upper(r))
	}
	return utf16.Encode(runes)
}

func TestFolding(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("aAbBzZ[_`{éÉßıIiİſsSKÅåςσΣ\uE000\uFFFD😀𐐨𐐀ɐⱯ")), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		if rapid.Bool().Draw(t, "similar") {
			b = strings.ToLower(a) + b
		}
		x, y := folded(a), folded(b)
		if got, want := equalFold(a, b), slices.Equal(x, y); got != want {
			t.Errorf("equalFold(%q, %q) is %v", a, b, got)
		}
		if got, want := cmp.Compare(compareFold(a, b), 0), slices.Compare(x, y); got != want {
			t.Errorf("compareFold(%q, %q) is %d, want %d", a, b, got, want)
		}
		if got, want := hasPrefixFold(b, a), len(y) >= len(x) && slices.Equal(y[:len(x)], x); got != want {
			t.Errorf("hasPrefixFold(%q, %q) is %v", b, a, got)
		}
		if got, want := hasSuffixFold(b, a), len(y) >= len(x) && slices.Equal(y[len(y)-len(x):], x); got != want {
			t.Errorf("hasSuffixFold(%q, %q) is %v", b, a, got)
		}
		if got, want := containsFold(b, a), strings.Contains(string(appendFold(nil, b)), string(appendFold(nil, a))); got != want {
			t.Errorf("containsFold(%q, %q) is %v", b, a, got)
		}
		if got, want := (string(appendFold(nil, a)) == string(appendFold(nil, b))), equalFold(a, b); got != want {
			t.Errorf("appendFold and equalFold disagree on %q and %q", a, b)
		}
		if got, want := utf16Len(a), len(utf16.Encode([]rune(a))); got != want {
			t.Errorf("utf16Len(%q) is %d, want %d", a, got, want)
		}
	})
}

// The fast paths rest on this: upper case never leads into ASCII or out of it.
func TestUpperKeepsASCIIApart(t *testing.T) {
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if (r < utf8.RuneSelf) != (upper(r) < utf8.RuneSelf) {
			t.Errorf("upper(%q) is %q", r, upper(r))
		}
	}
}

func TestContainsOfLongText(t *testing.T) {
	s := strings.Repeat("aB", 200_000)
	if containsFold(s, strings.Repeat("Ab", 50_000)+"c") || !containsFold(s+"c", strings.Repeat("Ab", 50_000)+"C") {
		t.Error("containsFold is wrong for long text")
	}
}
