package mask

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// logText is lines of 100 bytes such as programs print, without a secret.
func logText(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"INFO", "request", "handled", "path=/api/v1/users", "status=200", "in", "12ms", "worker-3", "ok",
		"std::vector<int>", "https://example.com/x", "error:", "warning", "compiling", "src/main.go:123:45", "\x1b[32mPASS\x1b[0m"}
	var b bytes.Buffer
	for b.Len() < size {
		line := fmt.Appendf(nil, "2026-11-21T12:%02d:%02d.%06dZ ", r.IntN(60), r.IntN(60), r.IntN(1e6))
		for len(line) < 99 {
			line = append(append(line, words[r.IntN(len(words))]...), ' ')
		}
		b.Write(append(line[:99], '\n'))
	}
	return b.Bytes()[:size]
}

// secrets are n values of the kinds people have: tokens, passwords, URLs.
func secrets(n int) []string {
	r := rand.New(rand.NewPCG(3, 4))
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	random := func(n int, from string) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = from[r.IntN(len(from))]
		}
		return string(b)
	}
	var out []string
	for i := range n {
		switch i % 5 {
		case 0:
			out = append(out, "ghp_"+random(36, alphabet))
		case 1:
			out = append(out, random(8, alphabet+"!&$'\"<>"))
		case 2:
			out = append(out, "postgres://app:"+random(16, alphabet)+"@db.example.com:5432/app?x=1&y=2")
		case 3:
			out = append(out, random(12, alphabet))
		case 4:
			out = append(out, fmt.Sprintf("secret-value-%02d", i))
		}
	}
	return out
}

func BenchmarkLines(b *testing.B) {
	text := logText(256 << 10)
	for _, c := range []struct {
		name    string
		secrets []string
	}{
		{"none", nil},
		{"1 secret", secrets(1)},
		{"50 secrets", secrets(50)},
		{"50 secrets and a short one", append(secrets(50), "hunter2")},
		{"50 secrets and a tiny one", append(secrets(50), "~~")},
		{"1000 secrets", secrets(1000)},
	} {
		m := new(Masker)
		for _, s := range c.secrets {
			m.Add(s)
		}
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			var dst []byte
			for b.Loop() {
				dst = m.Lines(dst, text)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(text)), "ns/byte")
		})
	}
}

func BenchmarkAdd50(b *testing.B) {
	values := secrets(50)
	for b.Loop() {
		m := new(Masker)
		for _, s := range values {
			m.AddSecret(s)
		}
	}
}
