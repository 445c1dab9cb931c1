package expr

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The language compares strings as .NET's OrdinalIgnoreCase does: each
// character is brought to upper case on its own, and the results are compared
// as UTF-16. No ASCII character has an upper case outside ASCII, and no other
// character one inside, which is what the fast paths below rest on.

// upper is the simple upper case of r. The dotless ı and the long ſ stay as
// they are (dotnet/runtime, pal_casing.c).
func upper(r rune) rune {
	if r == 'ı' || r == 'ſ' {
		return r
	}
	return unicode.ToUpper(r)
}

func upperByte(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// equalFold reports whether a and b are equal, ignoring case.
func equalFold(a, b string) bool {
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := a[i], b[i]
		if x|y >= utf8.RuneSelf {
			return compareRunes(a[i:], b[i:]) == 0
		}
		if x != y && upperByte(x) != upperByte(y) {
			return false
		}
	}
	return len(a) == len(b)
}

// compareFold orders a and b, ignoring case: negative when a comes first.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := a[i], b[i]
		if x|y >= utf8.RuneSelf {
			return compareRunes(a[i:], b[i:])
		}
		if x, y = upperByte(x), upperByte(y); x != y {
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareRunes is compareFold for any text.
func compareRunes(a, b string) int {
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		if x, y = upper(x), upper(y); x != y {
			return cmp.Compare(utf16Rank(x), utf16Rank(y))
		}
		a, b = a[n:], b[m:]
	}
	return cmp.Compare(len(a), len(b))
}

// utf16Rank orders runes as their UTF-16 encodings: those above U+FFFF begin
// with a surrogate and so come before U+E000 … U+FFFF.
func utf16Rank(r rune) rune {
	if r >= 0xE000 && r <= 0xFFFF {
		return r + 0x200000
	}
	return r
}

// appendFold appends s in upper case.
func appendFold(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			for _, r := range s[i:] {
				dst = utf8.AppendRune(dst, upper(r))
			}
			return dst
		}
		dst = append(dst, upperByte(s[i]))
	}
	return dst
}

// hasPrefixFold reports whether s begins with prefix, ignoring case.
func hasPrefixFold(s, prefix string) bool {
	for i := 0; i < len(prefix); i++ {
		if i == len(s) {
			return false
		}
		if s[i]|prefix[i] >= utf8.RuneSelf {
			return hasPrefixRunes(s[i:], prefix[i:])
		}
		if upperByte(s[i]) != upperByte(prefix[i]) {
			return false
		}
	}
	return true
}

func hasPrefixRunes(s, prefix string) bool {
	for prefix != "" {
		if s == "" {
			return false
		}
		x, n := utf8.DecodeRuneInString(s)
		y, m := utf8.DecodeRuneInString(prefix)
		if upper(x) != upper(y) {
			return false
		}
		s, prefix = s[n:], prefix[m:]
	}
	return true
}

// hasSuffixFold reports whether s ends with suffix, ignoring case.
func hasSuffixFold(s, suffix string) bool {
	for suffix != "" {
		if s == "" {
			return false
		}
		x, n := utf8.DecodeLastRuneInString(s)
		y, m := utf8.DecodeLastRuneInString(suffix)
		if upper(x) != upper(y) {
			return false
		}
		s, suffix = s[:len(s)-n], suffix[:len(suffix)-m]
	}
	return true
}

// naiveSearch is the product of both lengths up to which containsFold compares
// at every place; beyond it that could take too long, and it searches copies
// in upper case.
const naiveSearch = 1 << 16

// containsFold reports whether sub is within s, ignoring case.
func containsFold(s, sub string) bool {
	if sub == "" {
		return true
	}
	if sub[0] >= utf8.RuneSelf || len(s)*len(sub) > naiveSearch {
		return strings.Contains(string(appendFold(nil, s)), string(appendFold(nil, sub)))
	}
	first := upperByte(sub[0])
	for i := range len(s) {
		if upperByte(s[i]) == first && hasPrefixFold(s[i:], sub) {
			return true
		}
	}
	return false
}
