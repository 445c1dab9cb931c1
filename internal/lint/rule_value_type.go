package lint

var valueType = rule{
	Rule: Rule{"value-type", "An expression yields a kind of value that its place doesn't take"},
	expression: func(p *pass, e *expression) {
		if e.use.condition {
			return
		}
		switch {
		case !e.whole:
			if e.typ.is(kindComplex) {
				p.report(e.root(), "%s becomes the word '%s' in a text; use toJSON() or pick a property", withArticle(e.typ), capitalized(e.typ))
			}
		case !e.typ.is(kindNull) && e.typ.kinds&e.use.want&^kindNull == 0:
			p.report(e.root(), "'%s' takes %s, and this is %s%s", e.use.what, withArticle(&typ{kinds: e.use.want}), withArticle(e.typ), conversionHint(e))
		}
	},
}

// conversionHint says how a text becomes what is wanted.
func conversionHint(e *expression) string {
	if e.typ.is(kindString|kindNull) && e.use.want&(kindNumber|kindBoolean) != 0 {
		return "; fromJSON() turns a string into one"
	}
	return ""
}

func capitalized(t *typ) string {
	if t.is(kindArray) {
		return "Array"
	}
	return "Object"
}
