package expr

// Kind is the type of a Value.
type Kind uint8

// The kinds, in GitHub's words.
const (
	KindNull Kind = iota
	KindBoolean
	KindNumber
	KindString
	KindArray
	KindObject
)

// String returns the name that messages and coerced strings show: "Object".
func (k Kind) String() string {
	switch k {
	case KindBoolean:
		return "Boolean"
	case KindNumber:
		return "Number"
	case KindString:
		return "String"
	case KindArray:
		return "Array"
	case KindObject:
		return "Object"
	}
	return "Null"
}

// primitive reports whether values of k are coerced to strings and numbers;
// arrays and objects are not.
func (k Kind) primitive() bool { return k < KindArray }
