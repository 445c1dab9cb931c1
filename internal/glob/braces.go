package glob

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxChoices is how many patterns one with braces may stand for.
const maxChoices = 1000

var errChoices = errors.New("its braces stand for too many patterns")

// expandBraces lists the patterns that one with braces stands for, as Bash does.
func expandBraces(text string) ([]string, error) {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\', strings.HasPrefix(text[i:], "${"):
			i++
			continue
		case text[i] != '{':
			continue
		}
		choices, rest, err := braceChoices(text[i:])
		if err != nil {
			return nil, err
		}
		if choices == nil {
			continue // an ordinary character
		}
		ends, err := expandBraces(rest)
		if err != nil {
			return nil, err
		}
		if len(choices)*len(ends) > maxChoices {
			return nil, errChoices
		}
		out := make([]string, 0, len(choices)*len(ends))
		for _, choice := range choices {
			for _, end := range ends {
				out = append(out, text[:i]+choice+end)
			}
		}
		return out, nil
	}
	return []string{text}, nil
}

// braceChoices reads the braces that text begins with: what they stand for, nil
// when they are ordinary characters, and what follows them.
func braceChoices(text string) (choices []string, rest string, err error) {
	items, rest := braceItems(text)
	switch len(items) {
	case 0:
		return nil, "", nil
	case 1:
		choices, err := braceRange(items[0])
		return choices, rest, err
	}
	for _, item := range items {
		more, err := expandBraces(item)
		if err != nil {
			return nil, "", err
		}
		if choices = append(choices, more...); len(choices) > maxChoices {
			return nil, "", errChoices
		}
	}
	return choices, rest, nil
}

// braceItems splits what stands in the braces that text begins with at their own
// commas; nil when they aren't closed.
func braceItems(text string) (items []string, rest string) {
	depth, from := 0, 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '{':
			depth++
		case ',':
			if depth == 1 {
				items, from = append(items, text[from:i]), i+1
			}
		case '}':
			if depth--; depth == 0 {
				return append(items, text[from:i]), text[i+1:]
			}
		}
	}
	return nil, ""
}

// braceRange lists the numbers or letters of 1..9, a..e or 1..9..2; nil when it is none.
func braceRange(item string) ([]string, error) {
	ends := strings.Split(item, "..")
	if len(ends) != 2 && len(ends) != 3 {
		return nil, nil
	}
	step := 1
	if len(ends) == 3 {
		given, err := strconv.ParseInt(ends[2], 10, 32)
		if err != nil {
			return nil, nil
		}
		step = max(1, int(given), -int(given))
	}
	first, ok := braceEnd(ends[0])
	last, also := braceEnd(ends[1])
	if !ok || !also || first.letter != last.letter {
		return nil, nil
	}
	if distance := max(last.n-first.n, first.n-last.n); distance/step >= maxChoices {
		return nil, errChoices
	}
	if last.n < first.n {
		step = -step
	}
	width := max(first.width, last.width)
	var out []string
	for n := first.n; step > 0 && n <= last.n || step < 0 && n >= last.n; n += step {
		if first.letter {
			out = append(out, string(rune(n)))
		} else {
			out = append(out, fmt.Sprintf("%0*d", width, n))
		}
	}
	return out, nil
}

// rangeEnd is where a range begins or ends: a number, or a letter.
type rangeEnd struct {
	n      int
	letter bool
	width  int // to fill up with zeros, when the number is written so
}

func braceEnd(text string) (rangeEnd, bool) {
	if len(text) == 1 && (text[0]|0x20 >= 'a' && text[0]|0x20 <= 'z') {
		return rangeEnd{n: int(text[0]), letter: true}, true
	}
	n, err := strconv.ParseInt(text, 10, 32)
	end := rangeEnd{n: int(n)}
	if digits := strings.TrimPrefix(text, "-"); len(digits) > 1 && digits[0] == '0' {
		end.width = len(text)
	}
	return end, err == nil && !strings.HasPrefix(text, "+")
}
