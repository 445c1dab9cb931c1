package lint

import "fmt"

var contextProperty = rule{
	Rule: Rule{"context-property", "A property that its context or object doesn't have"},
	expression: func(p *pass, e *expression) {
		for _, problem := range e.problems {
			switch u := problem.(type) {
			case *unknownProperty:
				if u.of != e.context("needs") && (e.steps == nil || u.of != e.steps.context) {
					p.report(e.at(u.Span), "%s", unknownMessage(u))
				}
			case *scalarProperty:
				p.report(e.at(u.Span), "%s is %s, so it has no %s", u.path, withArticle(u.of), propertyWords(u.name))
			}
		}
	},
}

func propertyWords(name string) string {
	if name == "" {
		return "properties"
	}
	return "property '" + name + "'"
}

// unknownMessage says what is missing in the words of what it is missing from.
func unknownMessage(u *unknownProperty) string {
	owner := u.of.owner
	if owner == "" {
		owner = u.path
	}
	kind := "property"
	switch u.path {
	case "inputs", "github.event.inputs":
		kind = "input"
	case "matrix":
		kind = "key"
	default:
		if len(u.path) > len(".outputs") && hasSuffixFold(u.path, ".outputs") {
			kind = "output"
		}
	}
	return fmt.Sprintf("%s has no %s '%s'%s", owner, kind, u.name, choices(u.name, u.of.names))
}
