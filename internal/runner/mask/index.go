package mask

import "bytes"

type index struct{ patterns [][]byte }

func (x *index) mask(dst, src []byte) []byte {
	for _, p := range x.patterns {
		src = bytes.ReplaceAll(src, p, []byte("***"))
	}
	return src
}

func (m *Masker) add(value string) {
	if value == "" || m.values[value] {
		return
	}
	if m.values == nil {
		m.values = map[string]bool{}
	}
	m.values[value] = true
	m.lines.patterns = append(m.lines.patterns, []byte(value))
}
