package lint

import "strings"

// orList joins words as a sentence does: "a, b or c".
func orList(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return strings.Join(words, "")
}

// quoted puts every word in single quotes.
func quoted(words []string) []string {
	q := make([]string, len(words))
	for i, w := range words {
		q[i] = "'" + w + "'"
	}
	return q
}

// maxListed bounds how many choices a message spells out.
const maxListed = 12

// choices ends a message about a word that isn't among the known ones: the
// one that was probably meant, or else all of them. It is empty when neither helps.
func choices(word string, known []string) string {
	if near := didYouMean(word, known); near != "" {
		return near
	}
	if len(known) == 0 || len(known) > maxListed {
		return ""
	}
	return "; expected " + orList(quoted(known))
}

// didYouMean ends a message with the known word that was probably meant, if any.
func didYouMean(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return "; did you mean '" + near + "'?"
	}
	return ""
}

// nearest returns the known word that word is most likely a slip of, or "".
// A slip is one or two edits, and no more than a third of the word.
func nearest(word string, known []string) string {
	best, bestDistance := "", 3
	w := strings.ToLower(word)
	for _, k := range known {
		d := editDistance(w, strings.ToLower(k))
		if d > 0 && d < bestDistance && 3*d <= max(len(word), len(k)) {
			best, bestDistance = k, d
		}
	}
	return best
}

// maxWord bounds the work of editDistance; no name of GitHub's is longer.
const maxWord = 64

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b (optimal string alignment).
func editDistance(a, b string) int {
	if len(a) > maxWord || len(b) > maxWord {
		return maxWord
	}
	var rows [3][maxWord + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, above, row := &rows[(i+1)%3], &rows[(i-1)%3], &rows[i%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}
