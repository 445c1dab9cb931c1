package mask

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// naive masks as SecretMasker.cs does: every occurrence of every form,
// overlaps included, merged where they overlap or touch.
func naive(text string, forms []string) string {
	hide := make([]bool, len(text)+1)
	for _, form := range forms {
		for from := 0; form != "" && from <= len(text)-len(form); from++ {
			i := strings.Index(text[from:], form)
			if i < 0 {
				break
			}
			from += i
			for k := from; k < from+len(form); k++ {
				hide[k] = true
			}
		}
	}
	var b strings.Builder
	for i := range len(text) {
		switch {
		case !hide[i]:
			b.WriteByte(text[i])
		case i == 0 || !hide[i-1]:
			b.WriteString("***")
		}
	}
	return b.String()
}

// forms lists what m looks for.
func forms(m *Masker) []string {
	var out []string
	for form := range m.forms {
		out = append(out, form)
	}
	return out
}

func TestEncodings(t *testing.T) {
	m := new(Masker)
	for _, secret := range []string{
		"Password123!", `Pass"word"123!`, "Pass word 123!", "Pass<word>123!", "Pass'word'123!",
		`"Password123!!"`, `"short"`, "tab\tand\\slash\u2028", "a&b=c/d+e~f.g",
	} {
		m.Add(secret)
	}
	encoded := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct{ in, want string }{
		{"123Password123!123", "123***123"},
		{"password123", "password123"},
		{`123Pass\"word\"123!123`, "123***123"},
		{"123Pass%20word%20123%21123", "123***123"},
		{"123Pass&lt;word&gt;123!123", "123***123"},
		{"123Pass&apos;word&apos;123!123", "123***123"},
		{"123Pass&quot;word&quot;123!123", "123***123"},
		{"123Pass''word''123!123", "123***123"},
		{"123Password123!!123", "123***123"},
		{"123short123", "123short123"},
		{`123"short"123`, "123***123"},
		{`x tab\tand\\slash\u2028 x`, "x *** x"},
		{"x a%26b%3Dc%2Fd%2Be~f.g x", "x *** x"},
		{encoded("Password123!"), "***"},
		{encoded(":Password123!"), "OlBh***"},
		{encoded("a:Password123!"), "YTpQ***"},
		{encoded("ab:Password123!"), "YWI6***"},
		{encoded("abc:Password123!"), "YWJjOlBh***"},
		{encoded("abcd:Password123!"), "YWJjZDpQ***"},
		{encoded("abcde:Password123!"), "YWJjZGU6***"},
	} {
		if got := m.String(c.in); got != c.want {
			t.Errorf("String(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestPowerShellParts(t *testing.T) {
	for _, c := range []struct{ secret, in, want string }{
		{"secret&secret&secret", "secret&secret&\x1b[96msecret\x1b[0m", "***\x1b[96m***\x1b[0m"},
		{"secret&secret+secret", "secret&\x1b[96msecret+secret\x1b[0m", "***\x1b[96m***\x1b[0m"},
		{"secret+secret&secret", "secret+secret&\x1b[96msecret\x1b[0m", "***\x1b[96m***\x1b[0m"},
		{"secret&secret&+secretsecret", "secret&secret&+\x1b[96ms\x1b[0mecretsecret", "***\x1b[96ms\x1b[0m***"},
		{"secret&+secret&secret", "secret&+\x1b[96ms\x1b[0mecret&secret", "***\x1b[96ms\x1b[0m***"},
		{"secret&+secret&+secret", "secret&+\x1b[96ms\x1b[0mecret&+secret", "***\x1b[96ms\x1b[0m***"},
		{"secret&+secret&secret&+secret", "secret&+\x1b[96ms\x1b[0mecret&secret&+secret", "***\x1b[96ms\x1b[0m***"},
		{"secret&secret&+", "secret&secret&+\x1b[96m\x1b[0m", "***\x1b[96m\x1b[0m"},
		{"abc&defg", "abc& defg", "abc& defg"},                                            // parts of fewer than 6 characters stay
		{"abcde&\U0001F600\U0001F600\U0001F600", "\U0001F600\U0001F600\U0001F600", "***"}, // 6 UTF-16 units
	} {
		m := new(Masker)
		m.Add(c.secret)
		if got := m.String(c.in); got != c.want {
			t.Errorf("secret %q: String(%q) = %q, want %q", c.secret, c.in, got, c.want)
		}
	}
}

func TestLinesOfSecrets(t *testing.T) {
	m := new(Masker)
	m.Add("abc\rdef\nghi\r\njkl")
	m.Add(" \r  \n   \r\n    \r")
	m.AddSecret("  -----KEY-----\n  Zm9v\n")
	for _, c := range []struct{ in, want string }{
		{"abc", "***"}, {"def", "***"}, {"ghi", "***"}, {"jkl", "***"},
		{"abc\rdef\nghi\r\njkl", "***"},
		{"abc\ndef", "***\n***"},
		{"", ""}, {" ", " "}, {"    ", "    "},
		{"-----KEY-----\n  Zm9v", "***"},
		{"-----KEY-----", "***"}, {"Zm9v", "***"}, {"  Zm9v", "  ***"},
	} {
		if got := m.String(c.in); got != c.want {
			t.Errorf("String(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	// A log's buffer never loses a line to a match of several.
	in := "abc\rdef\nghi\n-----KEY-----\n  Zm9v\n"
	want := "***\r***\n***\n***\n  ***\n"
	if got := string(m.Lines(nil, []byte(in))); got != want {
		t.Errorf("Lines(%q) = %q, want %q", in, got, want)
	}
}

func TestMatchesMerge(t *testing.T) {
	m := new(Masker)
	m.Add("abcd")
	m.Add("cdef")
	m.Add("xx")
	for _, c := range []struct{ in, want string }{
		{"_abcdef_", "_***_"},
		{"_abcdabcd_", "_***_"}, // touching
		{"_abcd_abcd_", "_***_***_"},
		{"_xxx_", "_***_"}, // overlapping itself
		{"abcdxxcdef", "***"},
	} {
		if got := m.String(c.in); got != c.want {
			t.Errorf("String(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestLinesKeepsUntouchedBuffer(t *testing.T) {
	m := new(Masker)
	m.Add("topsecret")
	plain := []byte("nothing here\nnor here\n")
	if got := m.Lines(make([]byte, 0, 100), plain); &got[0] != &plain[0] {
		t.Error("a buffer without secrets was copied")
	}
	dst := make([]byte, 0, 100)
	if got := m.Lines(dst, []byte("a topsecret b\n")); &got[0] != &dst[:1][0] || string(got) != "a *** b\n" {
		t.Errorf("got %q, not in dst's storage", got)
	}
	in := []byte("a topsecret b\n")
	if allocs := testing.AllocsPerRun(100, func() { dst = m.Lines(dst, in) }); allocs > 0 {
		t.Errorf("%v allocations per call", allocs)
	}
}

// randomText is n letters.
func randomText(seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, 0))
	text := make([]byte, n)
	for i := range text {
		text[i] = byte('a' + r.IntN(26))
	}
	return string(text)
}

func TestFormOfOneSecretIsAnotherSecret(t *testing.T) {
	m := new(Masker)
	m.Add("abc")
	m.Add("YWJj") // base64 of abc
	for _, in := range []string{"abc", "YWJj", base64.StdEncoding.EncodeToString([]byte("YWJj"))} {
		if got := m.String(in); got != "***" {
			t.Errorf("String(%q) = %q", in, got)
		}
	}
}

func TestVeryLongSecret(t *testing.T) {
	long := []byte(randomText(1, 5*MaxForm+17))
	m := new(Masker)
	m.Add(string(long))
	for _, c := range []struct{ in, want string }{
		{"<" + string(long) + ">", "<***>"},
		{"<" + base64.StdEncoding.EncodeToString(long) + ">", "<***>"},
		{"abc", "abc"},
	} {
		if got := m.String(c.in); got != c.want {
			t.Errorf("got %d bytes %.40q, want %q", len(got), got, c.want)
		}
	}
	if !m.Holds("x"+string(long)) || m.Holds("x") {
		t.Error("Holds is wrong")
	}
}

// secretsAndText draws secrets over a small alphabet, so that they occur in
// each other and in the text, and a text made of pieces of them.
func secretsAndText(t *rapid.T) (secrets []string, text string) {
	secrets = rapid.SliceOfN(rapid.StringMatching(`[ab&"']{1,3}|[a-c]{2,9}|[ab]{7,20}|[a-zA-Z0-9<&+%]{4,40}`), 1, 12).Draw(t, "secrets")
	parts := rapid.SliceOf(rapid.OneOf(
		rapid.SampledFrom(secrets),
		rapid.Custom(func(t *rapid.T) string {
			s := rapid.SampledFrom(secrets).Draw(t, "of")
			s = encodings[rapid.IntRange(0, len(encodings)-1).Draw(t, "encoding")](s)
			return s[rapid.IntRange(0, len(s)/2).Draw(t, "from"):]
		}),
		rapid.StringMatching(`[a-c]{0,6}`), rapid.SampledFrom([]string{"\n", " ", "é", "\xff", "\x00"}),
	)).Draw(t, "parts")
	return secrets, strings.Join(parts, "")
}

func TestAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secrets, text := secretsAndText(t)
		m := new(Masker)
		for _, s := range secrets {
			m.Add(s)
		}
		want := naive(text, forms(m))
		if got := string(m.Lines(nil, []byte(text))); got != want {
			t.Fatalf("Lines(%q) = %q, want %q", text, got, want)
		}
		if got := m.String(text); got != want {
			t.Fatalf("String(%q) = %q, want %q", text, got, want)
		}
		if got := m.Holds(text); got != (want != text) {
			t.Fatalf("Holds(%q) = %v", text, got)
		}
	})
}

func TestPiecesHideWhatWholeLinesHide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := new(Masker)
		long := strings.Repeat("0123456789", 150) // longer than a form
		secrets := []string{"topsecret", "aaaa", "é-é-é-é", long, randomText(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(900, MaxForm).Draw(t, "length"))}
		for _, s := range secrets {
			m.Add(s)
		}
		var line strings.Builder
		for range rapid.IntRange(3, 12).Draw(t, "parts") {
			line.WriteString(rapid.SampledFrom(append(secrets, strings.Repeat("x", 700), "a", "é", strings.Repeat("a", 2000), "-")).Draw(t, "part"))
		}
		text := line.String()
		var shown []string
		hidden := 0
		rest := []byte(text)
		for {
			size := MaxForm + rapid.IntRange(8, 700).Draw(t, "piece")
			if len(rest) <= size {
				shown = append(shown, string(m.Rest(nil, rest, hidden)))
				break
			}
			var masked []byte
			var used int
			masked, used, hidden = m.Piece(nil, rest[:size], hidden)
			if used <= 0 {
				t.Fatalf("used %d of %d", used, size)
			}
			shown = append(shown, string(masked))
			rest = rest[used:]
		}
		// Cut or not, the same bytes are hidden: only the asterisks differ, of
		// which a secret cut in two has three on either side.
		got := regexp.MustCompile(`\*\*\*(\n+\*\*\*)+`).ReplaceAllString(strings.Join(shown, "\n"), "***")
		got = strings.ReplaceAll(got, "\n", "")
		if want := m.String(text); got != want {
			t.Fatalf("pieces give %q,\nthe whole %q", got, want)
		}
		for _, s := range secrets {
			if slices.ContainsFunc(shown, func(piece string) bool { return strings.Contains(piece, s) }) {
				t.Fatalf("a piece holds the secret %.20q", s)
			}
		}
	})
}

func TestManySecretsWithOnePrefix(t *testing.T) {
	m := new(Masker)
	for i := range 3000 {
		m.Add(fmt.Sprintf("common-prefix-of-all-%06d", i))
	}
	text := strings.Repeat("common-prefix-of-all-of-them ", 2000) + "common-prefix-of-all-002999"
	want := strings.Repeat("common-prefix-of-all-of-them ", 2000) + "***"
	if got := m.String(text); got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

func TestConcurrentUse(t *testing.T) {
	m := new(Masker)
	done := make(chan bool)
	for range 4 {
		go func() {
			for i := range 200 {
				m.Add(fmt.Sprint("secret number ", i))
				m.Lines(nil, []byte("secret number 7 and more\n"))
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
	if got := m.String("secret number 150!"); got != "***!" {
		t.Errorf("got %q", got)
	}
}

func FuzzMask(f *testing.F) {
	f.Add("secret", "a\nb", "my secret is bXkgc2VjcmV0\n")
	f.Add(`"q&+uoted"`, "é", "\xff\x00é")
	f.Fuzz(func(t *testing.T, one, two, text string) {
		m := new(Masker)
		m.Add(one)
		m.AddSecret(two)
		var inLine []string
		for _, form := range forms(m) {
			if !strings.ContainsAny(form, "\r\n") {
				inLine = append(inLine, form)
			}
		}
		if len(one)+len(two) > MaxForm/8 {
			inLine = nil // blocks are hidden, too: no oracle
		}
		got := m.Lines(nil, []byte(text))
		if inLine != nil {
			if want := naive(text, inLine); string(got) != want {
				t.Fatalf("secrets %q: Lines(%q) = %q, want %q", inLine, text, got, want)
			}
		}
		if bytes.Count(got, []byte("\n")) != strings.Count(text, "\n") {
			t.Fatalf("lines were lost: %q from %q", got, text)
		}
		m.String(text)
	})
}
