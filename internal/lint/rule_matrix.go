package lint

import (
	"slices"
	"strings"

	"slipway/internal/workflow"
)

var matrix = rule{
	Rule: Rule{"matrix", "A matrix that lists a value twice, or excludes what it doesn't have"},
	job: func(p *pass, j *workflow.Job) {
		m := matrixOf(j)
		vectors(m, func(key, values *workflow.Token) bool {
			checkDuplicates(p, values.Items(), "the matrix key '"+key.Str()+"'")
			return true
		})
		checkDuplicates(p, m.Lookup("include").Items(), "'include'")
		checkExclude(p, m)
	},
}

// checkDuplicates reports literal items that equal an earlier one.
func checkDuplicates(p *pass, items []*workflow.Token, of string) {
	for i, item := range items {
		if item.Kind() == workflow.TokenNull || !item.IsLiteral() {
			continue
		}
		first := slices.IndexFunc(items[:i], func(earlier *workflow.Token) bool { return sameToken(earlier, item) })
		if first < 0 {
			continue
		}
		value := "this"
		if s := item.Str(); s != "" && !strings.Contains(s, "\n") {
			value = "'" + s + "'"
		}
		hint := ""
		if written := p.source.plain(item); item.Kind() == workflow.TokenNumber && written != item.Str() {
			hint = "; '" + written + "' is a number here, write it in quotes to keep it as it is"
		}
		p.report(p.source.scalar(item), "%s is already in %s, on line %d%s", value, of, items[first].Pos().Line, hint)
	}
}

// sameToken says whether two literals are written alike: same kinds, same values.
func sameToken(a, b *workflow.Token) bool {
	if a.Kind() != b.Kind() || a.Len() != b.Len() {
		return false
	}
	switch a.Kind() {
	case workflow.TokenSequence:
		return slices.EqualFunc(a.Items(), b.Items(), sameToken)
	case workflow.TokenMapping:
		for key, value := range a.Pairs() {
			other := b.Lookup(key.Str())
			if other == nil || !sameToken(value, other) {
				return false
			}
		}
		return true
	case workflow.TokenExpression, workflow.TokenInsert:
		return false
	}
	return a.Str() == b.Str()
}

// checkExclude reports entries of `exclude` that can't match a combination.
// Vectors are independent, so an entry matches if each of its values is in
// its vector, compared as `==` does (actions/runner MatrixBuilder.cs).
func checkExclude(p *pass, m *workflow.Token) {
	var keys []string
	dynamic := false
	vectors(m, func(key, _ *workflow.Token) bool {
		keys = append(keys, key.Str())
		dynamic = dynamic || key.Kind() != workflow.TokenString
		return true
	})
	if dynamic {
		return
	}
	for _, entry := range m.Lookup("exclude").Items() {
		for key, value := range entry.Pairs() {
			if key.Kind() != workflow.TokenString {
				continue
			}
			vector := m.Lookup(key.Str())
			switch {
			case vector == nil || isIncludeOrExclude(key):
				p.report(p.source.scalar(key), "'exclude' names '%s', which isn't a key of the matrix%s", key.Str(), choices(key.Str(), keys))
			case !mayContain(vector, value):
				p.report(p.source.scalar(value), "this matches nothing: the matrix key '%s' has no such value", key.Str())
			}
		}
	}
}

// mayContain says whether a vector may hold what an exclude asks for.
func mayContain(vector, value *workflow.Token) bool {
	if vector.Kind() != workflow.TokenSequence {
		return true
	}
	return slices.ContainsFunc(vector.Items(), func(item *workflow.Token) bool { return mayMatch(item, value) })
}

// mayMatch says whether an item may match a value of exclude, whose parts all
// have to equal those of the item. What the item lacks is null.
func mayMatch(item, value *workflow.Token) bool {
	if item.Kind() == workflow.TokenExpression || hasDynamicKey(item) {
		return true
	}
	for key, part := range value.Pairs() {
		if key.Kind() == workflow.TokenString && !mayMatch(item.Lookup(key.Str()), part) {
			return false
		}
	}
	for i, part := range value.Items() {
		var have *workflow.Token
		if i < item.Len() && item.Kind() == workflow.TokenSequence {
			have = item.Items()[i]
		}
		if !mayMatch(have, part) {
			return false
		}
	}
	want, ok := scalarValue(value)
	if !ok {
		return true
	}
	have, ok := scalarValue(item)
	return ok && have.Equal(want)
}
