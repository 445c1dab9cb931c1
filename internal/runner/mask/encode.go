package mask

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// encodings are the forms besides its plain one in which a value is hidden, in
// the order of the runner's HostContext.cs. One that doesn't apply gives "".
var encodings = [...]func(string) string{
	func(v string) string { return base64Shifted(v, 0) },
	func(v string) string { return base64Shifted(v, 1) },
	func(v string) string { return base64Shifted(v, 2) },
	commandLineEscape,
	expressionEscape,
	jsonEscape,
	uriEscape,
	xmlEscape,
	trimDoubleQuotes,
	beforeAmpersand,
	afterAmpersand,
}

// base64Shifted is the base64 of v without its first bytes. A value inside of
// something encoded as a whole (user:password) starts at one of three places
// of a group of three bytes; in the text of the other two, only what follows
// its first bytes looks the same.
func base64Shifted(v string, shift int) string {
	if len(v) > shift {
		v = v[shift:]
	}
	return base64.StdEncoding.EncodeToString([]byte(v))
}

// commandLineEscape is how the runner hands a value to docker's command line.
func commandLineEscape(v string) string { return strings.ReplaceAll(v, `"`, `\"`) }

// expressionEscape is the value inside a string of an expression.
func expressionEscape(v string) string { return strings.ReplaceAll(v, `'`, `''`) }

// jsonEscape is the value inside a JSON string as Newtonsoft's library writes
// it. Bytes that are no UTF-8 stay as they are: so the log has them.
func jsonEscape(v string) string {
	var b strings.Builder
	for i := 0; i < len(v); {
		r, size := utf8.DecodeRuneInString(v[i:])
		switch short := strings.IndexRune("\"\\\t\n\r\f\b", r); {
		case short >= 0:
			b.Write([]byte{'\\', `"\tnrfb`[short]})
		case r < ' ', r == '\u0085', r == '\u2028', r == '\u2029':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(v[i : i+size])
		}
		i += size
	}
	return b.String()
}

// uriEscape is the value inside a URL: everything but RFC 3986's unreserved
// characters in hexadecimal.
func uriEscape(v string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(v) {
		c := v[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

var xmlEscapes = strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;", "&", "&amp;")

// xmlEscape is the value inside XML, as .NET's SecurityElement.Escape.
func xmlEscape(v string) string { return xmlEscapes.Replace(v) }

// trimDoubleQuotes is a long quoted value without its quotes.
func trimDoubleQuotes(v string) string {
	if length16(v) > 8 && strings.HasPrefix(v, `"`) && strings.HasSuffix(v, `"`) {
		return v[1 : len(v)-1]
	}
	return ""
}

// PowerShell colours the part of a command line an error is about and so cuts
// a value at an ampersand: at "&+", of which it also colours the letter after,
// else at the last "&". Parts of fewer than 6 characters stay visible.

// beforeAmpersand is the part up to and with the ampersand.
func beforeAmpersand(v string) string {
	end := strings.LastIndex(v, "&") + 1
	if i := strings.Index(v, "&+"); i >= 0 {
		end = i + 2
	}
	return longEnough(v[:end])
}

// afterAmpersand is the part behind it.
func afterAmpersand(v string) string {
	if i := strings.Index(v, "&+"); i >= 0 {
		_, size := utf8.DecodeRuneInString(v[i+2:])
		return longEnough(v[i+2+size:])
	}
	if i := strings.LastIndex(v, "&"); i >= 0 {
		return longEnough(v[i+1:])
	}
	return ""
}

func longEnough(part string) string {
	if length16(part) < 6 {
		return ""
	}
	return part
}

// length16 is a string's length as .NET counts it: in UTF-16 units.
func length16(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
