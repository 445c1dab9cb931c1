package runner_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// archive is a file of testdata: a comment, then files, each after a line
// `-- name --` (the txtar format).
type archive struct {
	comment string
	names   []string
	files   map[string]string
}

var fileHeader = regexp.MustCompile(`(?m)^-- (\S+) --\n`)

func readArchive(path string) (*archive, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text := string(data)
	a := &archive{comment: text, files: map[string]string{}}
	headers := fileHeader.FindAllStringSubmatchIndex(text, -1)
	for i, h := range headers {
		end := len(text)
		if i+1 < len(headers) {
			end = headers[i+1][0]
		}
		if i == 0 {
			a.comment = text[:h[0]]
		}
		name := text[h[2]:h[3]]
		a.names = append(a.names, name)
		a.files[name] = text[h[1]:end]
	}
	return a, nil
}

// set sets a file, a new one being the last.
func (a *archive) set(name, content string) {
	if _, ok := a.files[name]; !ok {
		a.names = append(a.names, name)
	}
	a.files[name] = content
}

func (a *archive) write(path string) error {
	var out strings.Builder
	out.WriteString(a.comment)
	for _, name := range a.names {
		fmt.Fprintf(&out, "-- %s --\n%s", name, a.files[name])
	}
	return os.WriteFile(path, []byte(out.String()), 0o644)
}
