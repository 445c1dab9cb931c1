package expr

import (
	"math"
	"strconv"
	"strings"
)

// parseNumber coerces text to a number as ExpressionUtility.cs ParseNumber
// does: surrounding space is ignored, nothing is 0, what is no number is NaN.
func parseNumber(s string) float64 {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return 0
	case isDecimal(s):
		if len(s) <= 15 { // exact as an integer
			if n, err := strconv.ParseInt(s, 10, 64); err == nil && n != 0 {
				return float64(n)
			}
		}
		f, _ := strconv.ParseFloat(s, 64) // too big is Infinity, as in .NET
		return f
	case len(s) > 2 && s[:2] == "0x":
		return parseInt32(s[2:], 16)
	case len(s) > 2 && s[:2] == "0o":
		return parseInt32(s[2:], 8)
	case s == "Infinity" || s == "+Infinity":
		return math.Inf(1)
	case s == "-Infinity":
		return math.Inf(-1)
	}
	return math.NaN()
}

// parseInt32 reads digits as .NET reads a 32-bit integer in base 8 or 16: all
// 32 bits may be given, and the highest is the sign.
func parseInt32(digits string, base int) float64 {
	if c := digits[0]; c == '+' || c == '-' {
		return math.NaN()
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return math.NaN()
	}
	return float64(int32(uint32(n)))
}

// isDecimal reports whether s is a sign, digits with at most one point among
// or around them, and an exponent; all but one digit may be missing.
func isDecimal(s string) bool {
	i, digits := 0, 0
	if s[0] == '+' || s[0] == '-' {
		i++
	}
	for i < len(s) && isDigit(s[i]) {
		i++
		digits++
	}
	if i < len(s) && s[i] == '.' {
		i++
		for i < len(s) && isDigit(s[i]) {
			i++
			digits++
		}
	}
	if digits == 0 {
		return false
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if i == len(s) || !isDigit(s[i]) {
			return false
		}
		for i < len(s) && isDigit(s[i]) {
			i++
		}
	}
	return i == len(s)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// formatNumber coerces a number to text: 15 significant digits, as .NET's G15,
// and no negative zero.
func formatNumber(f float64) string {
	if n := int64(f); float64(n) == f && n > -1e15 && n < 1e15 {
		return strconv.FormatInt(n, 10)
	}
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'G', 15, 64)
}
