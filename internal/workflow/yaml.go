package workflow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// loadYAML parses the one document of a file. GitHub's parser takes a comment
// right after a quote or bracket (`[a]#b`), ours does not: there a space is
// put, which moves nothing but the comment.
func loadYAML(data []byte, into *yaml.Node) error {
	const tooMany = 16 // comments like that, each of which costs another try
	for try := 0; ; try++ {
		err := parseYAML(data, into)
		problem, ok := errors.AsType[*yaml.LoadError](err)
		if !ok || try == tooMany || problem.ContextMsg != "" || problem.Message != "found a comment without preceding whitespace" {
			return err
		}
		at := (&source{data: data}).offset(problem.Mark.Line, problem.Mark.Column)
		if at <= 0 || at >= len(data) || data[at] != '#' {
			return err
		}
		data = slices.Insert(slices.Clip(data), at, ' ')
	}
}

// parseYAML calls the YAML parser. It is not ours: what it panics with is its
// verdict on the file, not the end of the process.
func parseYAML(data []byte, into *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML parser gave up: %v", p)
		}
	}()
	return yaml.Load(data, into)
}

// yamlProblem says where and why a file is no YAML.
func yamlProblem(err error) (Pos, string) {
	const intro = "You have an error in your yaml syntax"
	load, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		return Pos{}, intro + ": " + err.Error()
	}
	switch load.Message {
	case "yaml: no documents in stream":
		return Pos{}, "Expected document start parse event"
	case "yaml: expected single document, found multiple":
		return Pos{}, "Expected stream end parse event"
	}
	message := intro + ": " + load.Message
	if load.ContextMsg != "" {
		message = intro + ": " + load.ContextMsg + ": " + load.Message
	}
	mark := load.Mark
	if mark.Line == 0 {
		mark = load.ContextMark
	}
	return Pos{Line: mark.Line, Column: mark.Column}, message
}

// toUTF8 converts a file in UTF-16 with a byte order mark, which YAML allows,
// so that positions and text agree. Other files are returned as they are.
func toUTF8(data []byte) []byte {
	if len(data) < 2 {
		return data
	}
	var high, low int
	switch {
	case data[0] == 0xfe && data[1] == 0xff:
		high, low = 0, 1
	case data[0] == 0xff && data[1] == 0xfe:
		high, low = 1, 0
	default:
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, uint16(data[i+high])<<8|uint16(data[i+low]))
	}
	text := make([]byte, 0, len(data))
	for _, r := range utf16.Decode(units) {
		text = utf8.AppendRune(text, r)
	}
	return text
}

func isASCII(data []byte) bool {
	for ; len(data) >= 8; data = data[8:] {
		if binary.LittleEndian.Uint64(data)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, b := range data {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
